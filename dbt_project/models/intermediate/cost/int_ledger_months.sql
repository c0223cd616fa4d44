-- One row per entity, month, subjective and objective code. Credits are negative. Not yet mapped.
{{ config(
    materialized='partitioned_by_month',
    indexes=[{
        'columns': ['period_month', 'entity_code', 'subjective_code', 'objective_code'],
        'unique': true,
    }],
) }}

with ledger as (
    select * from {{ ref('stg_finance__ledger') }}
    where {{ in_months('period') }}
),

final as (
    select
        -- keys
        period as period_month,
        entity_code,
        subjective_code,
        objective_code,
        -- measures
        sum(amount_gbp) as amount_gbp,
        count(*) as line_count,
        -- provenance: an entity's month has one current file
        file_id
    from ledger
    group by period, entity_code, subjective_code, objective_code, file_id
)

select * from final
