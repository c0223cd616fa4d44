-- One row per contract and invoice on which either side has a service credit: what the supplier's
-- invoice lines give, beside what the ledger says was deducted on it.
with charges as (
    select * from {{ ref('stg_supplier__service_charges') }}
    where charge_type = 'service_credit'
),

entries as (
    select * from {{ ref('int_credit_entries') }}
    where step = 'deducted' and amount_gbp is not null
),

given as (
    select
        contract_code,
        coalesce(invoice_number, '') as invoice_number,
        max(period) as period_month,
        -sum(charge_gbp) as invoice_gbp,
        count(*) as invoice_lines,
        min(file_name) as file_name,
        min(record_number) as record_number
    from charges
    group by contract_code, coalesce(invoice_number, '')
),

deducted as (
    select
        contract_code,
        coalesce(invoice_number, '') as invoice_number,
        max(period_month) as last_period_month,
        sum(amount_gbp) as ledger_gbp,
        string_agg(distinct period_month, ', ' order by period_month) as credit_periods
    from entries
    group by contract_code, coalesce(invoice_number, '')
),

final as (
    select
        -- keys
        coalesce(given.contract_code, deducted.contract_code) as contract_code,
        coalesce(given.invoice_number, deducted.invoice_number) as invoice_number,
        coalesce(given.period_month, deducted.last_period_month) as period_month,
        -- attributes
        case
            when given.invoice_gbp is null then 'not_on_invoice'
            when deducted.ledger_gbp is null then 'not_in_ledger'
            when given.invoice_gbp = deducted.ledger_gbp then 'matched'
            else 'differs'
        end as match_state,
        deducted.credit_periods,
        coalesce(given.invoice_lines, 0)::integer as invoice_lines,
        -- measures
        coalesce(given.invoice_gbp, 0) as invoice_gbp,
        coalesce(deducted.ledger_gbp, 0) as ledger_gbp,
        coalesce(given.invoice_gbp, 0) - coalesce(deducted.ledger_gbp, 0) as difference_gbp,
        -- provenance
        given.file_name,
        given.record_number
    from given
    full outer join deducted
        on
            given.contract_code = deducted.contract_code
            and given.invoice_number = deducted.invoice_number
)

select * from final
