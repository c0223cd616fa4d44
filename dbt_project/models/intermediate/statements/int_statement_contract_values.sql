-- One row per statement about a contract: indicators live on its first day, terms, planned events.
-- A statement without a contract code is about all contracts together.
with statements as (
    select * from {{ ref('published_statements') }}
),

contracts as (
    select * from {{ ref('contracts') }}
),

contract_events as (
    select * from {{ ref('contract_events') }}
),

indicators as (
    select * from {{ ref('indicators') }}
),

indicator_versions as (
    select * from {{ ref('indicator_versions') }}
),

live_indicators as (
    select distinct
        indicators.contract_code,
        indicators.indicator_code,
        indicators.kind
    from indicators
    inner join contracts
        on indicators.contract_code = contracts.contract_code
    inner join indicator_versions
        on
            indicators.indicator_code = indicator_versions.indicator_code
            and contracts.starts_on >= indicator_versions.valid_from
            and contracts.starts_on <= coalesce(indicator_versions.valid_to, 'infinity'::date)
),

indicator_counts as (
    select
        statements.statement_code,
        count(*) filter (
            where statements.check_rule = 'indicators_live' or live_indicators.kind = 'KPI'
        )::numeric as recomputed_value
    from statements
    inner join live_indicators
        on
            coalesce(statements.contract_code, live_indicators.contract_code)
            = live_indicators.contract_code
    where statements.check_rule in ('indicators_live', 'kpis_live')
    group by statements.statement_code
),

terms as (
    select
        statements.statement_code,
        case statements.check_rule
            when 'initial_term_years'
                then {{ months_between(
                    'contracts.starts_on', 'contracts.initial_term_ends_on + 1') }} / 12
            when 'extension_years'
                then {{ months_between(
                    'contracts.initial_term_ends_on + 1', 'contracts.extension_ends_on + 1') }} / 12
        end as recomputed_value
    from statements
    inner join contracts
        on coalesce(statements.contract_code, contracts.contract_code) = contracts.contract_code
    where statements.check_rule in ('initial_term_years', 'extension_years')
),

planned_months as (
    select
        statements.statement_code,
        {{ months_between('from_event.planned_on', 'to_event.planned_on') }} as recomputed_value
    from statements
    inner join contract_events as from_event
        on
            statements.basis_code = from_event.event_code
            and coalesce(statements.contract_code, from_event.contract_code)
            = from_event.contract_code
    inner join contract_events as to_event
        on
            statements.basis_code_2 = to_event.event_code
            and from_event.contract_code = to_event.contract_code
    where statements.check_rule = 'months_between_events'
),

combined as (
    select * from indicator_counts
    union all
    select * from terms
    union all
    select * from planned_months
),

-- over several contracts that differ there is no one figure to compare
final as (
    select
        -- keys
        statement_code,
        -- measures
        trim_scale(min(recomputed_value)) as recomputed_value
    from combined
    group by statement_code
    having min(recomputed_value) = max(recomputed_value)
)

select * from final
