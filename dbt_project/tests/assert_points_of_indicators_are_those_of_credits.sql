-- The points of a contract's KPIs in a month are the points its credit is computed from.
with performance as (
    select
        contract_code,
        basis,
        period_month,
        sum(points) as points
    from {{ ref('indicator_performance') }}
    where scheme_code is not null
    group by
        contract_code,
        basis,
        period_month
    having sum(points) > 0
),

credits as (
    select
        contract_code,
        basis,
        period_month,
        points
    from {{ ref('credits_by_period') }}
    where
        role = 'in_force'
        and points > 0
)

select
    format(
        'The indicators of %s have %s points in %s (%s), its credit %s.',
        coalesce(performance.contract_code, credits.contract_code),
        performance.points,
        coalesce(performance.period_month, credits.period_month),
        coalesce(performance.basis, credits.basis),
        credits.points
    ) as message
from performance
full outer join credits
    on
        performance.contract_code = credits.contract_code
        and performance.basis = credits.basis
        and performance.period_month = credits.period_month
where performance.points is distinct from credits.points
