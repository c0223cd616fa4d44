-- One row per day: whether it is a working day in England, and the running count of those.
with calendar_days as (
    select * from {{ source('ops', 'calendar_day') }}
),

final as (
    select
        -- keys
        day,
        -- attributes
        is_working_day,
        holiday_name,
        -- measures
        working_day_index
    from calendar_days
)

select * from final
