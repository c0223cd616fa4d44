-- One row per indicator and period that counts as now, of which the supplier's figure and our own
-- count fall into different bands.
with newest as (
    select * from {{ ref('newest_service_periods') }}
),

disagreements as (
    select * from {{ ref('indicator_disagreements') }}
    where recomputed_severity <> reported_severity
),

final as (
    select
        -- keys
        disagreements.contract_code,
        4 as kind_number,
        disagreements.indicator_label as subject,
        disagreements.period_month,
        -- attributes
        'In doubt' as exception_kind,
        'reported ' || replace(disagreements.reported_severity, '_', ' ') || ', recomputed '
        || replace(disagreements.recomputed_severity, '_', ' ') as detail,
        '▲ disagrees' as state,
        -- measures
        disagreements.recomputed_effect_gbp as amount_gbp
    from disagreements
    inner join newest
        on
            disagreements.contract_code = newest.contract_code
            and disagreements.period_month >= newest.recent_from
)

select * from final
