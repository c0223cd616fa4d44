-- One row per published KPI and assessment period: each 12 months of a contract under PA23 that are
-- over. Numerators and denominators of its measurement periods on the payable basis, added up.
with contracts as (
    select * from {{ ref('contracts') }}
    where pa23_applies and starts_on is not null
),

months as (
    select * from {{ ref('int_months') }}
),

indicators as (
    select * from {{ ref('indicators') }}
    where kind = 'KPI' and is_published
),

indicator_versions as (
    select * from {{ ref('indicator_versions') }}
),

scheme_lines as (
    select * from {{ ref('int_scheme_lines') }}
    where role = 'in_force'
),

indicator_points as (
    select * from {{ ref('int_indicator_points') }}
    where is_relieved and role = 'in_force'
),

-- A contract's year ends with the month before each anniversary of its first.
years as (
    select
        contracts.contract_code,
        contracts.starts_on,
        months.period_month,
        months.period_end_date,
        (
            months.month_number - {{ month_index("to_char(contracts.starts_on, 'YYYY-MM')") }} + 1
        ) / 12 as notice_number,
        to_char(months.period_start_date - interval '11 months', 'YYYY-MM') as first_month
    from contracts
    inner join months
        on
            contracts.starts_on <= months.period_end_date
            and (
                months.month_number
                - {{ month_index("to_char(contracts.starts_on, 'YYYY-MM')") }}
                + 1
            ) % 12 = 0
),

payable as (
    select indicator_points.*
    from indicator_points
    inner join scheme_lines
        on
            indicator_points.contract_code = scheme_lines.contract_code
            and indicator_points.period_month = scheme_lines.period_month
            and indicator_points.basis = scheme_lines.payable_basis
),

final as (
    select
        -- keys
        years.contract_code,
        indicators.indicator_code,
        years.period_month,
        years.notice_number,
        -- attributes
        coalesce(indicator_versions.valid_from, '-infinity') as version_valid_from,
        indicators.direction,
        indicators.unit,
        indicator_versions.target,
        indicator_versions.target_high,
        indicator_versions.rounding_dp,
        indicator_versions.rounding_mode,
        count(payable.indicator_code)::integer as expected_periods,
        (count(payable.indicator_code) filter (where payable.status = 'measured'))::integer
            as measured_periods,
        (count(payable.indicator_code) filter (where payable.severity <> 'met'))::integer
            as failed_periods,
        coalesce(bool_or(payable.status = 'deemed'), false) as is_deemed,
        coalesce(bool_or(payable.status = 'not_reported'), false) as is_unreported,
        -- measures
        sum(payable.numerator) filter (where payable.status = 'measured') as numerator,
        sum(payable.denominator) filter (where payable.status = 'measured') as denominator,
        {{ unit_factor('indicators.unit') }} as unit_factor,
        -- dates
        greatest(to_date(years.first_month, 'YYYY-MM'), years.starts_on) as assessment_from,
        years.period_end_date as assessment_to
    from years
    inner join indicators on years.contract_code = indicators.contract_code
    inner join indicator_versions
        on
            indicators.indicator_code = indicator_versions.indicator_code
            and years.period_end_date >= coalesce(indicator_versions.valid_from, '-infinity')
            and years.period_end_date <= coalesce(indicator_versions.valid_to, 'infinity')
    left join payable
        on
            indicators.indicator_code = payable.indicator_code
            and payable.period_month between years.first_month and years.period_month
    group by
        years.contract_code,
        indicators.indicator_code,
        years.period_month,
        years.notice_number,
        years.first_month,
        years.starts_on,
        years.period_end_date,
        indicator_versions.valid_from,
        indicators.direction,
        indicators.unit,
        indicator_versions.target,
        indicator_versions.target_high,
        indicator_versions.rounding_dp,
        indicator_versions.rounding_mode
)

select * from final
