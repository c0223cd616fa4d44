-- One row per failed KPI, measurement period and basis under the scheme in force, after relief: its
-- figures, its version and its band, so that its points can be worked out again by hand.
with indicator_points as (
    select * from {{ ref('int_indicator_points') }}
    where
        is_relieved
        and role = 'in_force'
        and is_scored
),

indicator_periods as (
    select * from {{ ref('int_indicator_periods') }}
),

indicator_bands as (
    select * from {{ ref('int_indicator_bands') }}
),

failed as (
    select
        indicator_points.*,
        indicator_periods.version_valid_from,
        indicator_periods.direction,
        indicator_periods.frequency,
        indicator_periods.rounding_dp,
        indicator_periods.rounding_mode,
        indicator_periods.unit_factor,
        indicator_periods.unit_size,
        indicator_periods.target,
        indicator_periods.target_high,
        indicator_periods.pool_allocation_pct
    from indicator_points
    inner join indicator_periods
        on
            indicator_points.indicator_code = indicator_periods.indicator_code
            and indicator_points.period_month = indicator_periods.period_month
),

-- A version may have several bands of one severity; what was deemed is in the worst of them.
fitting as (
    select
        failed.indicator_code,
        failed.period_month,
        failed.basis,
        concat_ws(
            ' and ',
            case when indicator_bands.lower_inclusive then 'at least ' else 'above ' end
            || trim_scale(indicator_bands.lower_bound)::text,
            case when indicator_bands.upper_inclusive then 'at most ' else 'below ' end
            || trim_scale(indicator_bands.upper_bound)::text
        ) as band_text,
        row_number() over (
            partition by failed.indicator_code, failed.period_month, failed.basis
            order by
                indicator_bands.points desc,
                indicator_bands.credit_pct desc nulls last,
                indicator_bands.lower_bound asc nulls first
        ) as worst_first
    from failed
    inner join indicator_bands
        on
            failed.indicator_code = indicator_bands.indicator_code
            and failed.version_valid_from = indicator_bands.version_valid_from
            and failed.severity = indicator_bands.severity
            and (
                failed.value is null
                or ({{ is_in_band('failed.value', 'indicator_bands') }})
            )
),

final as (
    select
        -- keys
        failed.contract_code,
        failed.indicator_code,
        failed.period_month,
        failed.basis,
        -- attributes
        failed.direction,
        failed.frequency,
        failed.status,
        failed.severity,
        coalesce(fitting.band_text, 'short of the target') as band_text,
        failed.is_repeat,
        failed.rounding_dp,
        coalesce(failed.rounding_mode, 'half_up') as rounding_mode,
        -- measures
        failed.numerator,
        failed.denominator,
        failed.unit_factor,
        failed.value,
        failed.target,
        failed.target_high,
        failed.base_points,
        failed.waived_points_pct,
        failed.points,
        failed.shortfall,
        coalesce(failed.unit_size, 1) as unit_size,
        failed.band_credit_pct,
        failed.pool_allocation_pct
    from failed
    left join fitting
        on
            failed.indicator_code = fitting.indicator_code
            and failed.period_month = fitting.period_month
            and failed.basis = fitting.basis
            and fitting.worst_first = 1
)

select * from final
