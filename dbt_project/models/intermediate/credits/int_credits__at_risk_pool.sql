-- One row per contract, line of schemes, basis and service period under at_risk_pool: each failed
-- KPI's allocation of the amount at risk × its band's percentage. Exact, before any cap.
with points_by_period as (
    select * from {{ ref('int_points_by_period') }}
    where method = 'at_risk_pool'
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
        trim_scale(pool_credit_pct * 0.0001 * at_risk_pct * charges_gbp) as uncapped_gbp,
        trim_scale(at_risk_pct * 0.01 * charges_gbp) as at_risk_cap_gbp
    from points_by_period
)

select * from final
