-- One row per extract and period: what came, when, and what was wrong with it.
with file_periods as (
    select * from {{ ref('int_file_periods') }}
),

files as (
    select * from {{ ref('stg_ops__files') }}
),

warnings as (
    select
        file_id,
        count(*) as warnings
    from {{ ref('stg_ops__check_results') }}
    where
        severity = 'warning'
        and not is_passed
    group by file_id
),

expected as (
    select * from {{ ref('int_expected_periods') }}
),

dropped as (
    select
        extract,
        period as period_month,
        count(*) as dropped_figures
    from {{ ref('stg_supplier__dropped_returns') }}
    group by
        extract,
        period
),

arrivals as (
    select
        file_periods.extract,
        file_periods.period_month,
        count(*) as files,
        count(*) filter (where files.status = 'accepted') as accepted_files,
        count(*) filter (where files.status = 'held') as held_files,
        count(*) filter (where files.status = 'refused') as refused_files,
        coalesce(sum(files.records), 0)::bigint as records,
        coalesce(sum(files.quarantined), 0)::bigint as quarantined_records,
        coalesce(sum(warnings.warnings), 0)::bigint as warnings,
        min(files.received_at) filter (
            where files.status = 'accepted'
        ) as first_received_at,
        max(files.received_at) as last_received_at
    from file_periods
    inner join files on file_periods.file_id = files.file_id
    left join warnings on file_periods.file_id = warnings.file_id
    group by file_periods.extract, file_periods.period_month
),

combined as (
    select
        coalesce(arrivals.extract, expected.extract) as extract,
        coalesce(arrivals.period_month, expected.period_month) as period_month,
        expected.due_date,
        (expected.due_date + 1)::timestamp at time zone 'Europe/London' as due_until,
        arrivals.first_received_at,
        arrivals.last_received_at,
        coalesce(arrivals.files, 0) as files,
        coalesce(arrivals.accepted_files, 0) as accepted_files,
        coalesce(arrivals.held_files, 0) as held_files,
        coalesce(arrivals.refused_files, 0) as refused_files,
        coalesce(arrivals.records, 0) as records,
        coalesce(arrivals.quarantined_records, 0) as quarantined_records,
        coalesce(dropped.dropped_figures, 0) as dropped_figures,
        coalesce(arrivals.warnings, 0) as warnings
    from arrivals
    full outer join expected
        on
            arrivals.extract = expected.extract
            and arrivals.period_month = expected.period_month
    left join dropped
        on
            coalesce(arrivals.extract, expected.extract) = dropped.extract
            and coalesce(arrivals.period_month, expected.period_month) = dropped.period_month
),

final as (
    select
        -- keys
        extract,
        {{ period_columns('period_month') }},
        -- attributes
        case
            when accepted_files > 0 and first_received_at >= due_until then 'late'
            when accepted_files > 0 then 'received'
            when held_files > 0 then 'held'
            when refused_files > 0 then 'refused'
            when files > 0 then 'waiting'
            when '{{ var("as_at") }}'::timestamptz < due_until then 'awaited'
            else 'missing'
        end as status,
        accepted_files > 0 and coalesce(first_received_at >= due_until, false) as is_late,
        -- measures
        files,
        accepted_files,
        held_files,
        refused_files,
        records,
        quarantined_records,
        dropped_figures,
        warnings,
        -- dates
        due_date,
        first_received_at,
        last_received_at
    from combined
)

select * from final
