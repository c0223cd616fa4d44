-- One row per step of one credit's life. Sums are those after the step: add up amount_gbp of one
-- kind of step, or take the sums of the last step of each credit; never add up sums over steps.
with entries as (
    select * from {{ ref('int_credit_entries') }}
    where amount_gbp is not null
),

invoices as (
    select * from {{ ref('int_credit_invoices') }}
),

files as (
    select * from {{ ref('stg_ops__files') }}
),

numbered as (
    select
        entries.*,
        {{ credit_state('entries') }} as life_state,
        row_number() over credit as step_number,
        row_number() over credit = count(*) over (
            partition by entries.contract_code, entries.period_month
        ) as is_last
    from entries
    window credit as (
        partition by entries.contract_code, entries.period_month
        order by entries.place
    )
),

final as (
    select
        -- keys
        numbered.contract_code,
        {{ period_columns('numbered.period_month') }},
        numbered.step_number::integer as step_number,
        -- attributes
        numbered.step,
        numbered.source_kind,
        numbered.entry_key,
        numbered.life_state,
        {{ credit_state_label('numbered.life_state') }} as life_state_label,
        case when numbered.is_last then 'latest' else 'earlier' end as recency,
        numbered.scheme_code,
        numbered.basis,
        numbered.actor,
        numbered.requested_by,
        numbered.reason,
        numbered.decision_id,
        numbered.invoice_number,
        case when numbered.step = 'deducted' then invoices.match_state end as invoice_match,
        -- measures
        numbered.amount_gbp::numeric as amount_gbp,
        numbered.due_gbp::numeric as due_gbp,
        numbered.notified_gbp::numeric as notified_gbp,
        numbered.agreed_gbp::numeric as agreed_gbp,
        numbered.disputed_gbp::numeric as disputed_gbp,
        numbered.deducted_gbp::numeric as deducted_gbp,
        numbered.waived_gbp::numeric as waived_gbp,
        numbered.lapsed_gbp::numeric as lapsed_gbp,
        numbered.outstanding_gbp::numeric as outstanding_gbp,
        -- dates
        numbered.effective_on,
        -- provenance
        numbered.file_id,
        files.file_name,
        numbered.record_number
    from numbered
    left join invoices
        on
            numbered.contract_code = invoices.contract_code
            and numbered.invoice_number = invoices.invoice_number
    left join files on numbered.file_id = files.file_id
)

select * from final
