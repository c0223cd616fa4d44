-- One row per KPI, measurement period and basis under the scheme in force: what the indicator alone
-- would give as a credit, before caps. A further method is a further branch.
with indicator_points as (
    select * from {{ ref('int_indicator_points') }}
    where is_relieved and role = 'in_force' and kind = 'KPI'
),

failed_kpis as (
    select * from {{ ref('int_failed_kpis') }}
    where role = 'in_force'
),

points_by_period as (
    select * from {{ ref('int_points_by_period') }}
    where role = 'in_force'
),

credit_steps as (
    select * from {{ ref('int_credit_steps') }}
),

priced as (
    select
        indicator_points.contract_code,
        indicator_points.indicator_code,
        indicator_points.period_month,
        indicator_points.basis,
        points_by_period.scheme_code,
        points_by_period.method,
        points_by_period.charges_gbp,
        points_by_period.pct_per_point,
        points_by_period.at_risk_pct,
        points_by_period.unit_pct,
        failed_kpis.points,
        failed_kpis.shortfall,
        failed_kpis.unit_size,
        failed_kpis.pool_allocation_pct,
        failed_kpis.credit_pct
    from indicator_points
    inner join points_by_period
        on
            indicator_points.contract_code = points_by_period.contract_code
            and indicator_points.basis = points_by_period.basis
            and indicator_points.period_month = points_by_period.period_month
            and points_by_period.scheme_code is not null
    left join failed_kpis
        on
            indicator_points.indicator_code = failed_kpis.indicator_code
            and indicator_points.period_month = failed_kpis.period_month
            and indicator_points.basis = failed_kpis.basis
),

tiers as (
    select
        priced.indicator_code,
        priced.period_month,
        priced.basis,
        sum({{ points_in_tier('priced.points', 'credit_steps') }} * credit_steps.rate_gbp)
            as ratchet_gbp,
        max(credit_steps.credit_pct) filter (
            where credit_steps.to_points is null or priced.points < credit_steps.to_points
        ) as step_pct
    from priced
    inner join credit_steps
        on
            priced.scheme_code = credit_steps.scheme_code
            and priced.points >= credit_steps.from_points
    group by
        priced.indicator_code,
        priced.period_month,
        priced.basis
),

alone as (
    select
        priced.*,
        case priced.method when 'points_ratchet' then coalesce(tiers.ratchet_gbp, 0) end
            as ratchet_gbp,
        coalesce(
            case priced.method
                when 'service_points' then priced.points * priced.pct_per_point
                when 'shortfall_percentage' then priced.shortfall
                when 'at_risk_pool'
                    then
                        priced.at_risk_pct
                        * priced.pool_allocation_pct
                        * priced.credit_pct
                        * 0.0001
                when 'worst_band' then priced.credit_pct
                when 'points_step' then tiers.step_pct
                when 'per_full_unit'
                    then div(priced.shortfall, priced.unit_size) * priced.unit_pct
            end,
            0
        ) as pct_of_charges
    from priced
    left join tiers
        on
            priced.indicator_code = tiers.indicator_code
            and priced.period_month = tiers.period_month
            and priced.basis = tiers.basis
),

final as (
    select
        -- keys
        contract_code,
        indicator_code,
        period_month,
        basis,
        -- measures
        case
            when charges_gbp is not null
                then round(coalesce(ratchet_gbp, pct_of_charges * 0.01 * charges_gbp), 2)
        end as uncapped_gbp
    from alone
)

select * from final
