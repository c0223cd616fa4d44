-- One row per indicator: how its newest agreed result compares with all others, the worst first. A
-- place is unique, so that a list and a chart of "the worst" always choose the same indicator.
with results as (
    select * from {{ ref('int_indicator_points') }}
    where
        is_relieved
        and role = 'in_force'
        and basis = 'agreed'
        and status <> 'awaited'
),

newest as (
    select distinct on (indicator_code)
        indicator_code,
        points,
        {{ state_order('coalesce(severity, status)') }} as state_order
    from results
    order by
        indicator_code asc,
        period_month desc
),

final as (
    select
        -- keys
        indicator_code,
        -- measures
        row_number() over (
            order by
                state_order desc,
                points desc nulls last,
                indicator_code asc
        )::integer as worst_rank
    from newest
)

select * from final
