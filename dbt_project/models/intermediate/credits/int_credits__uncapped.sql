-- One row per contract, line of schemes, basis and service period, whatever the method: what it
-- gives before caps, and the at-risk amount where the method has one. Exact, not rounded.
-- A further method is a further model of these columns in this union.
with service_points as (
    select * from {{ ref('int_credits__service_points') }}
),

shortfall_percentage as (
    select * from {{ ref('int_credits__shortfall_percentage') }}
),

at_risk_pool as (
    select * from {{ ref('int_credits__at_risk_pool') }}
),

worst_band as (
    select * from {{ ref('int_credits__worst_band') }}
),

points_ratchet as (
    select * from {{ ref('int_credits__points_ratchet') }}
),

points_step as (
    select * from {{ ref('int_credits__points_step') }}
),

per_full_unit as (
    select * from {{ ref('int_credits__per_full_unit') }}
),

final as (
    select
        contract_code,
        role,
        line_code,
        basis,
        period_month,
        uncapped_gbp,
        at_risk_cap_gbp
    from service_points
    union all
    select
        contract_code,
        role,
        line_code,
        basis,
        period_month,
        uncapped_gbp,
        at_risk_cap_gbp
    from shortfall_percentage
    union all
    select
        contract_code,
        role,
        line_code,
        basis,
        period_month,
        uncapped_gbp,
        at_risk_cap_gbp
    from at_risk_pool
    union all
    select
        contract_code,
        role,
        line_code,
        basis,
        period_month,
        uncapped_gbp,
        at_risk_cap_gbp
    from worst_band
    union all
    select
        contract_code,
        role,
        line_code,
        basis,
        period_month,
        uncapped_gbp,
        at_risk_cap_gbp
    from points_ratchet
    union all
    select
        contract_code,
        role,
        line_code,
        basis,
        period_month,
        uncapped_gbp,
        at_risk_cap_gbp
    from points_step
    union all
    select
        contract_code,
        role,
        line_code,
        basis,
        period_month,
        uncapped_gbp,
        at_risk_cap_gbp
    from per_full_unit
)

select * from final
