-- One row per event. An event is delivered again in later months: its newest period is its state.
-- An anti-join on an unmaterialized CTE, no window: a filter on a date then reaches landing.
with deliveries as not materialized (
    {{ current_rows('supplier', 'service_events') | indent(4) }}
),

newer as (
    select * from deliveries
),

final as (
    select deliveries.*
    from deliveries
    where not exists (
        select 1
        from newer
        where
            newer.contract_code = deliveries.contract_code
            and newer.event_id = deliveries.event_id
            and (newer.file_period, newer.record_number)
            > (deliveries.file_period, deliveries.record_number)
    )
)

select * from final
