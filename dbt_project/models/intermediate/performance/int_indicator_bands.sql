-- One row per band of an indicator version, with its rank. A version without bands has none here.
with indicators as (
    select * from {{ ref('indicators') }}
),

indicator_bands as (
    select * from {{ ref('indicator_bands') }}
),

final as (
    select
        -- keys
        indicator_bands.indicator_code,
        coalesce(indicator_bands.valid_from, '-infinity') as version_valid_from,
        indicator_bands.severity,
        -- attributes
        indicator_bands.lower_bound,
        indicator_bands.upper_bound,
        -- Without a flag, a value on a bound belongs to the better side of it.
        coalesce(indicator_bands.lower_inclusive, coalesce(indicators.direction, '') <> 'lower')
            as lower_inclusive,
        coalesce(indicator_bands.upper_inclusive, coalesce(indicators.direction, '') = 'lower')
            as upper_inclusive,
        array_position(
            array['met', 'minor', 'serious', 'severe', 'below_threshold'], indicator_bands.severity
        ) as severity_rank,
        -- measures
        coalesce(indicator_bands.points, 0) as points,
        indicator_bands.credit_pct
    from indicator_bands
    inner join indicators on indicator_bands.indicator_code = indicators.indicator_code
)

select * from final
