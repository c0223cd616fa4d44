-- A value that no band holds has fallen into a hole between bands.
select
    format(
        'No band of %s holds %s (%s, %s). Close the hole in indicator_bands.csv.',
        indicator_code,
        value,
        period_month,
        basis
    ) as message
from {{ ref('indicator_performance') }}
where
    status = 'measured'
    and severity is null
    and target is not null
