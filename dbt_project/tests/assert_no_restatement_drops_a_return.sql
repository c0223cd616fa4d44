-- A restated file replaces a month whole. What it leaves out, or has in quarantine, is reported no
-- longer: right by the rules, and seldom meant, hence a warning.
{{ config(severity='warn') }}
select
    format(
        '%s has no return for %s any more: %s had one (record %s), %s took its place%s.',
        indicator_code,
        period,
        file_name,
        record_number,
        newer_file_name,
        case
            when newer_quarantined > 0
                then format(' with %s records in quarantine', newer_quarantined)
            else ' without it'
        end
    ) as message
from {{ ref('stg_supplier__dropped_returns') }}
