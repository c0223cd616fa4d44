-- One row per contract, line of schemes, basis and service period under worst_band: the highest
-- percentage of the bands hit, of charges. Exact, before any cap.
with points_by_period as (
    select * from {{ ref('int_points_by_period') }}
    where method = 'worst_band'
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
        trim_scale(worst_credit_pct * 0.01 * charges_gbp) as uncapped_gbp,
        null::numeric as at_risk_cap_gbp
    from points_by_period
)

select * from final
