-- One row per month with a ledger: when it closes, and whether it still was open at var as_at.
with months as (
    select distinct period_month
    from {{ ref('int_ledger_months') }}
),

extracts as (
    select * from {{ ref('stg_ops__extracts') }}
    where extract = 'finance/ledger'
),

closings as (
    select
        months.period_month,
        ops.add_working_days(
            {{ period_end('months.period_month') }}, extracts.due_working_day
        ) as closes_date
    from months
    cross join extracts
),

final as (
    select
        -- keys
        period_month,
        -- attributes: open until that day has ended in London
        '{{ var("as_at") }}'::timestamptz
        < (closes_date + 1)::timestamp at time zone 'Europe/London' as is_provisional,
        -- dates
        closes_date
    from closings
)

select * from final
