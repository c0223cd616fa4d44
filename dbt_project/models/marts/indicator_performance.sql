-- One row per indicator, measurement period and basis. Bases lie side by side, and so do months,
-- quarters and years: filter on basis before adding up points.
with indicator_points as (
    select * from {{ ref('int_indicator_points') }}
    where role = 'in_force'
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

rating_rules as (
    select
        nullif(indicator_code, '') as indicator_code,
        severity,
        rating
    from {{ ref('rating_rules') }}
),

both_sides as (
    select
        indicator_points.*,
        coalesce(indicator_points.severity, indicator_points.status) as rated_as,
        max(indicator_points.value) filter (where not indicator_points.is_relieved)
            over result as value_unrelieved,
        max(indicator_points.severity) filter (where not indicator_points.is_relieved)
            over result as severity_unrelieved,
        max(indicator_points.points) filter (where not indicator_points.is_relieved)
            over result as points_unrelieved
    from indicator_points
    window result as (
        partition by
            indicator_points.indicator_code,
            indicator_points.period_month,
            indicator_points.basis
    )
),

newest as (
    select
        indicator_code,
        basis,
        max(period_month) as period_month
    from both_sides
    where status <> 'awaited'
    group by
        indicator_code,
        basis
),

joined as (
    select * from both_sides
    where is_relieved
),

final as (
    select
        -- keys
        joined.contract_code,
        joined.indicator_code,
        joined.basis,
        {{ period_columns('joined.period_month') }},
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
        joined.status,
        joined.severity,
        {{ state_of('joined.rated_as') }} as state,
        {{ state_order('joined.rated_as') }} as state_order,
        coalesce(
            {{ state_sign('joined.rated_as') }} || chr(160)
            || trim_scale(round(joined.value, 2))::text,
            {{ state_of('joined.rated_as') }}
        ) as result_text,
        case when newest.indicator_code is null then 'earlier' else 'latest' end as recency,
        standing.worst_rank,
        joined.severity_unrelieved,
        coalesce(
            own_rating.rating,
            general_rating.rating,
            case joined.rated_as
                when 'met' then 'Good'
                when 'minor' then 'Approaching target'
                when 'serious' then 'Requires improvement'
                when 'severe' then 'Requires improvement'
                when 'below_threshold' then 'Inadequate'
                else 'Other'
            end
        ) as rating,
        joined.is_failed,
        joined.is_repeat,
        joined.is_late,
        joined.scheme_code,
        -- measures
        trim_scale(joined.numerator)::numeric as numerator,
        trim_scale(joined.denominator)::numeric as denominator,
        trim_scale(joined.value)::numeric as value,
        trim_scale(joined.value_unrelieved)::numeric as value_unrelieved,
        trim_scale(returns.reported_value)::numeric as reported_value,
        indicator_periods.target::numeric as target,
        indicator_periods.target_high::numeric as target_high,
        indicator_periods.service_threshold::numeric as service_threshold,
        indicators.day1_level::numeric as day1_level,
        trim_scale(joined.base_points)::numeric as base_points,
        trim_scale(joined.points)::numeric as points,
        trim_scale(joined.points_unrelieved)::numeric as points_unrelieved,
        -- dates
        indicator_periods.due_at,
        -- provenance
        case when joined.basis <> 'recomputed' then returns.file_name end as file_name,
        case when joined.basis <> 'recomputed' then returns.record_number end as record_number
    from joined
    inner join indicator_periods
        on
            joined.indicator_code = indicator_periods.indicator_code
            and joined.period_month = indicator_periods.period_month
    inner join indicators on joined.indicator_code = indicators.indicator_code
    inner join contracts on joined.contract_code = contracts.contract_code
    left join standing on joined.indicator_code = standing.indicator_code
    left join newest
        on
            joined.indicator_code = newest.indicator_code
            and joined.basis = newest.basis
            and joined.period_month = newest.period_month
    left join returns
        on
            joined.contract_code = returns.contract_code
            and joined.indicator_code = returns.indicator_code
            and joined.period_month = returns.period_month
    left join rating_rules as own_rating
        on
            joined.indicator_code = own_rating.indicator_code
            and joined.rated_as = own_rating.severity
    left join rating_rules as general_rating
        on
            general_rating.indicator_code is null
            and joined.rated_as = general_rating.severity
)

select * from final
