-- One row per thing that happened, or wants to happen, to a credit, in its order: what the ledger
-- holds, then what is computed as due, then decisions that it does not hold yet, then the lapse.
with ledger as (
    select * from {{ ref('stg_ops__credit_ledger') }}
),

unrecorded as (
    select * from {{ ref('int_credit_events__unrecorded') }}
),

events as (
    select
        contract_code,
        period_month,
        entry_number,
        step,
        source_kind,
        amount_gbp as asked_gbp,
        effective_on,
        scheme_code,
        basis,
        actor,
        requested_by,
        reason,
        decision_id,
        invoice_number,
        file_id,
        record_number,
        entry_key,
        row_hash
    from ledger
    union all
    select
        contract_code,
        period_month,
        null as entry_number,
        step,
        source_kind,
        asked_gbp,
        effective_on,
        scheme_code,
        basis,
        actor,
        null as requested_by,
        reason,
        decision_id,
        invoice_number,
        file_id,
        record_number,
        null as entry_key,
        null as row_hash
    from unrecorded
),

final as (
    select
        *,
        row_number() over (
            partition by contract_code, period_month
            order by
                entry_number asc nulls last,
                array_position(array['publication', 'decision', 'rule'], source_kind) asc,
                effective_on asc,
                array_position(
                    array['notified', 'disputed', 'agreed', 'deducted', 'waived', 'lapsed'], step
                ) asc,
                decision_id asc
        ) as place
    from events
)

select * from final
