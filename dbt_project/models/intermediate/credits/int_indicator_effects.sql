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

tiers as (
    select
        failed_kpis.indicator_code,
        failed_kpis.period_month,
        failed_kpis.basis,
        credit_steps.scheme_code,
        sum({{ points_in_tier('failed_kpis.points', 'credit_steps') }} * credit_steps.rate_gbp)
            as ratchet_gbp,
        max(credit_steps.credit_pct) filter (
            where
            credit_steps.to_points is null or failed_kpis.points < credit_steps.to_points
        ) as step_pct
    from failed_kpis
    inner join credit_steps on failed_kpis.points >= credit_steps.from_points
    group by
        failed_kpis.indicator_code,
        failed_kpis.period_month,
        failed_kpis.basis,
        credit_steps.scheme_code
),

parts as (
    select
        indicator_points.contract_code,
        indicator_points.indicator_code,
        indicator_points.period_month,
        indicator_points.basis,
        points_by_period.charges_gbp,
        case points_by_period.method when 'points_ratchet' then coalesce(tiers.ratchet_gbp, 0) end
            as ratchet_gbp,
        coalesce(
            case points_by_period.method
                when 'service_points' then failed_kpis.points * points_by_period.pct_per_point
                when 'shortfall_percentage' then failed_kpis.shortfall
                when 'at_risk_pool'
                    then
                        points_by_period.at_risk_pct
                        * failed_kpis.pool_allocation_pct
                        * failed_kpis.credit_pct
                        * 0.0001
                when 'worst_band' then failed_kpis.credit_pct
                when 'points_step' then tiers.step_pct
                when 'per_full_unit'
                    then
                        div(failed_kpis.shortfall, failed_kpis.unit_size)
                        * points_by_period.unit_pct
            end,
            0
        ) as pct_of_charges
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
    left join tiers
        on
            indicator_points.indicator_code = tiers.indicator_code
            and indicator_points.period_month = tiers.period_month
            and indicator_points.basis = tiers.basis
            and points_by_period.scheme_code = tiers.scheme_code
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
    from parts
)

select * from final
