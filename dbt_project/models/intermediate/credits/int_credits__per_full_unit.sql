-- One row per contract, line of schemes, basis and service period under per_full_unit: a percentage
-- of charges for every full unit that a failed KPI is short of its target. Exact, before any cap.
with points_by_period as (
    select * from {{ ref('int_points_by_period') }}
    where method = 'per_full_unit'
),

failed_kpis as (
    select * from {{ ref('int_failed_kpis') }}
),

final as (
    select
        -- keys
        points_by_period.contract_code,
        points_by_period.role,
        points_by_period.line_code,
        points_by_period.basis,
        points_by_period.period_month,
        -- measures
        trim_scale(
            coalesce(sum(div(failed_kpis.shortfall, failed_kpis.unit_size)), 0)
            * 0.01
            * points_by_period.unit_pct
            * points_by_period.charges_gbp
        ) as uncapped_gbp,
        null::numeric as at_risk_cap_gbp
    from points_by_period
    left join failed_kpis
        on
            points_by_period.contract_code = failed_kpis.contract_code
            and points_by_period.role = failed_kpis.role
            and points_by_period.line_code = failed_kpis.line_code
            and points_by_period.basis = failed_kpis.basis
            and points_by_period.period_month = failed_kpis.period_month
    group by
        points_by_period.contract_code,
        points_by_period.role,
        points_by_period.line_code,
        points_by_period.basis,
        points_by_period.period_month,
        points_by_period.unit_pct,
        points_by_period.charges_gbp
)

select * from final
