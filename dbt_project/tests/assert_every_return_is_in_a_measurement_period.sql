-- A return outside its indicator's periods (a month of a quarterly one, a time without a version)
-- is measured nowhere. It harms no other figure, hence a warning.
{{ config(severity='warn') }}
select
    format(
        '%s has no measurement period %s: record %s of %s is measured nowhere.',
        returned.indicator_code,
        returned.period_month,
        returned.record_number,
        returned.file_name
    ) as message
from {{ ref('int_indicator_returns') }} as returned
inner join {{ ref('int_months') }} as months
    on returned.period_month = months.period_month
left join {{ ref('int_indicator_periods') }} as indicator_periods
    on
        returned.indicator_code = indicator_periods.indicator_code
        and returned.contract_code = indicator_periods.contract_code
        and returned.period_month = indicator_periods.period_month
where indicator_periods.indicator_code is null
