-- One row per contract, line of schemes, basis and service period under per_full_unit: a percentage
-- of charges for every full unit that a failed KPI is short of its target. Exact, before any cap.
with points_by_period as (
    select * from {{ ref('int_points_by_period') }}
    where method = 'per_full_unit'
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
        trim_scale(full_units * 0.01 * unit_pct * charges_gbp) as uncapped_gbp,
        null::numeric as at_risk_cap_gbp
    from points_by_period
)

select * from final
