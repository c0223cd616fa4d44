-- One row per extract and period of the months that count as now, over all contracts: what came of
-- it and what was wrong. Without a contract that has credits, no month does.
with assurance as (
    select * from {{ ref('data_assurance') }}
),

newest as (
    select * from {{ ref('newest_service_periods') }}
),

first_recent as (
    select min(recent_from) as period_month
    from newest
),

final as (
    select
        -- keys
        assurance.extract,
        assurance.period_month,
        -- attributes
        assurance.status,
        -- measures
        assurance.accepted_files,
        assurance.held_files,
        assurance.refused_files,
        assurance.quarantined_records,
        assurance.dropped_figures,
        -- dates
        assurance.due_date,
        assurance.first_received_at
    from assurance
    inner join first_recent on assurance.period_month >= first_recent.period_month
)

select * from final
