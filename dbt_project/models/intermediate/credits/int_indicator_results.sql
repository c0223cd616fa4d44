-- One row per indicator, measurement period and basis under the scheme in force: the relieved
-- result with the unrelieved one beside it, its rating, and whether it is the newest.
with indicator_points as (
    select * from {{ ref('int_indicator_points') }}
    where role = 'in_force'
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

final as (
    select
        -- keys
        results.contract_code,
        results.indicator_code,
        results.period_month,
        results.basis,
        -- attributes
        results.scheme_code,
        results.status,
        results.severity,
        results.severity_unrelieved,
        results.rated_as,
        coalesce(
            own_rating.rating,
            general_rating.rating,
            case results.rated_as
                when 'met' then 'Good'
                when 'minor' then 'Approaching target'
                when 'serious' then 'Requires improvement'
                when 'severe' then 'Requires improvement'
                when 'below_threshold' then 'Inadequate'
                else 'Other'
            end
        ) as rating,
        case when newest.indicator_code is null then 'earlier' else 'latest' end as recency,
        results.is_failed,
        results.is_repeat,
        results.is_late,
        -- measures
        results.numerator,
        results.denominator,
        results.value,
        results.value_unrelieved,
        results.base_points,
        results.points,
        results.points_unrelieved
    from both_sides as results
    left join newest
        on
            results.indicator_code = newest.indicator_code
            and results.basis = newest.basis
            and results.period_month = newest.period_month
    left join rating_rules as own_rating
        on
            results.indicator_code = own_rating.indicator_code
            and results.rated_as = own_rating.severity
    left join rating_rules as general_rating
        on
            general_rating.indicator_code is null
            and results.rated_as = general_rating.severity
    where results.is_relieved
)

select * from final
