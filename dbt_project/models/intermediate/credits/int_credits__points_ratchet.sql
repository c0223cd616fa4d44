-- One row per contract, line of schemes, basis and service period under points_ratchet: each tier's
-- points × its £ rate, marginal like income tax. Exact, before any cap.
with points_by_period as (
    select * from {{ ref('int_points_by_period') }}
    where method = 'points_ratchet'
),

credit_steps as (
    select * from {{ ref('int_credit_steps') }}
),

final as (
    select
        -- keys
        points_by_period.contract_code,
        points_by_period.role,
        points_by_period.line_code,
        points_by_period.basis,
        points_by_period.period_month,
        -- measures: a month without charges has no credit, whatever its points
        case
            when points_by_period.charges_gbp is not null
                then
                    trim_scale(
                        coalesce(
                            sum(
                                {{ points_in_tier('points_by_period.points', 'credit_steps') }}
                                * credit_steps.rate_gbp
                            ),
                            0
                        )
                    )
        end as uncapped_gbp,
        null::numeric as at_risk_cap_gbp
    from points_by_period
    left join credit_steps
        on
            points_by_period.scheme_code = credit_steps.scheme_code
            and points_by_period.points > credit_steps.from_points
    group by
        points_by_period.contract_code,
        points_by_period.role,
        points_by_period.line_code,
        points_by_period.basis,
        points_by_period.period_month,
        points_by_period.charges_gbp
)

select * from final
