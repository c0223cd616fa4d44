-- One row per published KPI and assessment period, with the band of its summed figures by the
-- version at its end. What was never measured has no band; deemed, the worst.
with assessments as (
    select
        *,
        case
            when denominator > 0
                then numerator * unit_factor * 1.000000000000000000000000 / denominator
        end as exact_value
    from {{ ref('int_assessments') }}
),

indicator_bands as (
    select * from {{ ref('int_indicator_bands') }}
),

worst_bands as (
    select distinct on (indicator_code, version_valid_from) *
    from indicator_bands
    order by indicator_code asc, version_valid_from asc, severity_rank desc
),

valued as (
    select
        assessments.*,
        {{ rounded('exact_value', 'rounding_dp', 'rounding_mode') }} as value
    from assessments
),

final as (
    select
        -- keys
        valued.contract_code,
        valued.indicator_code,
        valued.period_month,
        valued.notice_number,
        -- attributes
        valued.unit,
        valued.target,
        valued.target_high,
        valued.expected_periods,
        valued.measured_periods,
        valued.failed_periods,
        -- measures
        valued.numerator,
        valued.denominator,
        valued.value,
        -- dates
        valued.assessment_from,
        valued.assessment_to,
        -- the band, or why there is none
        case
            when valued.value is null and valued.is_deemed
                then coalesce(worst_bands.severity, 'minor')
            when valued.value is null and valued.is_unreported then 'not_reported'
            when valued.value is null then 'not_measured'
            when worst_bands.indicator_code is not null then indicator_bands.severity
            when valued.direction = 'lower' and valued.value <= valued.target then 'met'
            when
                valued.direction = 'inside'
                and valued.value between valued.target and valued.target_high then 'met'
            when
                valued.direction = 'outside'
                and not valued.value between valued.target and valued.target_high then 'met'
            when
                coalesce(valued.direction, 'higher') = 'higher'
                and valued.value >= valued.target then 'met'
            else 'minor'
        end as rated_as
    from valued
    left join worst_bands
        on
            valued.indicator_code = worst_bands.indicator_code
            and valued.version_valid_from = worst_bands.version_valid_from
    left join indicator_bands
        on
            valued.indicator_code = indicator_bands.indicator_code
            and valued.version_valid_from = indicator_bands.version_valid_from
            and (
                indicator_bands.lower_bound is null
                or valued.value > indicator_bands.lower_bound
                or (indicator_bands.lower_inclusive and valued.value = indicator_bands.lower_bound)
            )
            and (
                indicator_bands.upper_bound is null
                or valued.value < indicator_bands.upper_bound
                or (indicator_bands.upper_inclusive and valued.value = indicator_bands.upper_bound)
            )
            and valued.value is not null
)

select * from final
