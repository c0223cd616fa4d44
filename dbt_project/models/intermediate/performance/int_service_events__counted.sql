-- One row per delivered event and line of a recomputation rule that counts it. Flows count in one
-- month; stocks from the month they enter until the month they leave, which counts them no more.
{{ config(materialized='view') }} -- many times the events; its readers take one month each
with service_events as (
    select * from {{ ref('int_service_events') }}
),

recompute_rules as (
    select * from {{ ref('int_recompute_rules') }}
),

matched as (
    select
        service_events.*,
        recompute_rules.recompute_rule,
        recompute_rules.is_stock,
        recompute_rules.pass_test,
        recompute_rules.fails_when_passed,
        recompute_rules.fails_when_missed,
        -- Events left out because they are disputed stay here, to be shown.
        coalesce(service_events.is_disputed = recompute_rules.is_disputed, true) as is_counted,
        case recompute_rules.attribution
            when 'due' then service_events.due_month
            when 'closed' then service_events.closed_month
            else service_events.opened_month
        end as counted_month,
        case when recompute_rules.is_stock then service_events.closed_month end as leaves_month,
        -- Whether an open event keeps its due date is known once the month of that date is over.
        case
            when
                recompute_rules.pass_test in ('on_time', 'late', 'overdue')
                and not recompute_rules.is_stock
                and service_events.closed_month is null
                then service_events.due_month
        end as known_month,
        case recompute_rules.pass_test
            when 'on_time' then service_events.is_on_time
            when 'late' then not service_events.is_on_time
            when 'outcome'
                then coalesce(service_events.outcome_code = recompute_rules.outcome_code, false)
            when 'not_outcome'
                then coalesce(service_events.outcome_code <> recompute_rules.outcome_code, true)
            when 'overdue'
                then
                    service_events.has_due_date and (
                        recompute_rules.is_stock or not service_events.is_on_time
                    )
            else true
        end as is_passed,
        {{ measured_as('recompute_rules.numerator_measure', 'service_events') }} as numerator,
        {{ measured_as('recompute_rules.denominator_measure', 'service_events') }} as denominator
    from service_events
    inner join recompute_rules
        on
            service_events.contract_code = recompute_rules.contract_code
            and service_events.event_type = recompute_rules.event_type
            and (
                recompute_rules.service_area is null
                or service_events.service_area = recompute_rules.service_area
            )
            and (
                recompute_rules.is_sme is null
                or service_events.is_sme = recompute_rules.is_sme
            )
),

final as (
    select
        -- keys
        matched.period_month,
        matched.event_hash,
        matched.contract_code,
        matched.event_id,
        matched.recompute_rule,
        -- attributes
        matched.event_type,
        matched.service_area,
        matched.outcome_code,
        matched.is_disputed,
        matched.is_stock,
        matched.is_counted,
        matched.is_passed,
        matched.fails_when_passed,
        matched.fails_when_missed,
        matched.counted_month,
        matched.known_month,
        matched.leaves_month,
        -- Overdue things enter the numerator in the month they fall due, not when they open.
        case
            when not matched.is_passed then null
            when matched.pass_test = 'overdue' and matched.is_stock
                then greatest(matched.counted_month, matched.due_month)
            else matched.counted_month
        end as passed_month,
        -- measures
        matched.numerator,
        matched.denominator,
        matched.quantity,
        matched.amount_gbp,
        -- dates
        matched.opened_at,
        matched.due_at,
        matched.closed_at,
        -- provenance
        matched.file_name,
        matched.file_id,
        matched.record_number
    from matched
    where
        matched.counted_month is not null
        -- Without a due date nobody can say whether it was kept.
        and (matched.has_due_date or matched.pass_test not in ('on_time', 'late'))
)

select * from final
