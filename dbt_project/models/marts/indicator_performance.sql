-- One row per indicator, measurement period and basis. Bases lie side by side, and so do months,
-- quarters and years: filter on basis before adding up points.
with results as (
    select * from {{ ref('int_indicator_results') }}
),

indicator_periods as (
    select * from {{ ref('int_indicator_periods') }}
),

indicators as (
    select * from {{ ref('indicators') }}
),

contracts as (
    select * from {{ ref('contracts') }}
),

returns as (
    select * from {{ ref('int_indicator_returns') }}
),

standing as (
    select * from {{ ref('int_indicator_standing') }}
),

final as (
    select
        -- keys
        results.contract_code,
        results.indicator_code,
        results.basis,
        {{ period_columns('results.period_month') }},
        -- attributes
        contracts.title as contract_title,
        contracts.supplier_name,
        indicators.kind,
        indicators.service_area,
        indicators.name as indicator_name,
        {{ indicator_label('indicators') }} as indicator_label,
        indicators.unit,
        indicators.direction,
        indicators.frequency,
        indicators.origin,
        indicators.senior_client,
        indicator_periods.is_in_contract,
        results.status,
        results.severity,
        {{ state_of('results.rated_as') }} as state,
        {{ state_order('results.rated_as') }} as state_order,
        coalesce(
            {{ state_sign('results.rated_as') }} || chr(160)
            || trim_scale(round(results.value, 2))::text,
            {{ state_of('results.rated_as') }}
        ) as result_text,
        results.recency,
        standing.worst_rank,
        results.severity_unrelieved,
        results.rating,
        results.is_failed,
        results.is_repeat,
        results.is_late,
        results.scheme_code,
        -- measures
        trim_scale(results.numerator)::numeric as numerator,
        trim_scale(results.denominator)::numeric as denominator,
        trim_scale(results.value)::numeric as value,
        trim_scale(results.value_unrelieved)::numeric as value_unrelieved,
        trim_scale(returns.reported_value)::numeric as reported_value,
        indicator_periods.target::numeric as target,
        indicator_periods.target_high::numeric as target_high,
        indicator_periods.service_threshold::numeric as service_threshold,
        indicators.day1_level::numeric as day1_level,
        trim_scale(results.base_points)::numeric as base_points,
        trim_scale(results.points)::numeric as points,
        trim_scale(results.points_unrelieved)::numeric as points_unrelieved,
        -- dates
        indicator_periods.due_at,
        -- provenance
        case when results.basis <> 'recomputed' then returns.file_name end as file_name,
        case when results.basis <> 'recomputed' then returns.record_number end as record_number
    from results
    inner join indicator_periods
        on
            results.indicator_code = indicator_periods.indicator_code
            and results.period_month = indicator_periods.period_month
    inner join indicators on results.indicator_code = indicators.indicator_code
    inner join contracts on results.contract_code = contracts.contract_code
    left join standing on results.indicator_code = standing.indicator_code
    left join returns
        on
            results.contract_code = returns.contract_code
            and results.indicator_code = returns.indicator_code
            and results.period_month = returns.period_month
)

select * from final
