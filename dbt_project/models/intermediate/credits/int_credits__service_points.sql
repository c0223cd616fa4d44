-- One row per contract, line of schemes, basis and service period under the method service_points:
-- total points × percent a point × charges. Exact, before any cap.
with points_by_period as (
    select * from {{ ref('int_points_by_period') }}
    where method = 'service_points'
),

final as (
    select
        -- keys
        contract_code,
        role,
        line_code,
        basis,
        period_month,
        -- measures
        trim_scale(points * 0.01 * pct_per_point * charges_gbp) as uncapped_gbp,
        null::numeric as at_risk_cap_gbp
    from points_by_period
)

select * from final
