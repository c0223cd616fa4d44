-- One row per month end and due working day that an indicator version has: the day that is.
with months as (
    select * from {{ ref('int_months') }}
),

working_days as (
    select * from {{ ref('stg_ops__calendar_days') }}
),

due_working_days as (
    select distinct due_working_day
    from {{ ref('indicator_versions') }}
    where due_working_day is not null
),

final as (
    select
        -- keys
        months.period_end_date,
        due_working_days.due_working_day,
        -- dates
        due.day as due_date
    from months
    inner join working_days as period_end on months.period_end_date = period_end.day
    cross join due_working_days
    inner join working_days as due
        on
            due.is_working_day
            and period_end.working_day_index + due_working_days.due_working_day
            = due.working_day_index
            and period_end.day < due.day
)

select * from final
