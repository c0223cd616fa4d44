-- One row per failed KPI, measurement period, basis and line of schemes, after relief: what methods
-- make a credit of. A quarter's or year's failure is in its last month.
with indicator_points as (
    select * from {{ ref('int_indicator_points') }}
    where is_relieved and is_scored
),

indicator_periods as (
    select * from {{ ref('int_indicator_periods') }}
),

final as (
    select
        -- keys
        indicator_points.contract_code,
        indicator_points.indicator_code,
        indicator_points.period_month,
        indicator_points.basis,
        indicator_points.role,
        indicator_points.line_code,
        -- measures
        indicator_points.points,
        coalesce(indicator_points.shortfall, 0) as shortfall,
        coalesce(indicator_points.band_credit_pct, 0) as credit_pct,
        coalesce(indicator_periods.pool_allocation_pct, 0) as pool_allocation_pct,
        coalesce(indicator_periods.unit_size, 1) as unit_size
    from indicator_points
    inner join indicator_periods
        on
            indicator_points.indicator_code = indicator_periods.indicator_code
            and indicator_points.period_month = indicator_periods.period_month
)

select * from final
