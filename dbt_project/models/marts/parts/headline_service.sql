-- One row per contract: is its service in trouble? Points are those of the months that the scheme
-- counts together, not of the newest month.
with newest as (
    select * from {{ ref('newest_service_periods') }}
),

performance as (
    select * from {{ ref('indicator_performance') }}
),

results as (
    select
        newest.contract_code,
        count(*) filter (where performance.kind = 'KPI') as kpis,
        count(*) filter (where performance.kind = 'KPI' and performance.is_failed) as kpis_failed,
        count(*) filter (where performance.kind = 'SLA') as slas,
        count(*) filter (where performance.kind = 'SLA' and performance.is_failed) as slas_failed,
        count(*) filter (where performance.status in ('not_reported', 'deemed')) as not_reported
    from newest
    inner join performance
        on
            newest.contract_code = performance.contract_code
            and newest.basis = performance.basis
            and newest.period_month = performance.period_month
    group by newest.contract_code
),

final as (
    select
        -- keys
        1 as question_number,
        newest.contract_code as subject_code,
        -- attributes
        'Is the service in trouble?' as question,
        case
            when newest.critical_failure then '✖ Critical failure'
            when results.kpis_failed > 0 or results.not_reported > 0 then '▲ Watch'
            else '● On track'
        end as verdict,
        newest.month_name || ': ' || results.kpis_failed || ' of ' || results.kpis || ' KPIs and '
        || results.slas_failed || ' of ' || results.slas || ' SLAs failed'
        || case
            when results.not_reported > 0 then ', ' || results.not_reported || ' not reported'
            else ''
        end
        || '; ' || trim_scale(newest.window_points)::text
        || ' points in the months that count together, critical at '
        || trim_scale(newest.critical_points)::text || '.' as answer,
        -- measures
        null::numeric as amount_gbp
    from newest
    inner join results on newest.contract_code = results.contract_code
)

select * from final
