-- One row per delivered month (period_month), rule and month whose count it changes: what one
-- month's files say. Additive, once int_recomputed__corrections are added.
{{ config(materialized='partitioned_by_month') }} -- a fact: only delivered months are replaced
with changes as (
    select * from {{ ref('int_service_events__changes') }}
    where {{ in_months('period_month') }}
),

final as (
    select
        -- keys
        period_month,
        contract_code,
        recompute_rule,
        is_stock,
        counted_month,
        known_month,
        -- measures
        sum(numerator) as numerator,
        sum(denominator) as denominator
    from changes
    group by
        period_month,
        contract_code,
        recompute_rule,
        is_stock,
        counted_month,
        known_month
)

select * from final
