-- One row per month with a ledger: when it closes, and whether it still was open at var as_at.
with months as (
    select distinct period_month
    from {{ ref('int_ledger_months') }}
),

closings as (
    select
        period_month,
        ops.add_working_days(
            {{ period_end('period_month') }}, {{ var('ledger_closing_working_day') }}
        ) as closes_date
    from months
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
