-- One row per indicator, measurement period and event that failed or is disputed in it. A stock's
-- event is in every period at whose end it stands.
with cases as (
    select * from {{ ref('int_recomputed__cases') }}
),

superseded as (
    select * from {{ ref('int_service_events__superseded') }}
),

indicator_periods as (
    select * from {{ ref('int_indicator_periods') }}
),

newest_months as (
    select distinct
        contract_code,
        newest_month
    from {{ ref('int_service_events__delivered') }}
),

-- What could not be recomputed has no cases: they would be some of those that nobody counted.
recomputed as (
    select
        indicator_code,
        period_month
    from {{ ref('int_recomputed__measures') }}
),

newest_cases as (
    select cases.*
    from cases
    inner join newest_months on cases.contract_code = newest_months.contract_code
    left join superseded
        on
            cases.period_month = superseded.period_month
            and cases.event_hash = superseded.event_hash
            and cases.contract_code = superseded.contract_code
            and cases.event_id = superseded.event_id
    where
        superseded.event_id is null
        and (cases.known_month is null or cases.known_month <= newest_months.newest_month)
),

final as (
    select distinct on (
        indicator_periods.indicator_code, indicator_periods.period_month, newest_cases.event_id
    )
        -- keys
        indicator_periods.contract_code,
        indicator_periods.indicator_code,
        indicator_periods.period_month,
        newest_cases.event_id,
        -- attributes
        newest_cases.case_kind,
        newest_cases.is_disputed,
        newest_cases.event_type,
        newest_cases.service_area,
        newest_cases.outcome_code,
        -- measures
        newest_cases.quantity,
        newest_cases.amount_gbp,
        -- dates
        newest_cases.opened_at,
        newest_cases.due_at,
        newest_cases.closed_at,
        -- provenance
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
)

select * from final
