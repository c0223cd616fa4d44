-- One row per indicator and measurement period that is expected, with the version in force on the
-- period's last day. Periods of months, quarters and years lie side by side: never add them up.
with measurement_periods as (
    select * from {{ ref('int_measurement_periods') }}
),

contracts as (
    select * from {{ ref('contracts') }}
),

indicators as (
    select * from {{ ref('indicators') }}
),

indicator_versions as (
    select * from {{ ref('indicator_versions') }}
),

returns as (
    select
        indicator_code,
        period_month
    from {{ ref('int_indicator_returns') }}
),

due_days as (
    select * from {{ ref('int_due_days') }}
),

expected as (
    select
        indicators.contract_code,
        indicators.indicator_code,
        indicators.kind,
        coalesce(indicators.direction, 'higher') as direction,
        {{ unit_factor('indicators.unit') }} as unit_factor,
        measurement_periods.frequency,
        measurement_periods.period_month,
        measurement_periods.period_end_date,
        measurement_periods.first_month,
        measurement_periods.months_in_period,
        measurement_periods.period_number,
        -- History before Day 1 is measured and rated, but never scores.
        measurement_periods.period_end_date >= coalesce(contracts.starts_on, '-infinity')
            as is_in_contract,
        -- In a hashed list: joined, an unlucky plan would compare each row with each.
        (indicators.indicator_code, measurement_periods.period_month) in (
            select
                returns.indicator_code,
                returns.period_month
            from returns
        )
        or (
            measurement_periods.period_end_date
            >= coalesce(indicators.history_from, contracts.starts_on, '-infinity')
            and measurement_periods.period_end_date <= coalesce(
                greatest(contracts.initial_term_ends_on, contracts.extension_ends_on), 'infinity'
            )
        ) as is_expected
    from indicators
    inner join contracts on indicators.contract_code = contracts.contract_code
    inner join measurement_periods
        on coalesce(indicators.frequency, 'M') = measurement_periods.frequency
),

final as (
    select
        -- keys
        expected.contract_code,
        expected.indicator_code,
        expected.period_month,
        expected.period_end_date,
        coalesce(indicator_versions.valid_from, '-infinity') as version_valid_from,
        -- attributes
        expected.kind,
        expected.direction,
        expected.frequency,
        expected.unit_factor,
        expected.first_month,
        expected.months_in_period,
        expected.period_number,
        expected.is_in_contract,
        indicator_versions.target,
        indicator_versions.target_high,
        indicator_versions.service_threshold,
        indicator_versions.unit_size,
        indicator_versions.pool_allocation_pct,
        indicator_versions.rounding_dp,
        indicator_versions.rounding_mode,
        nullif(indicator_versions.recompute_rule, '') as recompute_rule,
        indicator_versions.due_working_day is not null as has_due_day,
        -- dates: the end in London of the due working day; without one, of the period
        (coalesce(due_days.due_date, expected.period_end_date) + 1)::timestamp
        at time zone 'Europe/London' as due_at
    from expected
    inner join indicator_versions
        on
            expected.indicator_code = indicator_versions.indicator_code
            and expected.period_end_date >= coalesce(indicator_versions.valid_from, '-infinity')
            and expected.period_end_date <= coalesce(indicator_versions.valid_to, 'infinity')
    left join due_days
        on
            expected.period_end_date = due_days.period_end_date
            and indicator_versions.due_working_day = due_days.due_working_day
    where expected.is_expected
)

select * from final
