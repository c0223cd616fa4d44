-- One row per part and period (or key) of an extract: the file that is current at var as_at.
-- A table, unlike its folder: taken once, so that one build never sees two states of the files.
-- Every staging view joins it: the planner must know its size.
{{ config(
    materialized='table',
    indexes=[{'columns': ['extract_name', 'file_id']}],
    post_hook='analyze {{ this }}',
) }}

with current_files as (
    select
        extract,
        file_id,
        part_code,
        period
    from
        ops.current_file(
            '{{ var("as_at") }}'::timestamptz, '{{ var("seen_by") }}'::timestamptz
        )
    -- Files about months after the run's wait for their own run; keys ('') have no month.
    where {{ in_published_periods('period') }} or period = ''
),

files as (
    select * from {{ ref('stg_ops__files') }}
),

final as (
    select
        -- keys
        current_files.extract,
        current_files.part_code,
        current_files.period,
        -- attributes: extracts of one name are one, whatever their source
        split_part(current_files.extract, '/', 2) as extract_name,
        files.file_name,
        -- dates
        files.received_at,
        -- provenance
        current_files.file_id
    from current_files
    inner join files on current_files.file_id = files.file_id
)

select * from final
