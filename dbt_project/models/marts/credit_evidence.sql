-- One row per failed KPI of a credit: what the credit was worked out from, so that it can be done
-- again by hand. The scheme's figures are the same on every row of a credit: never add them up.
with indicator_points as (
    select * from {{ ref('int_indicator_points') }}
    where
        is_relieved
        and role = 'in_force'
        and is_scored
),

points_by_period as (
    select * from {{ ref('int_points_by_period') }}
    where
        role = 'in_force'
        and basis = payable_basis
        and scheme_code is not null
),

indicator_values as (
    select * from {{ ref('int_indicator_values') }}
    where is_relieved
),

indicator_periods as (
    select * from {{ ref('int_indicator_periods') }}
),

indicator_bands as (
    select * from {{ ref('int_indicator_bands') }}
),

indicators as (
    select * from {{ ref('indicators') }}
),

credit_schemes as (
    select * from {{ ref('credit_schemes') }}
),

steps as (
    select
        scheme_code,
        string_agg(
            'from ' || from_points || ': ' || coalesce(
                '£' || nullif(rate_gbp, 0) || ' a point', credit_pct || '% of charges'
            ),
            '; ' order by from_points
        ) as scheme_steps
    from {{ ref('int_credit_steps') }}
    group by scheme_code
),

performance as (
    select * from {{ ref('indicator_performance') }}
),

final as (
    select
        -- keys
        points_by_period.contract_code,
        indicator_points.indicator_code,
        {{ period_columns('points_by_period.period_month') }},
        -- attributes
        points_by_period.basis,
        points_by_period.scheme_code,
        points_by_period.method,
        indicators.service_area,
        {{ indicator_label('indicators') }} as indicator_label,
        indicators.unit,
        indicator_periods.direction,
        indicator_periods.frequency,
        indicator_points.status,
        indicator_points.severity,
        {{ state_of('indicator_points.severity') }} as state,
        case
            when bands.severity is null then 'short of the target'
            else concat_ws(
                ' and ',
                case when bands.lower_inclusive then 'at least ' else 'above ' end
                || trim_scale(bands.lower_bound)::text,
                case when bands.upper_inclusive then 'at most ' else 'below ' end
                || trim_scale(bands.upper_bound)::text
            )
        end as band_text,
        indicator_points.is_repeat,
        indicator_periods.rounding_dp::integer as rounding_dp,
        coalesce(indicator_periods.rounding_mode, 'half_up') as rounding_mode,
        steps.scheme_steps,
        coalesce(credit_schemes.average_with_previous, false) as average_with_previous,
        -- measures
        trim_scale(indicator_points.numerator)::numeric as numerator,
        trim_scale(indicator_points.denominator)::numeric as denominator,
        indicator_periods.unit_factor::numeric as unit_factor,
        trim_scale(indicator_points.value)::numeric as value,
        indicator_periods.target::numeric as target,
        indicator_periods.target_high::numeric as target_high,
        trim_scale(indicator_points.base_points)::numeric as base_points,
        case
            when indicator_points.is_repeat then coalesce(credit_schemes.repeat_multiplier, 2)
            else 1
        end::numeric as multiplier,
        coalesce(indicator_values.waived_points_pct, 0)::numeric as waived_points_pct,
        trim_scale(indicator_points.points)::numeric as points,
        trim_scale(indicator_points.shortfall)::numeric as shortfall,
        coalesce(indicator_periods.unit_size, 1)::numeric as unit_size,
        indicator_points.band_credit_pct::numeric as band_credit_pct,
        indicator_periods.pool_allocation_pct::numeric as pool_allocation_pct,
        credit_schemes.pct_per_point::numeric as pct_per_point,
        credit_schemes.at_risk_pct::numeric as at_risk_pct,
        credit_schemes.unit_pct::numeric as unit_pct,
        credit_schemes.period_cap_pct::numeric as period_cap_pct,
        credit_schemes.rolling12_cap_pct::numeric as rolling12_cap_pct,
        points_by_period.rolling12_allowance_gbp::numeric as rolling12_allowance_gbp,
        -- provenance
        performance.file_name,
        performance.record_number
    from points_by_period
    inner join indicator_points
        on
            points_by_period.contract_code = indicator_points.contract_code
            and points_by_period.basis = indicator_points.basis
            and points_by_period.period_month = indicator_points.period_month
    inner join indicators on indicator_points.indicator_code = indicators.indicator_code
    inner join credit_schemes on points_by_period.scheme_code = credit_schemes.scheme_code
    inner join indicator_periods
        on
            indicator_points.indicator_code = indicator_periods.indicator_code
            and indicator_points.period_month = indicator_periods.period_month
    left join indicator_values
        on
            indicator_points.indicator_code = indicator_values.indicator_code
            and indicator_points.period_month = indicator_values.period_month
            and indicator_points.basis = indicator_values.basis
    -- A version may have several bands of one severity; what was deemed is in the worst of them.
    left join lateral (
        select indicator_bands.* from indicator_bands
        where
            indicator_periods.indicator_code = indicator_bands.indicator_code
            and indicator_periods.version_valid_from = indicator_bands.version_valid_from
            and indicator_points.severity = indicator_bands.severity
            and (
                indicator_points.value is null
                or ({{ is_in_band('indicator_points.value', 'indicator_bands') }})
            )
        order by
            indicator_bands.points desc,
            indicator_bands.credit_pct desc nulls last,
            indicator_bands.lower_bound asc nulls first
        limit 1
    ) as bands on true
    left join steps on points_by_period.scheme_code = steps.scheme_code
    left join performance
        on
            indicator_points.indicator_code = performance.indicator_code
            and indicator_points.period_month = performance.period_month
            and indicator_points.basis = performance.basis
)

select * from final
