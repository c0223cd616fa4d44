-- One row per contract, scheme, role, basis and service period with charges or failed KPIs. Bases
-- and roles lie side by side: add up only rows with is_payable.
with points_by_period as (
    select * from {{ ref('int_points_by_period') }}
    where scheme_code is not null
),

capped as (
    select * from {{ ref('int_credits__capped') }}
),

critical_points as (
    select * from {{ ref('int_critical_points') }}
),

newest as (
    select
        contract_code,
        max(period_month) as period_month
    from points_by_period
    where charges_gbp is not null or failed_kpis > 0
    group by contract_code
),

final as (
    select
        -- keys
        points_by_period.contract_code,
        points_by_period.scheme_code,
        points_by_period.role,
        points_by_period.basis,
        {{ period_columns('points_by_period.period_month') }},
        -- attributes
        points_by_period.method,
        case
            when points_by_period.period_month = newest.period_month then 'latest' else 'earlier'
        end as recency,
        points_by_period.role = 'in_force'
        and points_by_period.basis = points_by_period.payable_basis as is_payable,
        points_by_period.basis = points_by_period.payable_basis as is_on_payable_basis,
        case points_by_period.role when 'in_force' then 'In force: ' else 'What if: ' end
        || points_by_period.scheme_code
        || ' (' || replace(points_by_period.method, '_', ' ') || ')' as scheme_label,
        points_by_period.failed_kpis::integer as failed_kpis,
        points_by_period.failed_indicators,
        capped.cap_bound,
        case capped.cap_bound
            when 'none' then '○ none'
            when 'period' then '▲ of the month'
            when 'rolling12' then '▲ of 12 months'
            when 'both' then '▲ both'
            when 'at_risk' then '▲ amount at risk'
        end as cap_bound_label,
        critical_points.window_points >= points_by_period.critical_points
        or capped.reaches_cap as critical_failure,
        -- measures
        trim_scale(points_by_period.points)::numeric as points,
        trim_scale(critical_points.window_points)::numeric as window_points,
        points_by_period.critical_points::numeric as critical_points,
        points_by_period.charges_gbp::numeric as charges_gbp,
        round(capped.uncapped_gbp, 2)::numeric as uncapped_gbp,
        capped.period_cap_gbp::numeric as period_cap_gbp,
        capped.rolling12_cap_gbp::numeric as rolling12_cap_gbp,
        capped.credit_gbp::numeric as credit_gbp,
        capped.headroom_gbp::numeric as headroom_gbp,
        (
            capped.credit_gbp
            - max(capped.credit_gbp) filter (where points_by_period.role = 'in_force') over (
                partition by
                    points_by_period.contract_code,
                    points_by_period.basis,
                    points_by_period.period_month
            )
        )::numeric as difference_gbp
    from points_by_period
    inner join capped
        on
            points_by_period.contract_code = capped.contract_code
            and points_by_period.role = capped.role
            and points_by_period.line_code = capped.line_code
            and points_by_period.basis = capped.basis
            and points_by_period.month_number = capped.month_number
    inner join critical_points
        on
            points_by_period.contract_code = critical_points.contract_code
            and points_by_period.role = critical_points.role
            and points_by_period.line_code = critical_points.line_code
            and points_by_period.basis = critical_points.basis
            and points_by_period.period_month = critical_points.period_month
    inner join newest on points_by_period.contract_code = newest.contract_code
    where points_by_period.charges_gbp is not null or points_by_period.failed_kpis > 0
)

select * from final
