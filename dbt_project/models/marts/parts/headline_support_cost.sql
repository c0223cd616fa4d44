-- One row per entity with a target: how far is the aim for support costs? Of the newest twelve
-- months; without twelve there is no ratio.
with ratios as (
    select * from {{ ref('support_cost_ratio') }}
    where
        span = 'rolling12'
        and basis = 'gross'
        and recency = 'latest'
        and target_pct is not null
),

final as (
    select
        -- keys
        4 as question_number,
        entity_code as subject_code,
        -- attributes
        'How far is the aim of ' || trim_scale(target_pct)::text || '%?' as question,
        case
            when ratio_pct is null then '○ Under 12 months'
            when gap_gbp <= 0 then '● Reached'
            when ratio_pct <= path_pct then '● On the line'
            when path_pct is null then '▲ Not reached'
            else '▲ Behind the line'
        end as verdict,
        coalesce(
            'Support costs are ' || round(ratio_pct, 1)::text
            || '% of gross expenditure in the 12 months to '
            || to_char(period_end_date, 'FMMonth YYYY')
            || coalesce('; the straight line stands at ' || round(path_pct, 1)::text || '%', '')
            || '; ' || {{ pounds('greatest(gap_gbp, 0)') }} || ' a year to go.',
            'The ledger covers fewer than 12 months.'
        ) as answer,
        -- measures
        gap_gbp as amount_gbp
    from ratios
)

select * from final
