-- One row per delivered event and line of a rule that somebody may ask about: it failed, or it is
-- disputed. Superseded deliveries are still in here.
{{ config(materialized='partitioned_by_month') }} -- a fact: only delivered months are replaced
with counted as (
    select * from {{ ref('int_service_events__counted') }}
    where {{ in_months('period_month') }}
),

judged as (
    select
        *,
        is_counted and (
            (is_passed and fails_when_passed) or (not is_passed and fails_when_missed)
        ) as is_failed
    from counted
),

final as (
    select
        -- keys
        period_month,
        event_hash,
        contract_code,
        event_id,
        recompute_rule,
        -- attributes
        case
            when is_failed then 'failed'
            when is_counted then 'disputed'
            else 'excluded'
        end as case_kind,
        is_stock,
        is_passed,
        is_disputed,
        event_type,
        service_area,
        outcome_code,
        coalesce(passed_month, counted_month) as enters_month,
        known_month,
        leaves_month,
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
    from judged
    where is_failed or is_disputed
)

select * from final
