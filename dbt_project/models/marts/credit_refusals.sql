-- One row per decision about a credit that cannot stand, with why and where it came from. It waits
-- here: what makes it stand later (a figure, an earlier step) takes it in by itself.
with entries as (
    select * from {{ ref('int_credit_entries') }}
),

decisions as (
    select * from {{ ref('stg_finance__credit_decisions') }}
),

files as (
    select * from {{ ref('stg_ops__files') }}
),

refused as (
    select
        decision_id,
        contract_code,
        period_month,
        step,
        refusal,
        actor,
        invoice_number,
        asked_gbp,
        effective_on,
        file_id,
        record_number
    from entries
    where refusal is not null
    union all
    select
        decisions.decision_id,
        decisions.contract_code,
        decisions.period as period_month,
        decisions.decision as step,
        'it is in the ledger as ' || entries.step || ' of £' || entries.amount_gbp || ' for '
        || entries.period_month || '; decide anew under another decision_id' as refusal,
        decisions.decided_by as actor,
        decisions.invoice_number,
        decisions.amount_gbp as asked_gbp,
        decisions.decided_on as effective_on,
        decisions.file_id,
        decisions.record_number
    from decisions
    inner join entries on decisions.decision_id = entries.decision_id
    where
        entries.row_hash is not null
        and (
            decisions.contract_code <> entries.contract_code
            or decisions.period <> entries.period_month
            or decisions.decision <> entries.step
            or decisions.amount_gbp <> entries.amount_gbp
            or decisions.invoice_number is distinct from entries.invoice_number
        )
),

final as (
    select
        -- keys
        refused.decision_id,
        refused.contract_code,
        {{ period_columns('refused.period_month') }},
        -- attributes
        refused.step,
        refused.refusal,
        refused.actor,
        refused.invoice_number,
        -- measures
        refused.asked_gbp::numeric as asked_gbp,
        -- dates
        refused.effective_on,
        -- provenance
        refused.file_id,
        files.file_name,
        refused.record_number
    from refused
    left join files on refused.file_id = files.file_id
)

select * from final
