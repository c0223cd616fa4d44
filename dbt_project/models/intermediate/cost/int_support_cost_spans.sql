-- One row per entity, span and the month it ends in. Spans overlap: not additive.
-- Rolling 12 is null under 12 months; a year is there only when all 12 months are.
with months as (
    select * from {{ ref('int_support_cost_months') }}
),

span_ends as (
    select
        entity_code,
        period_month,
        month_index,
        'month' as span,
        month_index as first_month_index
    from months
    union all
    select
        entity_code,
        period_month,
        month_index,
        'fytd' as span,
        month_index - month_of_fiscal_year + 1 as first_month_index
    from months
    union all
    select
        entity_code,
        period_month,
        month_index,
        'rolling12' as span,
        month_index - 11 as first_month_index
    from months
    union all
    select
        entity_code,
        period_month,
        month_index,
        'year' as span,
        month_index - 11 as first_month_index
    from months
    where month_of_fiscal_year = 12
),

sums as (
    select
        span_ends.entity_code,
        span_ends.period_month,
        span_ends.span,
        count(*) as months_covered,
        sum(months.support_cost_gbp) as support_cost_gbp,
        sum(months.gross_expenditure_gbp) as gross_expenditure_gbp,
        sum(months.earned_income_gbp) as earned_income_gbp,
        sum(months.grant_gbp) as grant_gbp,
        sum(months.capital_gbp) as capital_gbp,
        sum(months.recharge_gbp) as recharge_gbp,
        sum(months.reserve_gbp) as reserve_gbp
    from span_ends
    inner join months
        on
            span_ends.entity_code = months.entity_code
            and span_ends.first_month_index <= months.month_index
            and span_ends.month_index >= months.month_index
    group by span_ends.entity_code, span_ends.period_month, span_ends.span
),

shown as (
    select
        *,
        (span != 'rolling12' or months_covered = 12) as is_complete
    from sums
    where span != 'year' or months_covered = 12
),

final as (
    select
        -- keys
        entity_code,
        period_month,
        span,
        -- measures
        months_covered,
        case when is_complete then support_cost_gbp end as support_cost_gbp,
        case when is_complete then gross_expenditure_gbp end as gross_expenditure_gbp,
        case when is_complete then earned_income_gbp end as earned_income_gbp,
        case when is_complete then grant_gbp end as grant_gbp,
        case when is_complete then capital_gbp end as capital_gbp,
        case when is_complete then recharge_gbp end as recharge_gbp,
        case when is_complete then reserve_gbp end as reserve_gbp
    from shown
)

select * from final
