-- One row per credit that is computed now as something else than the ledger has as due: the credit
-- itself where the ledger has nothing, else its adjustment.
with ledger as (
    select * from {{ ref('stg_ops__credit_ledger') }}
),

credits_due as (
    select * from {{ ref('int_credits_due') }}
),

recorded_due as (
    select
        contract_code,
        period_month,
        sum(amount_gbp) as due_gbp
    from ledger
    where step in ('due', 'adjustment')
    group by contract_code, period_month
),

final as (
    select
        -- keys
        credits_due.contract_code,
        credits_due.period_month,
        -- attributes
        case when recorded_due.due_gbp is null then 'due' else 'adjustment' end as step,
        credits_due.scheme_code,
        credits_due.basis,
        case
            when recorded_due.due_gbp is null
                then 'failed: ' || coalesce(credits_due.failed_indicators, 'none')
            else 'computed as £' || credits_due.credit_gbp || ' now'
        end as reason,
        -- measures
        credits_due.credit_gbp - coalesce(recorded_due.due_gbp, 0) as change_gbp,
        -- dates
        credits_due.due_on
    from credits_due
    left join recorded_due
        on
            credits_due.contract_code = recorded_due.contract_code
            and credits_due.period_month = recorded_due.period_month
    where credits_due.credit_gbp <> coalesce(recorded_due.due_gbp, 0)
)

select * from final
