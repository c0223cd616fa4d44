-- One row per indicator that failed its newest period, if that counts as now. Its credit is before
-- caps and part of the credit that is owed.
with newest as (
    select * from {{ ref('newest_service_periods') }}
),

performance as (
    select * from {{ ref('indicator_performance') }}
    where
        recency = 'latest'
        and is_failed
),

effects as (
    select * from {{ ref('int_indicator_effects') }}
),

final as (
    select
        -- keys
        performance.contract_code,
        1 as kind_number,
        performance.indicator_label as subject,
        performance.period_month,
        -- attributes
        'Failed' as exception_kind,
        performance.kind || ': '
        || coalesce(trim_scale(performance.value)::text, 'no return')
        || coalesce(' against ' || trim_scale(performance.target)::text, '')
        || coalesce(' to ' || trim_scale(performance.target_high)::text, '')
        || coalesce(' (' || performance.unit || ')', '')
        || case when performance.is_repeat then ', again' else '' end as detail,
        performance.state,
        -- measures
        effects.uncapped_gbp as amount_gbp
    from performance
    inner join newest
        on
            performance.contract_code = newest.contract_code
            and performance.basis = newest.basis
            and performance.period_month >= newest.recent_from
    left join effects
        on
            performance.indicator_code = effects.indicator_code
            and performance.period_month = effects.period_month
            and performance.basis = effects.basis
)

select * from final
