-- One row per contract, line of schemes, basis and service period under points_step: its step
-- table's percentage of charges for the points, or for their mean with the previous period's.
with points_by_period as (
    select * from {{ ref('int_points_by_period') }}
    where scheme_code is not null
),

credit_steps as (
    select * from {{ ref('int_credit_steps') }}
),

with_previous as (
    select
        *,
        case
            when lag(month_number) over line = month_number - 1 then lag(points) over line
        end as previous_points
    from points_by_period
    window line as (
        partition by contract_code, role, line_code, basis
        order by month_number
    )
),

looked_up as (
    select
        *,
        -- The mean is not rounded; without a previous period, this one's points alone.
        case
            when average_with_previous and previous_points is not null
                then (points + previous_points) * 0.5
            else points
        end as step_points
    from with_previous
    where method = 'points_step'
),

final as (
    select
        -- keys
        looked_up.contract_code,
        looked_up.role,
        looked_up.line_code,
        looked_up.basis,
        looked_up.period_month,
        -- measures
        trim_scale(coalesce(credit_steps.credit_pct, 0) * 0.01 * looked_up.charges_gbp)
            as uncapped_gbp,
        null::numeric as at_risk_cap_gbp
    from looked_up
    left join credit_steps
        on
            looked_up.scheme_code = credit_steps.scheme_code
            and looked_up.step_points >= credit_steps.from_points
            and (credit_steps.to_points is null or looked_up.step_points < credit_steps.to_points)
)

select * from final
