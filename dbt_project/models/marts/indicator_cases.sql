-- One row per indicator, measurement period and case that failed, is disputed or was excluded. A
-- stock's case is in every period at whose end it stands: do not add periods up.
with event_cases as (
    select * from {{ ref('int_indicator_cases__events') }}
),

accepted_relief as (
    select * from {{ ref('int_relief__accepted') }}
    where num_nonnulls(excluded_numerator, excluded_denominator) > 0
),

indicator_periods as (
    select * from {{ ref('int_indicator_periods') }}
),

indicators as (
    select * from {{ ref('indicators') }}
),

standing as (
    select * from {{ ref('int_indicator_standing') }}
),

cases_of_both as (
    select
        contract_code,
        indicator_code,
        period_month,
        'event' as case_source,
        event_id as case_id,
        case_kind,
        is_disputed,
        event_type,
        service_area,
        outcome_code,
        null::text as reason,
        quantity,
        amount_gbp,
        opened_at,
        due_at,
        closed_at,
        file_name,
        file_id,
        record_number
    from event_cases
    union all
    select
        accepted_relief.contract_code,
        accepted_relief.indicator_code,
        accepted_relief.period_month,
        'relief_claim' as case_source,
        accepted_relief.claim_id as case_id,
        'excluded' as case_kind,
        false as is_disputed,
        null::text as event_type,
        null::text as service_area,
        null::text as outcome_code,
        accepted_relief.reason,
        accepted_relief.excluded_denominator as quantity,
        null::numeric as amount_gbp,
        null::timestamptz as opened_at,
        null::timestamptz as due_at,
        null::timestamptz as closed_at,
        accepted_relief.file_name,
        accepted_relief.file_id,
        accepted_relief.record_number
    from accepted_relief
    inner join indicator_periods
        on
            accepted_relief.contract_code = indicator_periods.contract_code
            and accepted_relief.indicator_code = indicator_periods.indicator_code
            and accepted_relief.period_month = indicator_periods.period_month
),

newest as (
    select
        indicator_code,
        max(period_month) as period_month
    from cases_of_both
    group by indicator_code
),

final as (
    select
        -- keys
        cases_of_both.contract_code,
        cases_of_both.indicator_code,
        {{ period_columns('cases_of_both.period_month') }},
        cases_of_both.case_source,
        cases_of_both.case_id,
        -- attributes
        {{ indicator_label('indicators') }} as indicator_label,
        case
            when cases_of_both.period_month = newest.period_month then 'latest' else 'earlier'
        end as recency,
        standing.worst_rank,
        cases_of_both.case_kind,
        cases_of_both.is_disputed,
        cases_of_both.event_type,
        cases_of_both.service_area,
        cases_of_both.outcome_code,
        cases_of_both.reason,
        -- measures
        cases_of_both.quantity::numeric as quantity,
        cases_of_both.amount_gbp::numeric as amount_gbp,
        -- dates
        cases_of_both.opened_at,
        cases_of_both.due_at,
        cases_of_both.closed_at,
        -- provenance
        cases_of_both.file_name,
        cases_of_both.file_id,
        cases_of_both.record_number
    from cases_of_both
    inner join indicators on cases_of_both.indicator_code = indicators.indicator_code
    inner join newest on cases_of_both.indicator_code = newest.indicator_code
    left join standing on cases_of_both.indicator_code = standing.indicator_code
)

select * from final
