-- One row per file: its rows and amounts as counted in each layer. Counted, not taken from ops.
with layers as (
    {{ file_layer_counts('supplier', 'indicator_returns') | indent(4) }}
    union all
    {{ file_layer_counts(
        'supplier', 'service_events', newest_by=['file_period', 'record_number']) | indent(4) }}
    union all
    {{ file_layer_counts('supplier', 'service_charges') | indent(4) }}
    union all
    {{ file_layer_counts('supplier', 'relief_claims') | indent(4) }}
    union all
    {{ file_layer_counts('supplier', 'rectification_plans') | indent(4) }}
    union all
    {{ file_layer_counts('finance', 'ledger', facts='int_ledger_months') | indent(4) }}
    union all
    {{ file_layer_counts('finance', 'payments') | indent(4) }}
    union all
    {{ file_layer_counts('finance', 'indicator_decisions') | indent(4) }}
    union all
    {{ file_layer_counts('finance', 'relief_decisions') | indent(4) }}
    union all
    {{ file_layer_counts('finance', 'credit_decisions') | indent(4) }}
),

final as (
    select
        -- keys
        extract,
        file_id,
        -- measures
        sum(landed_rows)::bigint as landed_rows,
        sum(landed_amount) as landed_amount,
        sum(superseded_rows)::bigint as superseded_rows,
        sum(superseded_amount) as superseded_amount,
        sum(staged_rows)::bigint as staged_rows,
        sum(staged_amount) as staged_amount,
        sum(fact_rows)::bigint as fact_rows,
        sum(fact_amount) as fact_amount
    from layers
    group by extract, file_id
)

select * from final
