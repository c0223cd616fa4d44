-- One row per entity and month with a ledger: what counts, and what is left out. Additive.
with ledger as (
    select * from {{ ref('int_ledger_mapped') }}
),

final as (
    select
        -- keys
        entity_code,
        period_month,
        -- attributes
        {{ month_index('period_month') }} as month_index,
        {{ month_of_fiscal_year('period_month') }} as month_of_fiscal_year,
        -- measures
        coalesce(sum(amount_gbp) filter (
            where treatment = 'cost' and is_support
        ), 0) as support_cost_gbp,
        coalesce(sum(amount_gbp) filter (
            where treatment = 'cost'
        ), 0) as gross_expenditure_gbp,
        -- income is negative in a ledger
        coalesce(-sum(amount_gbp) filter (
            where treatment = 'earned_income'
        ), 0) as earned_income_gbp,
        coalesce(-sum(amount_gbp) filter (where treatment = 'grant'), 0) as grant_gbp,
        coalesce(sum(amount_gbp) filter (where treatment = 'capital'), 0) as capital_gbp,
        coalesce(sum(amount_gbp) filter (where treatment = 'recharge'), 0) as recharge_gbp,
        coalesce(sum(amount_gbp) filter (where treatment = 'reserve'), 0) as reserve_gbp
    from ledger
    group by entity_code, period_month
)

select * from final
