-- One row per event. An event is delivered again in later months: its newest period is its state.
with deliveries as (
    {{ current_rows('supplier', 'service_events') | indent(4) }}
),

-- One sort, whatever the planner believes of the sizes; an anti-join here once took ten minutes.
final as (
    select distinct on (contract_code, event_id) *
    from deliveries
    order by contract_code asc, event_id asc, file_period desc, record_number desc
)

select * from final
