-- One row per step of a credit scheme, with where the next begins: null at the last, which is open.
with credit_scheme_steps as (
    select * from {{ ref('credit_scheme_steps') }}
),

final as (
    select
        -- keys
        scheme_code,
        from_points,
        -- attributes
        lead(from_points) over scheme as to_points,
        -- measures
        coalesce(rate_gbp, 0) as rate_gbp,
        coalesce(credit_pct, 0) as credit_pct
    from credit_scheme_steps
    window scheme as (
        partition by scheme_code
        order by from_points
    )
)

select * from final
