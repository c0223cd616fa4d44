-- A month's support cost and gross expenditure are the sums of the categories beside it.
with ratio as (
    select * from {{ ref('support_cost_ratio') }}
    where
        span = 'month'
        and basis = 'gross'
),

categories as (
    select
        entity_code,
        period_month,
        sum(amount_gbp) filter (where is_support_cost) as support_cost_gbp,
        sum(amount_gbp) filter (where is_gross_expenditure) as expenditure_gbp
    from {{ ref('support_cost_by_category') }}
    group by entity_code, period_month
)

select
    format(
        '%s %s: the ratio has %s of %s, its categories %s of %s.',
        ratio.entity_code,
        ratio.period_month,
        ratio.support_cost_gbp,
        ratio.expenditure_gbp,
        categories.support_cost_gbp,
        categories.expenditure_gbp
    ) as message
from ratio
full outer join categories
    on
        ratio.entity_code = categories.entity_code
        and ratio.period_month = categories.period_month
where
    ratio.support_cost_gbp is distinct from coalesce(categories.support_cost_gbp, 0)
    or ratio.expenditure_gbp is distinct from coalesce(categories.expenditure_gbp, 0)
