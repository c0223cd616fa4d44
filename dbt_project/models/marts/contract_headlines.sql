-- One row per question that somebody with five minutes asks, and what it is asked of: the verdict
-- and a sentence. Figures in the sentences are those of the marts beside it.
with performance as (
    select * from {{ ref('indicator_performance') }}
),

credits as (
    select * from {{ ref('credits_by_period') }}
    where is_payable
),

owed as (
    select * from {{ ref('int_credits_owed') }}
),

disagreements as (
    select * from {{ ref('indicator_disagreements') }}
),

assurance as (
    select * from {{ ref('data_assurance') }}
),

reckoning as (
    select * from {{ ref('int_reckoning_day') }}
),

ratios as (
    select * from {{ ref('support_cost_ratio') }}
    where
        span = 'rolling12'
        and basis = 'gross'
        and recency = 'latest'
),

newest as (
    select
        *,
        to_char(period_end_date, 'FMMonth YYYY') as month_name,
        to_char(period_end_date - interval '2 months', 'YYYY-MM') as recent_from,
        to_char(period_end_date - interval '11 months', 'YYYY-MM') as year_from
    from credits
    where recency = 'latest'
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

service as (
    select
        1 as question_number,
        'Is the service in trouble?' as question,
        newest.contract_code as subject_code,
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
        null::numeric as amount_gbp
    from newest
    inner join results on newest.contract_code = results.contract_code
),

sums as (
    select
        newest.contract_code,
        coalesce(owed.due_gbp, 0) as due_gbp,
        coalesce(owed.outstanding_gbp, 0) as outstanding_gbp,
        coalesce(owed.unclaimed_gbp, 0) as unclaimed_gbp,
        coalesce(owed.lapsed_gbp, 0) as lapsed_gbp
    from newest
    left join owed on newest.contract_code = owed.contract_code
),

money as (
    select
        2 as question_number,
        'What are we owed?' as question,
        newest.contract_code as subject_code,
        case
            when sums.unclaimed_gbp > sums.lapsed_gbp then '◆ Not all claimed'
            when sums.outstanding_gbp > 0 then '▲ Due'
            else '● Nothing due'
        end as verdict,
        'Outstanding: ' || {{ pounds('sums.outstanding_gbp') }} || ' of '
        || {{ pounds('sums.due_gbp') }} || ' in service credits; due but never claimed: '
        || {{ pounds('sums.unclaimed_gbp') }}
        || case
            when sums.lapsed_gbp > 0
                then ', of which lapsed: ' || {{ pounds('sums.lapsed_gbp') }}
            else ''
        end
        || '; ' || newest.month_name || ': '
        || coalesce({{ pounds('newest.credit_gbp') }}, 'not known without charges')
        || '.' as answer,
        sums.outstanding_gbp as amount_gbp
    from newest
    inner join sums on newest.contract_code = sums.contract_code
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

recount as (
    select
        3 as question_number,
        'Do our own counts bear the supplier out?' as question,
        contract_code as subject_code,
        case
            when effect_gbp > 0 then '▲ No'
            when results > 0 then '▲ Not in all'
            else '● Yes'
        end as verdict,
        'Recounted from transactions, ' || results
        || ' results of the last 12 months fall into another band; credits before caps would be '
        || {{ pounds('abs(effect_gbp)') }}
        || case when effect_gbp < 0 then ' lower.' else ' higher.' end as answer,
        effect_gbp as amount_gbp
    from differences
),

aim as (
    select
        4 as question_number,
        'How far is the aim of ' || trim_scale(target_pct)::text || '%?' as question,
        entity_code as subject_code,
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
        gap_gbp as amount_gbp
    from ratios
    where target_pct is not null
),

recent as (
    select min(recent_from) as recent_from
    from newest
),

deliveries as (
    select
        count(*) filter (where assurance.status in ('late', 'missing')) as late,
        count(*) filter (
            where assurance.accepted_files = 0
            and assurance.held_files + assurance.refused_files > 0
        ) as held,
        coalesce(sum(assurance.quarantined_records), 0) as quarantined
    from assurance
    inner join recent on assurance.period_month >= recent.recent_from
),

trust as (
    select
        5 as question_number,
        'Can the figures be trusted?' as question,
        'deliveries' as subject_code,
        case
            when deliveries.held > 0 then '✖ Not all'
            when deliveries.late > 0 or deliveries.quarantined > 0 then '▲ With care'
            else '● Yes'
        end as verdict,
        coalesce('Deliveries known to ' || to_char(reckoning.reckoned_on, 'DD/MM/YYYY') || '. ', '')
        || 'Of the last 3 months: ' || deliveries.held || ' held back or refused, '
        || deliveries.late || ' late or missing; records in quarantine: '
        || deliveries.quarantined || '.' as answer,
        null::numeric as amount_gbp
    from deliveries
    cross join reckoning
),

questions as (
    select * from service
    union all
    select * from money
    union all
    select * from recount
    union all
    select * from aim
    union all
    select * from trust
),

final as (
    select
        -- keys
        question_number,
        subject_code,
        -- attributes
        question,
        verdict,
        answer,
        -- measures
        round(amount_gbp, 2) as amount_gbp
    from questions
)

select * from final
