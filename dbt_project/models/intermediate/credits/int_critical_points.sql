-- One row per contract, line of schemes, basis and month: points of the consecutive months ending
-- here that the scheme looks at. Windows overlap: never add these up.
with points_by_period as (
    select * from {{ ref('int_points_by_period') }}
),

final as (
    select
        -- keys
        ending.contract_code,
        ending.role,
        ending.line_code,
        ending.basis,
        ending.period_month,
        -- measures
        sum(earlier.points) as window_points
    from points_by_period as ending
    inner join points_by_period as earlier
        on
            ending.contract_code = earlier.contract_code
            and ending.role = earlier.role
            and ending.line_code = earlier.line_code
            and ending.basis = earlier.basis
            and ending.month_number - ending.critical_months < earlier.month_number
            and ending.month_number >= earlier.month_number
    group by
        ending.contract_code,
        ending.role,
        ending.line_code,
        ending.basis,
        ending.period_month
)

select * from final
