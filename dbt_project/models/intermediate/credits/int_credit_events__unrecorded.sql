-- One row per thing that wants to happen to a credit and that the ledger does not hold: what is due
-- changes, somebody decided, a claim lapses. Each is judged later, so it may come to nothing.
with credits_due as (
    select * from {{ ref('int_credits_due') }}
),

changes as (
    select * from {{ ref('int_credit_changes') }}
),

decisions as (
    select * from {{ ref('stg_finance__credit_decisions') }}
),

ledger as (
    select * from {{ ref('stg_ops__credit_ledger') }}
),

reckoning as (
    select * from {{ ref('int_reckoning_day') }}
),

changed as (
    select
        contract_code,
        period_month,
        step,
        'publication' as source_kind,
        change_gbp as asked_gbp,
        due_on as effective_on,
        scheme_code,
        basis,
        'outturn' as actor,
        reason,
        null as decision_id,
        null as invoice_number,
        null::bigint as file_id,
        null::bigint as record_number
    from changes
),

decided as (
    select
        decisions.contract_code,
        decisions.period as period_month,
        decisions.decision as step,
        'decision' as source_kind,
        decisions.amount_gbp as asked_gbp,
        decisions.decided_on as effective_on,
        credits_due.scheme_code,
        credits_due.basis,
        decisions.decided_by as actor,
        decisions.reason,
        decisions.decision_id,
        decisions.invoice_number,
        decisions.file_id,
        decisions.record_number
    from decisions
    left join credits_due
        on
            decisions.contract_code = credits_due.contract_code
            and decisions.period = credits_due.period_month
    left join ledger on decisions.decision_id = ledger.decision_id
    where ledger.decision_id is null
),

lapsed as (
    select
        credits_due.contract_code,
        credits_due.period_month,
        'lapsed' as step,
        'rule' as source_kind,
        null::numeric as asked_gbp,
        credits_due.lapses_on + 1 as effective_on,
        credits_due.scheme_code,
        credits_due.basis,
        'outturn' as actor,
        'not notified by ' || to_char(credits_due.lapses_on, 'DD/MM/YYYY') as reason,
        null as decision_id,
        null as invoice_number,
        null::bigint as file_id,
        null::bigint as record_number
    from credits_due
    inner join reckoning on credits_due.lapses_on < reckoning.reckoned_on
),

final as (
    select * from decided
    union all
    select * from changed
    union all
    select * from lapsed
)

select * from final
