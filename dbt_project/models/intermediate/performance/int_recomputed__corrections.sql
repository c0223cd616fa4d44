-- One row per rule and month: what events that were delivered again must give back. Additive with
-- int_recomputed__changes.
with superseded as (
    select * from {{ ref('int_service_events__superseded') }}
),

changes as (
    select * from {{ ref('int_service_events__changes') }}
),

final as (
    select
        -- keys
        changes.contract_code,
        changes.recompute_rule,
        changes.is_stock,
        changes.counted_month,
        changes.known_month,
        -- measures
        -sum(changes.numerator) as numerator,
        -sum(changes.denominator) as denominator
    from changes
    inner join superseded
        on
            changes.period_month = superseded.period_month
            and changes.event_hash = superseded.event_hash
            and changes.contract_code = superseded.contract_code
            and changes.event_id = superseded.event_id
    group by
        changes.contract_code,
        changes.recompute_rule,
        changes.is_stock,
        changes.counted_month,
        changes.known_month
)

select * from final
