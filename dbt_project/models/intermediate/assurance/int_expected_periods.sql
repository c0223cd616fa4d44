-- One row per extract and period that must have come by var last_period, with the day it is due.
-- An extract is expected in every month from its first one on; one never delivered is not expected.
with extracts as (
    select * from {{ ref('stg_ops__extracts') }}
    where
        replaces = 'period'
        and due_working_day is not null
),

file_periods as (
    select * from {{ ref('int_file_periods') }}
),

spans as (
    select
        extract,
        min(period_month) as first_month,
        coalesce({{ text_or_null(var('last_period')) }}, max(period_month)) as last_month
    from file_periods
    group by extract
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
