-- One row per contract, indicator and measurement period that is returned, and when a return of it
-- was first received.
-- The planner takes these views for far fewer rows than they have: it would compare each with each.
{{ config(pre_hook='set local enable_nestloop = off') }}
with returns as (
    select * from {{ ref('stg_supplier__indicator_returns') }}
),

first_returns as (
    select * from {{ ref('stg_supplier__first_returns') }}
),

final as (
    select
        -- keys
        returns.contract_code,
        returns.indicator_code,
        returns.period as period_month,
        -- measures
        returns.numerator,
        returns.denominator,
        returns.reported_value,
        -- dates
        first_returns.first_received_at,
        -- provenance
        returns.file_name,
        returns.file_id,
        returns.record_number
    from returns
    left join first_returns
        on
            returns.contract_code = first_returns.contract_code
            and returns.indicator_code = first_returns.indicator_code
            and returns.period = first_returns.period
)

select * from final
