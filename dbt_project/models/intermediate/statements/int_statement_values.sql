-- One row per published statement that a rule can recompute: the value in £, %, or a count.
with statements as (
    select * from {{ ref('published_statements') }}
),

values_from_contracts as (
    select * from {{ ref('int_statement_contract_values') }}
),

values_from_ledger as (
    select * from {{ ref('int_statement_ledger_values') }}
),

values_from_itself as (
    select
        statement_code,
        case check_rule
            when 'stated_value' then basis_value
            when 'share_of_basis' then 100 * basis_value / nullif(basis_value_2, 0)
            when 'percent_of_basis' then basis_value * basis_value_2 / 100
        end as recomputed_value
    from statements
),

combined as (
    select * from values_from_contracts
    union all
    select * from values_from_ledger
    union all
    select * from values_from_itself
),

final as (
    select
        -- keys
        statement_code,
        -- measures
        trim_scale(recomputed_value) as recomputed_value
    from combined
    where recomputed_value is not null
)

select * from final
