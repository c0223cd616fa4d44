-- One row per indicator, measurement period and case that failed, is disputed or was excluded. A
-- stock's case is in every period at whose end it stands: do not add periods up.
with cases as (
    select * from {{ ref('int_recomputed__cases') }}
),

superseded as (
    select * from {{ ref('int_service_events__superseded') }}
),

indicator_periods as (
    select * from {{ ref('int_indicator_periods') }}
),

-- What could not be recomputed has no cases: they would be some of those that nobody counted.
recomputed as (
    select
        indicator_code,
        period_month
    from {{ ref('int_recomputed__measures') }}
),

indicators as (
    select * from {{ ref('indicators') }}
),

standing as (
    select * from {{ ref('int_indicator_standing') }}
),

relief_claims as (
    select * from {{ ref('stg_supplier__relief_claims') }}
),

relief_decisions as (
    select * from {{ ref('stg_finance__relief_decisions') }}
    where
        status in ('accepted', 'accepted_in_part')
        and (
            num_nonnulls(excluded_numerator, excluded_denominator) > 0
            or waived_points_pct is null
        )
),

newest_cases as (
    select cases.*
    from cases
    left join superseded
        on
            cases.period_month = superseded.period_month
            and cases.event_hash = superseded.event_hash
            and cases.contract_code = superseded.contract_code
            and cases.event_id = superseded.event_id
    where superseded.event_id is null
),

event_cases as (
    select distinct on (
        indicator_periods.indicator_code, indicator_periods.period_month, newest_cases.event_id
    )
        indicator_periods.contract_code,
        indicator_periods.indicator_code,
        indicator_periods.period_month,
        'event' as case_source,
        newest_cases.event_id as case_id,
        newest_cases.case_kind,
        newest_cases.is_disputed,
        newest_cases.event_type,
        newest_cases.service_area,
        newest_cases.outcome_code,
        null::text as reason,
        newest_cases.quantity,
        newest_cases.amount_gbp,
        newest_cases.opened_at,
        newest_cases.due_at,
        newest_cases.closed_at,
        newest_cases.file_name,
        newest_cases.file_id,
        newest_cases.record_number
    from newest_cases
    inner join indicator_periods
        on
            newest_cases.contract_code = indicator_periods.contract_code
            and newest_cases.recompute_rule = indicator_periods.recompute_rule
            and newest_cases.enters_month <= indicator_periods.period_month
            and (
                case
                    when newest_cases.is_stock
                        then
                            newest_cases.leaves_month is null
                            or newest_cases.leaves_month > indicator_periods.period_month
                    else newest_cases.enters_month >= indicator_periods.first_month
                end
            )
            -- A rule may serve indicators of both directions.
            and (
                newest_cases.case_kind <> 'failed'
                or newest_cases.is_passed = (indicator_periods.direction = 'lower')
            )
    inner join recomputed
        on
            indicator_periods.indicator_code = recomputed.indicator_code
            and indicator_periods.period_month = recomputed.period_month
    order by
        indicator_periods.indicator_code asc,
        indicator_periods.period_month asc,
        newest_cases.event_id asc,
        newest_cases.case_kind = 'failed' desc
),

claim_cases as (
    select
        indicator_periods.contract_code,
        indicator_periods.indicator_code,
        indicator_periods.period_month,
        'relief_claim' as case_source,
        relief_claims.claim_id as case_id,
        'excluded' as case_kind,
        false as is_disputed,
        null::text as event_type,
        null::text as service_area,
        null::text as outcome_code,
        coalesce(relief_decisions.reason, relief_claims.reason) as reason,
        coalesce(relief_decisions.excluded_denominator, relief_claims.excluded_denominator)
            as quantity,
        null::numeric as amount_gbp,
        null::timestamptz as opened_at,
        null::timestamptz as due_at,
        null::timestamptz as closed_at,
        relief_claims.file_name,
        relief_claims.file_id,
        relief_claims.record_number
    from relief_claims
    inner join relief_decisions on relief_claims.claim_id = relief_decisions.claim_id
    inner join indicator_periods
        on
            relief_claims.contract_code = indicator_periods.contract_code
            and relief_claims.indicator_code = indicator_periods.indicator_code
            and relief_claims.period = indicator_periods.period_month
),

cases_of_both as (
    select * from event_cases
    union all
    select * from claim_cases
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
