-- One row per file with bad records known at var as_at.
with records as (
    select * from {{ source('quarantine', 'record') }}
),

files as (
    select * from {{ ref('stg_ops__files') }}
),

final as (
    select
        -- keys
        files.file_id,
        -- measures
        count(*) as quarantined
    from files
    inner join records on files.file_id = records.file_id
    group by files.file_id
)

select * from final
