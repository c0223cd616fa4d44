-- One row per contract, line of schemes, basis and service period under shortfall_percentage:
-- failed KPIs' shortfalls in all, in percentage points, of charges. Exact, before any cap.
with points_by_period as (
    select * from {{ ref('int_points_by_period') }}
    where method = 'shortfall_percentage'
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
        trim_scale(shortfall * 0.01 * charges_gbp) as uncapped_gbp,
        null::numeric as at_risk_cap_gbp
    from points_by_period
)

select * from final
