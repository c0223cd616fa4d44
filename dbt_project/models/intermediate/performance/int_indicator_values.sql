-- One row per indicator, measurement period, basis and relief side: the value, rounded once, and
-- its band, before any scheme deems what was not reported. Only what is measured has a value.
with indicator_periods as (
    select * from {{ ref('int_indicator_periods') }}
),

indicator_measures as (
    select * from {{ ref('int_indicator_measures') }}
),

indicator_bands as (
    select * from {{ ref('int_indicator_bands') }}
),

worst_bands as (
    select distinct on (indicator_code, version_valid_from)
        indicator_code,
        version_valid_from,
        severity,
        points,
        credit_pct
    from indicator_bands
    order by
        indicator_code asc,
        version_valid_from asc,
        severity_rank desc,
        points desc,
        credit_pct desc nulls last
),

divided as (
    select
        indicator_measures.*,
        indicator_periods.kind,
        indicator_periods.direction,
        indicator_periods.period_number,
        indicator_periods.is_in_contract,
        indicator_periods.version_valid_from,
        indicator_periods.target,
        indicator_periods.target_high,
        indicator_periods.rounding_dp,
        indicator_periods.rounding_mode,
        -- 24 decimals, so that what is no tie is never taken for one.
        case
            when indicator_measures.status = 'measured' then
                indicator_measures.numerator
                * indicator_periods.unit_factor
                * 1.000000000000000000000000
                / indicator_measures.denominator
        end as exact_value
    from indicator_measures
    inner join indicator_periods
        on
            indicator_measures.indicator_code = indicator_periods.indicator_code
            and indicator_measures.period_month = indicator_periods.period_month
),

valued as (
    select
        divided.*,
        {{ rounded('exact_value', 'rounding_dp', 'rounding_mode') }} as value
    from divided
),

final as (
    select
        -- keys
        valued.contract_code,
        valued.indicator_code,
        valued.period_month,
        valued.basis,
        valued.is_relieved,
        -- attributes
        valued.kind,
        valued.period_number,
        valued.is_in_contract,
        valued.status,
        valued.is_late,
        case
            when valued.status <> 'measured' then null
            when worst_bands.indicator_code is not null then indicator_bands.severity
            when {{ is_on_target('valued') }} then 'met'
            when valued.target is not null then 'minor'
        end as severity,
        coalesce(worst_bands.severity, 'minor') as worst_severity,
        -- measures
        valued.numerator,
        valued.denominator,
        valued.value,
        {{ short_of_target('valued') }} as shortfall,
        coalesce(indicator_bands.points, 0) as band_points,
        indicator_bands.credit_pct as band_credit_pct,
        coalesce(worst_bands.points, 0) as worst_points,
        worst_bands.credit_pct as worst_credit_pct,
        valued.waived_points_pct
    from valued
    left join worst_bands
        on
            valued.indicator_code = worst_bands.indicator_code
            and valued.version_valid_from = worst_bands.version_valid_from
    left join indicator_bands
        on
            valued.indicator_code = indicator_bands.indicator_code
            and valued.version_valid_from = indicator_bands.version_valid_from
            and {{ is_in_band('valued.value', 'indicator_bands') }}
)

select * from final
