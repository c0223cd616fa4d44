-- One row per thing that happened, or wants to happen, to a credit, in its order: what the ledger
-- holds, then what is computed as due, then decisions that it does not hold yet, then the lapse.
with ledger as (
    select * from {{ ref('stg_ops__credit_ledger') }}
),

credits_due as (
    select * from {{ ref('int_credits_due') }}
),

changes as (
    select * from {{ ref('int_credit_changes') }}
),

decisions as (
    select * from {{ ref('stg_finance__credit_decisions') }}
),

reckoning as (
    select * from {{ ref('int_reckoning_day') }}
),

events as (
    select
        contract_code,
        period_month,
        1 as kind_order,
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
        2 as kind_order,
        null as entry_number,
        step,
        'publication' as source_kind,
        change_gbp as asked_gbp,
        due_on as effective_on,
        scheme_code,
        basis,
        'outturn' as actor,
        null as requested_by,
        reason,
        null as decision_id,
        null as invoice_number,
        null as file_id,
        null as record_number,
        null as entry_key,
        null as row_hash
    from changes
    union all
    select
        decisions.contract_code,
        decisions.period as period_month,
        3 as kind_order,
        null as entry_number,
        decisions.decision as step,
        'decision' as source_kind,
        decisions.amount_gbp as asked_gbp,
        decisions.decided_on as effective_on,
        credits_due.scheme_code,
        credits_due.basis,
        decisions.decided_by as actor,
        null as requested_by,
        decisions.reason,
        decisions.decision_id,
        decisions.invoice_number,
        decisions.file_id,
        decisions.record_number,
        null as entry_key,
        null as row_hash
    from decisions
    left join credits_due
        on
            decisions.contract_code = credits_due.contract_code
            and decisions.period = credits_due.period_month
    left join ledger on decisions.decision_id = ledger.decision_id
    where ledger.decision_id is null
    union all
    select
        credits_due.contract_code,
        credits_due.period_month,
        4 as kind_order,
        null as entry_number,
        'lapsed' as step,
        'rule' as source_kind,
        null as asked_gbp,
        credits_due.lapses_on + 1 as effective_on,
        credits_due.scheme_code,
        credits_due.basis,
        'outturn' as actor,
        null as requested_by,
        'not notified by ' || to_char(credits_due.lapses_on, 'DD/MM/YYYY') as reason,
        null as decision_id,
        null as invoice_number,
        null as file_id,
        null as record_number,
        null as entry_key,
        null as row_hash
    from credits_due
    inner join reckoning on credits_due.lapses_on < reckoning.reckoned_on
),

final as (
    select
        *,
        row_number() over (
            partition by contract_code, period_month
            order by
                kind_order asc,
                entry_number asc,
                effective_on asc,
                array_position(
                    array['notified', 'disputed', 'agreed', 'deducted', 'waived', 'lapsed'], step
                ) asc,
                decision_id asc
        ) as place
    from events
)

select * from final
