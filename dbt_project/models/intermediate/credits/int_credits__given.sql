-- One row per line (line_key of int_credit_caps) and service period: the credit after its caps.
-- Each month's rolling cap depends on the 11 credits before it: months are computed in their order.
with recursive caps as not materialized ( -- a copy would have no index
    select * from {{ ref('int_credit_caps') }}
),

-- Running totals: what was given in the 11 months before the next one is the total so far less the
-- total of 11 months ago. Recursion begins with the month before the first.
months_in_order as (
    select
        line_key,
        min(month_number) - 1 as month_number,
        0::numeric as given_gbp,
        null::numeric as credit_gbp,
        0::numeric as total_gbp,
        array[]::numeric[] as earlier_totals_gbp
    from caps
    group by line_key
    union all
    select
        this_month.line_key,
        this_month.month_number,
        this_month.given_gbp,
        this_month.credit_gbp,
        earlier.total_gbp + coalesce(this_month.credit_gbp, 0) as total_gbp,
        (earlier.earlier_totals_gbp || earlier.total_gbp)[
            greatest(cardinality(earlier.earlier_totals_gbp) - 9, 1):
        ] as earlier_totals_gbp
    from months_in_order as earlier
    -- One look into the index a month; joined, each month would read all of them.
    cross join lateral (
        select
            caps.line_key,
            caps.month_number,
            recent.given_gbp,
            -- Rounded once: half up, and down where a cap binds.
            case
                when caps.uncapped_gbp > lowest.cap_gbp then trunc(lowest.cap_gbp, 2)
                else round(caps.uncapped_gbp, 2)
            end as credit_gbp
        from caps
        cross join
            lateral (
                values (earlier.total_gbp - coalesce(earlier.earlier_totals_gbp[1], 0))
            ) as recent (given_gbp)
        cross join
            lateral (
                values (
                    least(
                        caps.fixed_cap_gbp,
                        greatest(caps.rolling12_allowance_gbp - recent.given_gbp, 0)
                    )
                )
            ) as lowest (cap_gbp)
        where
            earlier.line_key = caps.line_key
            and earlier.month_number + 1 = caps.month_number
        order by caps.month_number asc
        limit 1
    ) as this_month
),

final as (
    select
        -- keys
        line_key,
        month_number,
        -- measures
        trim_scale(given_gbp) as given_gbp,
        credit_gbp
    from months_in_order
    where cardinality(earlier_totals_gbp) > 0
)

select * from final
