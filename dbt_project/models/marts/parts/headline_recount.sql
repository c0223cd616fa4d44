-- One row per contract: do our own counts bear the supplier out? Of the last twelve months; credits
-- are before caps.
with newest as (
    select * from {{ ref('newest_service_periods') }}
),

disagreements as (
    select * from {{ ref('indicator_disagreements') }}
),

differences as (
    select
        newest.contract_code,
        count(disagreements.indicator_code) as results,
        coalesce(sum(disagreements.recomputed_effect_gbp), 0) as effect_gbp
    from newest
    left join disagreements
        on
            newest.contract_code = disagreements.contract_code
            and disagreements.period_month between newest.year_from and newest.period_month
            and disagreements.recomputed_severity <> disagreements.reported_severity
    group by newest.contract_code
),

final as (
    select
        -- keys
        3 as question_number,
        contract_code as subject_code,
        -- attributes
        'Do our own counts bear the supplier out?' as question,
        case
            when effect_gbp > 0 then '▲ No'
            when results > 0 then '▲ Not in all'
            else '● Yes'
        end as verdict,
        'Recounted from transactions, ' || results
        || ' results of the last 12 months fall into another band; credits before caps would be '
        || {{ pounds('abs(effect_gbp)') }}
        || case when effect_gbp < 0 then ' lower.' else ' higher.' end as answer,
        -- measures
        effect_gbp as amount_gbp
    from differences
)

select * from final
