-- One row per KPI, measurement period and basis with points under the scheme in force: what the
-- indicator alone adds to the credit, before caps. A further method adds its own part.
with indicator_points as (
    select * from {{ ref('int_indicator_points') }}
    where is_relieved and role = 'in_force' and kind = 'KPI'
),

points_by_period as (
    select * from {{ ref('int_points_by_period') }}
    where role = 'in_force'
),

final as (
    select
        -- keys
        indicator_points.contract_code,
        indicator_points.indicator_code,
        indicator_points.period_month,
        indicator_points.basis,
        -- measures
        case points_by_period.method
            when 'service_points'
                then round(
                    indicator_points.points
                    * coalesce(points_by_period.pct_per_point, 0)
                    / 100
                    * points_by_period.charges_gbp,
                    2
                )
        end as uncapped_gbp
    from indicator_points
    inner join points_by_period
        on
            indicator_points.contract_code = points_by_period.contract_code
            and indicator_points.basis = points_by_period.basis
            and indicator_points.period_month = points_by_period.period_month
)

select * from final
