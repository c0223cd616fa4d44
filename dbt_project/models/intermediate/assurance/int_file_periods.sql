-- One row per file known and period that it is about. A file of several periods has several rows.
-- The period of a file that named none (refused, or replacing by key) comes from its name, else
-- from the month in which it was received.
with files as (
    select * from {{ ref('stg_ops__files') }}
),

file_parts as (
    select * from {{ source('ops', 'file_part') }}
    where period != ''
),

part_periods as (
    select distinct
        file_id,
        period
    from file_parts
),

final as (
    select
        -- keys
        files.file_id,
        coalesce(
            part_periods.period,
            substring(files.file_name from '(\d{4}-(?:0[1-9]|1[0-2]))'),
            {{ london_month('files.received_at') }}
        ) as period_month,
        -- attributes
        files.extract,
        files.status,
        -- dates
        files.received_at
    from files
    left join part_periods on files.file_id = part_periods.file_id
)

select * from final
