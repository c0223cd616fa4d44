-- The numerator of a share is a part of its denominator, whoever says so.
select
    format(
        '%s is a share, but %s of %s in %s (%s) is none.',
        performance.indicator_code,
        performance.numerator,
        performance.denominator,
        performance.period_month,
        performance.basis
    ) as message
from {{ ref('indicator_performance') }} as performance
inner join {{ ref('indicators') }} as indicators
    on performance.indicator_code = indicators.indicator_code
where
    indicators.is_share
    and performance.status = 'measured'
    and (performance.numerator < 0 or performance.numerator > performance.denominator)
