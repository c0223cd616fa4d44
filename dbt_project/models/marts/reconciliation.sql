-- One row per file and layer: what went in, came out and was set aside. Never add layers up.
with files as (
    select * from {{ ref('stg_ops__files') }}
    where status in ('loaded', 'accepted', 'held')
),

counted as (
    select * from {{ ref('int_file_layers') }}
),

quarantined as (
    select * from {{ ref('stg_ops__quarantined_records') }}
),

extracts as (
    select * from {{ ref('stg_ops__extracts') }}
),

sums as (
    select
        files.file_id,
        files.control_totals::jsonb -> 'sums' -> extracts.amount_column as amount
    from files
    inner join extracts
        on split_part(files.extract, '/', 2) = split_part(extracts.extract, '/', 2)
),

-- what a file says of itself; a record whose amount cannot be read leaves nothing to compare
totals as (
    select
        file_id,
        case
            when coalesce((amount ->> 'unreadable')::integer, 0) = 0
                then (amount ->> 'declared')::numeric
        end as declared_amount,
        coalesce((amount ->> 'quarantined')::numeric, 0) as quarantined_amount
    from sums
),

layers as (
    select
        files.file_id,
        'landing' as layer,
        files.records as records_in,
        coalesce(counted.landed_rows, 0) as records_out,
        coalesce(quarantined.quarantined, 0) as records_set_aside,
        totals.declared_amount as amount_in,
        counted.landed_amount as amount_out,
        totals.quarantined_amount as amount_set_aside
    from files
    inner join totals on files.file_id = totals.file_id
    left join counted on files.file_id = counted.file_id
    left join quarantined on files.file_id = quarantined.file_id
    union all
    select
        files.file_id,
        'staging' as layer,
        coalesce(counted.landed_rows, 0) as records_in,
        coalesce(counted.staged_rows, 0) as records_out,
        coalesce(counted.superseded_rows, 0) as records_set_aside,
        coalesce(counted.landed_amount, 0) as amount_in,
        coalesce(counted.staged_amount, 0) as amount_out,
        coalesce(counted.superseded_amount, 0) as amount_set_aside
    from files
    left join counted on files.file_id = counted.file_id
    union all
    select
        files.file_id,
        'facts' as layer,
        counted.staged_rows as records_in,
        counted.fact_rows as records_out,
        0 as records_set_aside,
        coalesce(counted.staged_amount, 0) as amount_in,
        counted.fact_amount as amount_out,
        0::numeric as amount_set_aside
    from files
    inner join counted on files.file_id = counted.file_id
    where counted.fact_rows is not null
),

differences as (
    select
        *,
        records_in - records_out - records_set_aside as records_difference,
        amount_in - amount_out - amount_set_aside as amount_difference
    from layers
),

final as (
    select
        -- keys
        differences.file_id,
        differences.layer,
        -- attributes
        files.extract,
        files.file_name,
        files.status,
        differences.records_difference = 0
        and coalesce(differences.amount_difference, 0) = 0 as is_reconciled,
        -- measures
        differences.records_in,
        differences.records_out,
        differences.records_set_aside,
        differences.records_difference,
        differences.amount_in,
        differences.amount_out,
        differences.amount_set_aside,
        differences.amount_difference,
        -- dates
        files.received_at
    from differences
    inner join files on differences.file_id = files.file_id
)

select * from final
