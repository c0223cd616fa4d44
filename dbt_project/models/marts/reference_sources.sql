-- One row per thing that figures take from reference data: what it says and where that comes from.
-- Lists of indicators are told by their source, so a contract may have several.
with contracts as (
    select * from {{ ref('contracts') }}
),

catalogues as (
    select
        contract_code,
        source,
        count(*) as indicators,
        count(*) filter (where kind = 'KPI') as kpis
    from {{ ref('indicators') }}
    group by contract_code, source
),

targets as (
    select * from {{ ref('support_cost_targets') }}
),

calendar_inputs as (
    select * from {{ ref('calendar_inputs') }}
),

told as (
    select
        1 as topic_number,
        'Contract' as topic,
        contract_code,
        title as subject,
        'from ' || to_char(starts_on, 'DD/MM/YYYY')
        || coalesce(' to ' || to_char(initial_term_ends_on, 'DD/MM/YYYY'), '')
        || coalesce(', extended at most to ' || to_char(extension_ends_on, 'DD/MM/YYYY'), '')
            as stated_text,
        source
    from contracts
    union all
    select
        2 as topic_number,
        'Indicators' as topic,
        contracts.contract_code,
        contracts.title as subject,
        catalogues.indicators || ' indicators, ' || catalogues.kpis || ' of them KPIs'
            as stated_text,
        catalogues.source
    from catalogues
    inner join contracts on catalogues.contract_code = contracts.contract_code
    union all
    select
        3 as topic_number,
        'Support costs' as topic,
        null as contract_code,
        coalesce(nullif(entity_code, ''), 'every entity') as subject,
        'aim ' || trim_scale(target_pct) || '%'
        || coalesce(' by ' || to_char(target_by, 'DD/MM/YYYY'), '')
        || coalesce(
            '; ' || baseline_fiscal_year || ' as stated: ' || trim_scale(baseline_pct) || '%', ''
        )
        || coalesce(
            ' (' || trim_scale(baseline_pct_low) || '% to '
            || trim_scale(baseline_pct_high) || '%)',
            ''
        ) as stated_text,
        source
    from targets
    union all
    select
        4 as topic_number,
        'Calendar' as topic,
        null as contract_code,
        replace(input_code, '_', ' ') as subject,
        value::text as stated_text,
        source
    from calendar_inputs
),

final as (
    select
        -- keys
        row_number() over (
            order by
                topic_number asc,
                contract_code asc,
                subject asc,
                source asc
        )::integer as source_number,
        -- attributes
        contract_code,
        topic,
        subject,
        stated_text,
        source
    from told
)

select * from final
