-- One row per entity, month, subjective and objective code, with the mapping in force at month end.
-- A code without a mapping has null there: a test names it and stops publication.
with ledger_months as (
    select
        *,
        {{ period_end('period_month') }} as period_end_date
    from {{ ref('int_ledger_months') }}
),

cost_categories as (
    select * from {{ ref('cost_categories') }}
),

final as (
    select
        -- keys
        ledger_months.period_month,
        ledger_months.entity_code,
        ledger_months.subjective_code,
        ledger_months.objective_code,
        -- attributes
        subjective.category_code,
        subjective.category_name,
        subjective.treatment,
        objective.category_name as function_group,
        objective.function_name,
        coalesce(objective.is_support, false) as is_support,
        coalesce(subjective.treatment, '') != ''
        and subjective.category_code is not null as is_subjective_mapped,
        objective.category_name is not null
        and objective.function_name is not null as is_objective_mapped,
        -- measures
        ledger_months.amount_gbp,
        ledger_months.line_count,
        -- dates
        ledger_months.period_end_date,
        -- provenance
        ledger_months.file_id
    from ledger_months
    left join cost_categories as subjective
        on
            ledger_months.subjective_code = subjective.code
            and subjective.code_type = 'subjective'
            and ledger_months.period_end_date >= subjective.valid_from
            and ledger_months.period_end_date <= coalesce(subjective.valid_to, 'infinity'::date)
    left join cost_categories as objective
        on
            ledger_months.objective_code = objective.code
            and objective.code_type = 'objective'
            and ledger_months.period_end_date >= objective.valid_from
            and ledger_months.period_end_date <= coalesce(objective.valid_to, 'infinity'::date)
)

select * from final
