-- Above £5m a contract publishes at least three KPIs, at least every 12 months (PA23 s.52, s.71). A
-- warning: the figures are right all the same, what is published of them is not enough.
{{ config(severity='warn') }}

with checks as (
    select * from {{ ref('contract_notice_checks') }}
)

select finding as message
from checks
where not is_complete
