-- One row per indicator and measurement period whose months' events were all delivered. Flows are
-- summed over the period, stocks taken at its end: not additive across periods.
with indicator_periods as (
    select * from {{ ref('int_indicator_periods') }}
    where recompute_rule is not null
),

recompute_rules as (
    select * from {{ ref('int_recompute_rules') }}
),

delivered as (
    select * from {{ ref('int_service_events__delivered') }}
),

-- A flow is of its month; a stock is all that came and went so far, until the next change.
amounts as (
    select
        contract_code,
        recompute_rule,
        is_stock,
        counted_month,
        lead(counted_month, 1, '9999-12') over so_far as next_month,
        case when is_stock then sum(numerator) over so_far else numerator end as numerator,
        case when is_stock then sum(denominator) over so_far else denominator end as denominator
    from {{ ref('int_recomputed__months') }}
    window so_far as (
        partition by contract_code, recompute_rule, is_stock
        order by counted_month
    )
),

rules as (
    select
        contract_code,
        recompute_rule,
        bool_or(denominator_measure = 'one') as has_denominator_one
    from recompute_rules
    group by
        contract_code,
        recompute_rule
),

periods as (
    select distinct
        contract_code,
        first_month,
        period_month,
        months_in_period
    from indicator_periods
),

delivered_periods as (
    select
        periods.contract_code,
        periods.first_month,
        periods.period_month
    from periods
    inner join delivered
        on
            periods.contract_code = delivered.contract_code
            and delivered.period_month between periods.first_month and periods.period_month
    group by
        periods.contract_code,
        periods.first_month,
        periods.period_month,
        periods.months_in_period
    having count(*) = periods.months_in_period
),

-- Counted before it is asked which months were delivered: the planner knows these sizes.
counted as materialized (
    select
        indicator_periods.contract_code,
        indicator_periods.indicator_code,
        indicator_periods.first_month,
        indicator_periods.period_month,
        indicator_periods.recompute_rule,
        coalesce(sum(amounts.numerator), 0) as numerator,
        coalesce(sum(amounts.denominator), 0) as denominator
    from indicator_periods
    left join amounts
        on
            indicator_periods.contract_code = amounts.contract_code
            and indicator_periods.recompute_rule = amounts.recompute_rule
            and indicator_periods.period_month >= amounts.counted_month
            and case
                when amounts.is_stock then indicator_periods.period_month < amounts.next_month
                else indicator_periods.first_month <= amounts.counted_month
            end
    group by
        indicator_periods.contract_code,
        indicator_periods.indicator_code,
        indicator_periods.first_month,
        indicator_periods.period_month,
        indicator_periods.recompute_rule
),

final as (
    select
        -- keys
        counted.contract_code,
        counted.indicator_code,
        counted.period_month,
        -- measures
        counted.numerator,
        counted.denominator + rules.has_denominator_one::integer as denominator
    from counted
    inner join delivered_periods
        on
            counted.contract_code = delivered_periods.contract_code
            and counted.first_month = delivered_periods.first_month
            and counted.period_month = delivered_periods.period_month
    inner join rules
        on
            counted.contract_code = rules.contract_code
            and counted.recompute_rule = rules.recompute_rule
)

select * from final
