-- One row per invoice with a service credit, by the supplier's lines or by the ledger: do they
-- match. Months are those of the invoice; the credits deducted on it are of earlier months.
with invoices as (
    select * from {{ ref('int_credit_invoices') }}
),

final as (
    select
        -- keys
        contract_code,
        invoice_number,
        {{ period_columns('period_month') }},
        -- attributes
        match_state,
        case match_state
            when 'matched' then '● matched'
            when 'differs' then '■ differs'
            when 'not_on_invoice' then '✖ not on the invoice'
            else '◆ not in the ledger'
        end as match_state_label,
        credit_periods,
        invoice_lines,
        -- measures
        invoice_gbp::numeric as invoice_gbp,
        ledger_gbp::numeric as ledger_gbp,
        difference_gbp::numeric as difference_gbp,
        -- provenance
        file_name,
        record_number
    from invoices
)

select * from final
