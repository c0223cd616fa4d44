-- One row per entity of the ledger that has a target: its own, else the one for any entity.
with entities as (
    select distinct entity_code
    from {{ ref('int_ledger_months') }}
),

targets as (
    select * from {{ ref('support_cost_targets') }}
),

final as (
    select distinct on (entities.entity_code)
        -- keys
        entities.entity_code,
        -- measures
        targets.target_pct,
        targets.baseline_pct_low,
        targets.baseline_pct,
        targets.baseline_pct_high,
        -- dates
        targets.baseline_fiscal_year,
        {{ fiscal_year_end('targets.baseline_fiscal_year') }} as baseline_date,
        targets.target_by,
        -- provenance
        targets.source
    from entities
    inner join targets
        on entities.entity_code = coalesce(nullif(targets.entity_code, ''), entities.entity_code)
    order by entities.entity_code asc, nullif(targets.entity_code, '') asc nulls last
)

select * from final
