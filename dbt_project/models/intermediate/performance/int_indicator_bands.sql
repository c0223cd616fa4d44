-- One row per band of an indicator version, with its rank. A version without bands has none here.
with indicators as (
    select * from {{ ref('indicators') }}
),

indicator_bands as (
    select
        *,
        array_position(
            array['met', 'minor', 'serious', 'severe', 'below_threshold'], severity
        ) as severity_rank
    from {{ ref('indicator_bands') }}
),

-- Blank flags are filled in as outturn.seed_bands fills them in, which checks the bands.
with_neighbours as (
    select
        *,
        case
            when lag(upper_bound) over version = lower_bound
                then coalesce(
                    not lag(upper_inclusive) over version,
                    severity_rank <= lag(severity_rank) over version
                )
        end as is_lower_in,
        case
            when lead(lower_bound) over version = upper_bound
                then coalesce(
                    not lead(lower_inclusive) over version,
                    severity_rank < lead(severity_rank) over version
                )
        end as is_upper_in
    from indicator_bands
    window version as (
        partition by indicator_code, valid_from
        order by lower_bound asc nulls first, upper_bound asc nulls last
    )
),

final as (
    select
        -- keys
        with_neighbours.indicator_code,
        coalesce(with_neighbours.valid_from, '-infinity') as version_valid_from,
        with_neighbours.severity,
        -- attributes
        with_neighbours.lower_bound,
        with_neighbours.upper_bound,
        coalesce(with_neighbours.lower_inclusive, with_neighbours.is_lower_in, true)
            as lower_inclusive,
        coalesce(with_neighbours.upper_inclusive, with_neighbours.is_upper_in, true)
            as upper_inclusive,
        with_neighbours.severity_rank,
        -- measures
        coalesce(with_neighbours.points, 0) as points,
        with_neighbours.credit_pct
    from with_neighbours
    inner join indicators on with_neighbours.indicator_code = indicators.indicator_code
)

select * from final
