-- One row per contract, indicator and period that an accepted file returned and the newer file that
-- is current instead, at var as_at, does not: no figure is left of it.
with known_files as (
    select *
    from
        ops.known_file(
            '{{ var("as_at") }}'::timestamptz, '{{ var("seen_by") }}'::timestamptz
        )
    where split_part(extract, '/', 2) = 'indicator_returns'
),

files as (
    select * from {{ ref('stg_ops__files') }}
),

landed as (
    select * from {{ source('supplier', 'indicator_returns') }}
),

returned as (
    select distinct on (landed.contract_code, landed.indicator_code, landed.period)
        landed.contract_code,
        landed.indicator_code,
        landed.period,
        known_files.is_current,
        known_files.file_id,
        landed.record_number
    from landed
    inner join known_files
        on
            landed.file_id = known_files.file_id
            and landed.contract_code = known_files.part_code
            and landed.period = known_files.period
    order by
        landed.contract_code asc,
        landed.indicator_code asc,
        landed.period asc,
        known_files.is_current desc,
        known_files.received_at desc,
        known_files.file_id desc
),

final as (
    select
        -- keys
        returned.contract_code::text as contract_code,
        returned.indicator_code::text as indicator_code,
        returned.period::text as period,
        -- attributes
        current_files.extract,
        newer.file_name as newer_file_name,
        -- measures
        newer.quarantined as newer_quarantined,
        -- provenance
        older.file_name,
        returned.file_id,
        returned.record_number::bigint as record_number
    from returned
    inner join known_files as current_files
        on
            returned.contract_code = current_files.part_code
            and returned.period = current_files.period
            and current_files.is_current
    inner join files as older on returned.file_id = older.file_id
    inner join files as newer on current_files.file_id = newer.file_id
    where not returned.is_current
)

select * from final
