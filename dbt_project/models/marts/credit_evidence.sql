-- One row per failed KPI of a credit: what the credit was worked out from, so that it can be done
-- again by hand. The scheme's figures are the same on every row of a credit: never add them up.
with failed_kpis as (
    select * from {{ ref('int_failed_kpis__evidence') }}
),

points_by_period as (
    select * from {{ ref('int_points_by_period') }}
    where
        role = 'in_force'
        and basis = payable_basis
        and scheme_code is not null
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
        failed_kpis.indicator_code,
        {{ period_columns('points_by_period.period_month') }},
        -- attributes
        points_by_period.basis,
        points_by_period.scheme_code,
        points_by_period.method,
        indicators.service_area,
        {{ indicator_label('indicators') }} as indicator_label,
        indicators.unit,
        failed_kpis.direction,
        failed_kpis.frequency,
        failed_kpis.status,
        failed_kpis.severity,
        {{ state_of('failed_kpis.severity') }} as state,
        failed_kpis.band_text,
        failed_kpis.is_repeat,
        failed_kpis.rounding_dp::integer as rounding_dp,
        failed_kpis.rounding_mode,
        steps.scheme_steps,
        coalesce(credit_schemes.average_with_previous, false) as average_with_previous,
        -- measures
        trim_scale(failed_kpis.numerator)::numeric as numerator,
        trim_scale(failed_kpis.denominator)::numeric as denominator,
        failed_kpis.unit_factor::numeric as unit_factor,
        trim_scale(failed_kpis.value)::numeric as value,
        failed_kpis.target::numeric as target,
        failed_kpis.target_high::numeric as target_high,
        trim_scale(failed_kpis.base_points)::numeric as base_points,
        case
            when failed_kpis.is_repeat then coalesce(credit_schemes.repeat_multiplier, 2)
            else 1
        end::numeric as multiplier,
        failed_kpis.waived_points_pct::numeric as waived_points_pct,
        trim_scale(failed_kpis.points)::numeric as points,
        trim_scale(failed_kpis.shortfall)::numeric as shortfall,
        failed_kpis.unit_size::numeric as unit_size,
        failed_kpis.band_credit_pct::numeric as band_credit_pct,
        failed_kpis.pool_allocation_pct::numeric as pool_allocation_pct,
        credit_schemes.pct_per_point::numeric as pct_per_point,
        credit_schemes.at_risk_pct::numeric as at_risk_pct,
        credit_schemes.unit_pct::numeric as unit_pct,
        credit_schemes.period_cap_pct::numeric as period_cap_pct,
        credit_schemes.rolling12_cap_pct::numeric as rolling12_cap_pct,
        points_by_period.rolling12_allowance_gbp::numeric as rolling12_allowance_gbp,
        points_by_period.rolling12_months::integer as rolling12_months,
        -- provenance
        performance.file_name,
        performance.record_number
    from points_by_period
    inner join failed_kpis
        on
            points_by_period.contract_code = failed_kpis.contract_code
            and points_by_period.basis = failed_kpis.basis
            and points_by_period.period_month = failed_kpis.period_month
    inner join indicators on failed_kpis.indicator_code = indicators.indicator_code
    inner join credit_schemes on points_by_period.scheme_code = credit_schemes.scheme_code
    left join steps on points_by_period.scheme_code = steps.scheme_code
    left join performance
        on
            failed_kpis.indicator_code = performance.indicator_code
            and failed_kpis.period_month = performance.period_month
            and failed_kpis.basis = performance.basis
)

select * from final
