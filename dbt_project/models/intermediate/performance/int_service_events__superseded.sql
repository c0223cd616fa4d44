-- One row per event and delivered month (period_month) that a newer month's row has taken the place
-- of. Found over all months, since a late file of an old month supersedes nothing newer.
with service_events as (
    select
        period_month,
        event_hash,
        contract_code,
        event_id
    from {{ ref('int_service_events') }}
),

-- Hashes first: most events are delivered once, and whole keys of all of them are dear to sort.
delivered_again as (
    select event_hash
    from service_events
    group by event_hash
    having count(*) > 1
),

ranked as (
    select
        service_events.period_month,
        service_events.event_hash,
        service_events.contract_code,
        service_events.event_id,
        max(service_events.period_month) over (
            partition by service_events.contract_code, service_events.event_id
        ) as newest_month
    from service_events
    inner join delivered_again on service_events.event_hash = delivered_again.event_hash
),

final as (
    select
        period_month,
        event_hash,
        contract_code,
        event_id
    from ranked
    where period_month < newest_month
)

select * from final
