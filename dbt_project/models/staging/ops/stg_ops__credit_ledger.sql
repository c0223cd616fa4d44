-- One row per step of a credit that was recorded by var as_at.
with credit_ledger as (
    select * from {{ source('ops', 'credit_ledger') }}
    where recorded_at <= '{{ var("as_at") }}'::timestamptz
),

final as (
    select
        -- keys
        entry_number,
        contract_code,
        period as period_month,
        entry_key,
        -- attributes
        step,
        source as source_kind,
        scheme_code,
        basis,
        actor,
        requested_by,
        reason,
        decision_id,
        invoice_number,
        -- measures
        amount_gbp::numeric as amount_gbp,
        -- dates
        effective_on,
        -- provenance
        file_id,
        record_number,
        row_hash
    from credit_ledger
)

select * from final
