-- One row per contract, line of schemes, basis and service period, whatever the method: what it
-- gives before caps, and the at-risk amount where the method has one. Exact, not rounded.
-- A further method is a further model of these columns in this union.
with service_points as (
    select * from {{ ref('int_credits__service_points') }}
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
        uncapped_gbp,
        at_risk_cap_gbp
    from service_points
)

select * from final
