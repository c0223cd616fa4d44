-- One row per thing that needs somebody now: failed, owed, late or in doubt. Amounts of different
-- kinds tell of the same money: never add them up over kinds.
with performance as (
    select * from {{ ref('indicator_performance') }}
),

credits as (
    select * from {{ ref('credits_by_period') }}
    where is_payable
),

open_credits as (
    select * from {{ ref('credit_ageing') }}
),

effects as (
    select * from {{ ref('int_indicator_effects') }}
),

disagreements as (
    select * from {{ ref('indicator_disagreements') }}
),

assurance as (
    select * from {{ ref('data_assurance') }}
),

-- The newest service period of each contract, and the first month that still counts as now.
newest as (
    select
        contract_code,
        basis,
        period_month,
        to_char(period_end_date - interval '2 months', 'YYYY-MM') as recent_from
    from credits
    where recency = 'latest'
),

failed as (
    select
        performance.contract_code,
        1 as kind_number,
        'Failed' as exception_kind,
        performance.indicator_label as subject,
        performance.period_month,
        performance.kind || ': '
        || coalesce(trim_scale(performance.value)::text, 'no return')
        || coalesce(' against ' || trim_scale(performance.target)::text, '')
        || coalesce(' to ' || trim_scale(performance.target_high)::text, '')
        || coalesce(' (' || performance.unit || ')', '')
        || case when performance.is_repeat then ', again' else '' end as detail,
        performance.state,
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
    where
        performance.recency = 'latest'
        and performance.is_failed
),

owed as (
    select
        open_credits.contract_code,
        2 as kind_number,
        'Owed' as exception_kind,
        'Service credit' as subject,
        open_credits.period_month,
        'waits ' || open_credits.state_working_days || ' working days for '
        || open_credits.waits_for
        || case
            when open_credits.life_state = 'due'
                then coalesce(', lapses ' || to_char(open_credits.lapses_on, 'DD/MM/YYYY'), '')
            else ''
        end
        || coalesce(
            '; ' || credits.failed_kpis
            || case when credits.failed_kpis = 1 then ' KPI failed' else ' KPIs failed' end,
            ''
        )
        || case when credits.critical_failure then '; critical failure' else '' end as detail,
        open_credits.life_state_label as state,
        open_credits.outstanding_gbp as amount_gbp
    from open_credits
    left join credits
        on
            open_credits.contract_code = credits.contract_code
            and open_credits.period_month = credits.period_month
),

first_recent as (
    select min(recent_from) as period_month
    from newest
),

late as (
    select
        null::text as contract_code,
        3 as kind_number,
        'Late' as exception_kind,
        {{ extract_label('assurance.extract') }} as subject,
        assurance.period_month,
        coalesce('due ' || to_char(assurance.due_date, 'DD/MM/YYYY'), 'no due day')
        || coalesce(
            ', came '
            || to_char(assurance.first_received_at at time zone 'Europe/London', 'DD/MM/YYYY'),
            ''
        ) as detail,
        '▲ ' || assurance.status as state,
        null::numeric as amount_gbp
    from assurance
    inner join first_recent on assurance.period_month >= first_recent.period_month
    where assurance.status in ('late', 'missing', 'waiting')
),

doubtful_figures as (
    select
        disagreements.contract_code,
        4 as kind_number,
        'In doubt' as exception_kind,
        disagreements.indicator_label as subject,
        disagreements.period_month,
        'reported ' || replace(disagreements.reported_severity, '_', ' ') || ', recomputed '
        || replace(disagreements.recomputed_severity, '_', ' ') as detail,
        '▲ disagrees' as state,
        disagreements.recomputed_effect_gbp as amount_gbp
    from disagreements
    inner join newest
        on
            disagreements.contract_code = newest.contract_code
            and disagreements.period_month >= newest.recent_from
    where disagreements.recomputed_severity <> disagreements.reported_severity
),

doubtful_deliveries as (
    select
        null::text as contract_code,
        4 as kind_number,
        'In doubt' as exception_kind,
        {{ extract_label('assurance.extract') }} as subject,
        assurance.period_month,
        concat_ws(
            ', ',
            case
                when assurance.held_files > 0
                    then assurance.held_files || ' held back by checks'
            end,
            case
                when assurance.refused_files > 0
                    then assurance.refused_files || ' refused whole'
            end,
            case
                when assurance.quarantined_records > 0
                    then assurance.quarantined_records || ' records in quarantine'
            end,
            case
                when assurance.dropped_figures > 0
                    then assurance.dropped_figures || ' figures dropped by a restatement'
            end
        ) as detail,
        case
            when assurance.accepted_files = 0 then '✖ ' || assurance.status
            else '▲ incomplete'
        end as state,
        null::numeric as amount_gbp
    from assurance
    inner join first_recent on assurance.period_month >= first_recent.period_month
    where
        assurance.quarantined_records + assurance.dropped_figures > 0
        or (
            assurance.accepted_files = 0
            and assurance.held_files + assurance.refused_files > 0
        )
),

exceptions as (
    select * from failed
    union all
    select * from owed
    union all
    select * from late
    union all
    select * from doubtful_figures
    union all
    select * from doubtful_deliveries
),

final as (
    select
        -- keys
        row_number() over (
            order by
                kind_number asc,
                amount_gbp desc nulls last,
                period_month desc nulls last,
                subject asc
        )::integer as exception_number,
        -- attributes
        contract_code,
        exception_kind,
        subject,
        period_month,
        detail,
        state,
        -- measures
        amount_gbp
    from exceptions
)

select * from final
