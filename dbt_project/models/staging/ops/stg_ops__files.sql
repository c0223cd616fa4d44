-- One row per file known at var as_at, whatever became of it, as it was first delivered.
-- The same bytes delivered again are the same file: they change no figure and no name.
with extract_files as (
    select * from {{ source('ops', 'extract_file') }}
),

known_deliveries as (
    select * from {{ source('ops', 'delivery') }}
    where
        received_at <= '{{ var("as_at") }}'::timestamptz
        and seen_at <= '{{ var("seen_by") }}'::timestamptz
),

ranked_deliveries as (
    select
        file_id,
        name,
        received_at,
        row_number() over (
            partition by file_id
            order by received_at asc, delivery_number asc, name asc
        ) as oldest_first
    from known_deliveries
),

final as (
    select
        -- keys
        extract_files.file_id,
        extract_files.extract,
        -- attributes
        ranked_deliveries.name as file_name,
        extract_files.status,
        extract_files.refusal,
        extract_files.control_totals,
        -- measures
        extract_files.records,
        extract_files.landed,
        extract_files.quarantined,
        -- dates
        ranked_deliveries.received_at
    from extract_files
    inner join ranked_deliveries
        on
            extract_files.file_id = ranked_deliveries.file_id
            and ranked_deliveries.oldest_first = 1
)

select * from final
