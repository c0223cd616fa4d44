-- One row per contract, line of schemes, basis and service period: the uncapped credit, and what
-- each cap allows on its own, exact. Infinite where there is no such cap.
{{ config(indexes=[{'columns': ['line_key', 'month_number']}]) }} -- read month by month
with points_by_period as (
    select * from {{ ref('int_points_by_period') }}
),

uncapped as (
    select * from {{ ref('int_credits__uncapped') }}
),

final as (
    select
        -- keys
        points_by_period.contract_code,
        points_by_period.role,
        points_by_period.line_code,
        points_by_period.basis,
        points_by_period.month_number,
        dense_rank() over (
            order by
                points_by_period.contract_code,
                points_by_period.role,
                points_by_period.line_code,
                points_by_period.basis
        ) as line_key,
        -- measures
        uncapped.uncapped_gbp,
        points_by_period.period_cap_gbp,
        uncapped.at_risk_cap_gbp,
        coalesce(
            least(points_by_period.period_cap_gbp, uncapped.at_risk_cap_gbp), 'infinity'
        ) as fixed_cap_gbp,
        coalesce(points_by_period.rolling12_allowance_gbp, 'infinity') as rolling12_allowance_gbp
    from points_by_period
    left join uncapped
        on
            points_by_period.contract_code = uncapped.contract_code
            and points_by_period.role = uncapped.role
            and points_by_period.line_code = uncapped.line_code
            and points_by_period.basis = uncapped.basis
            and points_by_period.period_month = uncapped.period_month
)

select * from final
