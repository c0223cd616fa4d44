-- One row per event and month (period_month) in whose file it was delivered. The newest month is
-- the event's state: take out int_service_events__superseded before counting.
{{ config(materialized='partitioned_by_month') }} -- a fact: only delivered months are replaced
with deliveries as (
    select * from {{ ref('stg_supplier__service_event_deliveries') }}
    where
        {{ in_months('file_period') }}
        {% if var('last_period') -%} and file_period <= '{{ var("last_period") }}' {%- endif %}
),

newest_record as (
    select distinct on (contract_code, event_id, file_period) *
    from deliveries
    order by contract_code asc, event_id asc, file_period asc, record_number desc
),

final as (
    select
        -- keys
        file_period as period_month,
        hashtextextended(event_id, hashtextextended(contract_code, 0)) as event_hash,
        contract_code,
        event_id,
        -- attributes
        event_type,
        service_area,
        outcome_code,
        is_sme,
        coalesce(is_disputed, false) as is_disputed,
        {{ london_month('opened_at') }} as opened_month,
        {{ london_month('due_at') }} as due_month,
        {{ london_month('closed_at') }} as closed_month,
        due_at is not null as has_due_date,
        coalesce(closed_at <= due_at, false) as is_on_time,
        -- measures
        quantity,
        amount_gbp,
        -- dates
        opened_at,
        due_at,
        closed_at,
        -- provenance
        file_name,
        file_id,
        record_number
    from newest_record
)

select * from final
