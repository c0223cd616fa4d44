-- One row per entity, month, function, subjective group and treatment. Additive; all of the ledger.
with ledger as (
    select * from {{ ref('int_ledger_mapped') }}
    where {{ in_published_periods('period_month') }}
),

closings as (
    select * from {{ ref('int_ledger_closings') }}
),

sums as (
    select
        entity_code,
        period_month,
        function_group,
        function_name,
        is_support,
        category_code,
        category_name,
        treatment,
        sum(amount_gbp) as amount_gbp,
        sum(line_count) as line_count
    from ledger
    group by
        entity_code,
        period_month,
        function_group,
        function_name,
        is_support,
        category_code,
        category_name,
        treatment
),

final as (
    select
        -- keys
        sums.entity_code,
        {{ period_columns('sums.period_month') }},
        sums.function_group,
        sums.function_name,
        sums.category_code,
        sums.treatment,
        -- attributes
        sums.category_name,
        sums.is_support,
        sums.treatment = 'cost' as is_gross_expenditure,
        sums.treatment = 'cost' and sums.is_support as is_support_cost,
        closings.is_provisional,
        -- measures
        sums.amount_gbp,
        sums.line_count::bigint as line_count
    from sums
    left join closings
        on sums.period_month = closings.period_month
)

select * from final
