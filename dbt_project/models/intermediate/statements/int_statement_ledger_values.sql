-- One row per statement about support costs: gross, of a full financial year, in £ or %.
-- A statement without an entity code is about all entities together.
with statements as (
    select * from {{ ref('published_statements') }}
    where check_rule in ('support_cost_year', 'support_ratio_year', 'support_ratio_latest')
),

targets as (
    select * from {{ ref('int_support_cost_targets') }}
),

years as (
    select
        *,
        {{ fiscal_year('period_month') }} as fiscal_year
    from {{ ref('int_support_cost_spans') }}
    where span = 'year'
),

ranked_years as (
    select
        years.*,
        years.fiscal_year = targets.baseline_fiscal_year as is_baseline,
        rank() over (order by years.fiscal_year desc) = 1 as is_latest
    from years
    left join targets on years.entity_code = targets.entity_code
),

sums as (
    select
        statements.statement_code,
        statements.check_rule,
        sum(ranked_years.support_cost_gbp) as support_cost_gbp,
        sum(ranked_years.gross_expenditure_gbp) as gross_expenditure_gbp
    from statements
    inner join ranked_years
        on
            ranked_years.entity_code
            = coalesce(statements.entity_code, ranked_years.entity_code)
            and case
                when statements.check_rule = 'support_ratio_latest' then ranked_years.is_latest
                else ranked_years.is_baseline
            end
    group by statements.statement_code, statements.check_rule
),

final as (
    select
        -- keys
        statement_code,
        -- measures
        case
            when check_rule = 'support_cost_year' then support_cost_gbp
            else trim_scale(100 * support_cost_gbp / nullif(gross_expenditure_gbp, 0))
        end as recomputed_value
    from sums
)

select * from final
