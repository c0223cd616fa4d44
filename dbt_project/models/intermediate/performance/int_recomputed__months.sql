-- One row per contract, rule and month: what its events change in that month's count, as far as it
-- is known what became of them. Additive over the months of a flow; a stock is the sum so far.
with changes as (
    select
        contract_code,
        recompute_rule,
        is_stock,
        counted_month,
        known_month,
        numerator,
        denominator
    from {{ ref('int_recomputed__changes') }}
    union all
    select
        contract_code,
        recompute_rule,
        is_stock,
        counted_month,
        known_month,
        numerator,
        denominator
    from {{ ref('int_recomputed__corrections') }}
),

newest_months as (
    select distinct
        contract_code,
        newest_month
    from {{ ref('int_service_events__delivered') }}
),

final as (
    select
        -- keys
        changes.contract_code,
        changes.recompute_rule,
        changes.is_stock,
        changes.counted_month,
        -- measures
        sum(changes.numerator) as numerator,
        sum(changes.denominator) as denominator
    from changes
    inner join newest_months on changes.contract_code = newest_months.contract_code
    where changes.known_month is null or changes.known_month <= newest_months.newest_month
    group by
        changes.contract_code,
        changes.recompute_rule,
        changes.is_stock,
        changes.counted_month
)

select * from final
