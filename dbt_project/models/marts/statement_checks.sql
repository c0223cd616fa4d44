-- One row per published statement, the value recomputed and the verdict. Never added up.
with statements as (
    select * from {{ ref('published_statements') }}
),

recomputed as (
    select * from {{ ref('int_statement_values') }}
),

in_unit as (
    select
        statements.*,
        case
            when statements.is_checkable
                then trim_scale(
                    recomputed.recomputed_value
                    / case statements.unit when 'GBP m' then 1000000 else 1 end
                )
        end as computed_value,
        case
            when statements.is_checkable and statements.unit in ('GBP', 'GBP m')
                then recomputed.recomputed_value
        end as computed_gbp
    from statements
    left join recomputed
        on statements.statement_code = recomputed.statement_code
),

judged as (
    select
        *,
        computed_value - stated_value as difference,
        case
            when computed_value is null then 'cannot be checked independently'
            when comparator = 'over' and computed_value > stated_value then 'agrees exactly'
            when comparator = 'at_least' and computed_value >= stated_value then 'agrees exactly'
            when comparator in ('over', 'at_least') then 'disagrees'
            when computed_value = stated_value then 'agrees exactly'
            when round(computed_value, stated_dp) = stated_value
                then 'agrees at the stated precision'
            when comparator = '=' and trunc(computed_value, stated_dp) = stated_value
                then 'agrees only by truncation'
            else 'disagrees'
        end as verdict
    from in_unit
),

final as (
    select
        -- keys
        statement_code,
        -- attributes
        title,
        source,
        quote,
        comparator,
        unit,
        check_rule,
        verdict,
        case verdict
            when 'disagrees' then '▲ '
            when 'agrees only by truncation' then '▲ '
            when 'cannot be checked independently' then '○ '
            else '● '
        end || verdict || case
            when verdict = 'disagrees'
                then
                    ' by ' || {{ quantity('round(abs(difference), stated_dp + 2)', 'unit') }}
                    || case when difference < 0 then ' (less)' else ' (more)' end
            else ''
        end as verdict_text,
        case verdict
            when 'disagrees' then 1
            when 'agrees only by truncation' then 2
            when 'agrees at the stated precision' then 3
            when 'agrees exactly' then 4
            else 5
        end as verdict_order,
        {{ quantity('stated_value', 'unit') }} as stated_text,
        {{ quantity('round(computed_value, stated_dp + 2)', 'unit') }} as computed_text,
        note,
        -- measures
        stated_value,
        stated_dp,
        stated_value - 0.5 * power(10::numeric, -stated_dp) as stated_low,
        stated_value + 0.5 * power(10::numeric, -stated_dp) as stated_high,
        computed_value,
        round(computed_gbp, 2) as computed_gbp,
        difference
    from judged
)

select * from final
