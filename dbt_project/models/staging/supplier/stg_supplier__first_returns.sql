-- One row per contract, indicator and period: when a return of it was first received, by var as_at.
-- A restated return is not late because its restatement came later.
with known_files as (
    select
        file_id,
        first_received_at
    from
        ops.known_file(
            '{{ var("as_at") }}'::timestamptz, '{{ var("seen_by") }}'::timestamptz
        )
    where split_part(extract, '/', 2) = 'indicator_returns'
),

landed as (
    select * from {{ source('supplier', 'indicator_returns') }}
),

final as (
    select
        -- keys
        landed.contract_code::text as contract_code,
        landed.indicator_code::text as indicator_code,
        landed.period::text as period,
        -- dates
        min(known_files.first_received_at) as first_received_at
    from landed
    inner join known_files on landed.file_id = known_files.file_id
    group by landed.contract_code, landed.indicator_code, landed.period
)

select * from final
