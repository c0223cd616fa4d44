-- One row per delivered event, line of a rule and month whose count it changes: in when the event
-- enters, out when a stock's event leaves. A stock's event that leaves at once changes nothing.
{{ config(materialized='view') }} -- many times the events; its readers take one month each
with counted as (
    select * from {{ ref('int_service_events__counted') }}
    where is_counted
),

final as (
    select
        counted.period_month,
        counted.event_hash,
        counted.contract_code,
        counted.event_id,
        counted.recompute_rule,
        counted.is_stock,
        counted.known_month,
        step.counted_month,
        step.numerator,
        step.denominator
    from counted
    cross join
        lateral (
            values
            (counted.counted_month, counted.counted_month, 0, counted.denominator),
            (counted.leaves_month, counted.counted_month, 0, -counted.denominator),
            (counted.passed_month, counted.passed_month, counted.numerator, 0),
            (counted.leaves_month, counted.passed_month, -counted.numerator, 0)
        ) as step (counted_month, enters_month, numerator, denominator)
    where
        step.counted_month is not null
        and step.enters_month is not null
        and (counted.leaves_month is null or step.enters_month < counted.leaves_month)
        and (step.numerator <> 0 or step.denominator <> 0)
)

select * from final
