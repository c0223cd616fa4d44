-- Marts of two publications can never lie side by side: there is exactly one row.
with publication as (
    select * from {{ ref('publication') }}
)

select format('The mart publication has %s rows, not one.', count(*)) as message
from publication
having count(*) != 1
