-- A code that nobody classified would fall out of the ratio unseen: it stops publication, by name.
with ledger as (
    select * from {{ ref('int_ledger_mapped') }}
),

unmapped as (
    select
        'subjective' as code_type,
        subjective_code as code,
        period_month,
        entity_code,
        amount_gbp
    from ledger
    where not is_subjective_mapped
    union all
    select
        'objective' as code_type,
        objective_code as code,
        period_month,
        entity_code,
        amount_gbp
    from ledger
    where not is_objective_mapped
)

select
    format(
        'The %s code %s is not mapped in cost_categories.csv for %s to %s (£%s of %s). Add a row.',
        code_type,
        code,
        min(period_month),
        max(period_month),
        to_char(sum(amount_gbp), 'FM999,999,999,990.00'),
        entity_code
    ) as message
from unmapped
group by code_type, code, entity_code
