-- One row per extract and period that must have come by var last_period, with the day it is due.
-- An extract is expected in every month from its first one on, but not for the history before a
-- contract starts. One that was never delivered is not expected.
with extracts as (
    select * from {{ ref('stg_ops__extracts') }}
    where
        replaces = 'period'
        and due_working_day is not null
),

file_periods as (
    select * from {{ ref('int_file_periods') }}
),

file_parts as (
    select * from {{ source('ops', 'file_part') }}
),

contracts as (
    select * from {{ ref('contracts') }}
),

contract_starts as (
    select
        file_periods.extract,
        to_char(min(contracts.starts_on), 'YYYY-MM') as first_month
    from file_periods
    inner join file_parts on file_periods.file_id = file_parts.file_id
    inner join contracts on file_parts.part_code = contracts.contract_code
    group by file_periods.extract
),

spans as (
    select
        file_periods.extract,
        greatest(min(file_periods.period_month), min(contract_starts.first_month)) as first_month,
        coalesce(
            {{ text_or_null(var('last_period')) }}, max(file_periods.period_month)
        ) as last_month
    from file_periods
    left join contract_starts on file_periods.extract = contract_starts.extract
    group by file_periods.extract
),

months as (
    select
        spans.extract,
        to_char(month_start, 'YYYY-MM') as period_month
    from spans
    cross join lateral generate_series(
        to_date(spans.first_month, 'YYYY-MM'),
        to_date(spans.last_month, 'YYYY-MM'),
        interval '1 month'
    ) as month_start
),

final as (
    select
        -- keys
        months.extract,
        months.period_month,
        -- dates
        ops.add_working_days(
            {{ period_end('months.period_month') }}, extracts.due_working_day
        ) as due_date
    from months
    inner join extracts on months.extract = extracts.extract
)

select * from final
