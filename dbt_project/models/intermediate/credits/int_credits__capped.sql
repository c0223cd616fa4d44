-- One row per contract, line of schemes, basis and service period: the credit after its caps. Each
-- month's rolling cap depends on the 11 credits before it, so months are computed in their order.
with recursive points_by_period as (
    select * from {{ ref('int_points_by_period') }}
),

uncapped as (
    select * from {{ ref('int_credits__uncapped') }}
),

periods as materialized (
    select
        points_by_period.contract_code,
        points_by_period.role,
        points_by_period.line_code,
        points_by_period.basis,
        points_by_period.month_number,
        points_by_period.period_cap_gbp,
        uncapped.at_risk_cap_gbp,
        uncapped.uncapped_gbp,
        coalesce(
            least(points_by_period.period_cap_gbp, uncapped.at_risk_cap_gbp), 'infinity'
        ) as fixed_cap_gbp,
        coalesce(points_by_period.rolling12_allowance_gbp, 'infinity') as rolling12_allowance_gbp
    from points_by_period
    left join uncapped
        on
            points_by_period.contract_code = uncapped.contract_code
            and points_by_period.role = uncapped.role
            and points_by_period.line_code = uncapped.line_code
            and points_by_period.basis = uncapped.basis
            and points_by_period.period_month = uncapped.period_month
),

-- Running totals of credits: what was given in the 11 months before the next one is the total so
-- far less the total of 11 months ago. Recursion begins with the month before the first.
months_in_order as (
    select
        contract_code,
        role,
        line_code,
        basis,
        min(month_number) - 1 as month_number,
        0::numeric as total_gbp,
        array[]::numeric[] as earlier_totals_gbp
    from periods
    group by
        contract_code,
        role,
        line_code,
        basis
    union all
    select
        periods.contract_code,
        periods.role,
        periods.line_code,
        periods.basis,
        periods.month_number,
        -- Rounded once: half up, and down where a cap binds. No cap is an infinite one.
        earlier.total_gbp + case
            when periods.uncapped_gbp is null then 0
            when
                periods.uncapped_gbp > least(
                    periods.fixed_cap_gbp,
                    greatest(
                        periods.rolling12_allowance_gbp
                        - earlier.total_gbp
                        + coalesce(earlier.earlier_totals_gbp[1], 0),
                        0
                    )
                )
                then trunc(
                    least(
                        periods.fixed_cap_gbp,
                        greatest(
                            periods.rolling12_allowance_gbp
                            - earlier.total_gbp
                            + coalesce(earlier.earlier_totals_gbp[1], 0),
                            0
                        )
                    ),
                    2
                )
            else round(periods.uncapped_gbp, 2)
        end as total_gbp,
        (earlier.earlier_totals_gbp || earlier.total_gbp)[
            greatest(cardinality(earlier.earlier_totals_gbp) - 9, 1):
        ] as earlier_totals_gbp
    from months_in_order as earlier
    inner join periods
        on
            earlier.contract_code = periods.contract_code
            and earlier.role = periods.role
            and earlier.line_code = periods.line_code
            and earlier.basis = periods.basis
            and earlier.month_number + 1 = periods.month_number
),

credits as (
    select
        periods.*,
        case
            when periods.uncapped_gbp is not null
                then
                    months_in_order.total_gbp
                    - months_in_order.earlier_totals_gbp[
                        cardinality(months_in_order.earlier_totals_gbp)
                    ]
        end as credit_gbp,
        -- The total before this month less that of 11 months before it.
        months_in_order.earlier_totals_gbp[cardinality(months_in_order.earlier_totals_gbp)]
        - coalesce(lag(months_in_order.earlier_totals_gbp[1]) over line, 0) as given_gbp
    from periods
    inner join months_in_order
        on
            periods.contract_code = months_in_order.contract_code
            and periods.role = months_in_order.role
            and periods.line_code = months_in_order.line_code
            and periods.basis = months_in_order.basis
            and periods.month_number = months_in_order.month_number
    window line as (
        partition by periods.contract_code, periods.role, periods.line_code, periods.basis
        order by periods.month_number
    )
),

limited as (
    select
        credits.*,
        nullif(greatest(credits.rolling12_allowance_gbp - credits.given_gbp, 0), 'infinity')
            as rolling12_cap_gbp,
        nullif(
            least(
                credits.fixed_cap_gbp,
                greatest(credits.rolling12_allowance_gbp - credits.given_gbp, 0)
            ),
            'infinity'
        ) as lowest_cap_gbp
    from credits
),

final as (
    select
        -- keys
        contract_code,
        role,
        line_code,
        basis,
        month_number,
        -- attributes
        case
            when not coalesce(uncapped_gbp > lowest_cap_gbp, false) then 'none'
            when at_risk_cap_gbp = lowest_cap_gbp then 'at_risk'
            when period_cap_gbp = rolling12_cap_gbp then 'both'
            when period_cap_gbp = lowest_cap_gbp then 'period'
            else 'rolling12'
        end as cap_bound,
        coalesce(uncapped_gbp > 0 and uncapped_gbp >= lowest_cap_gbp, false) as reaches_cap,
        -- measures
        uncapped_gbp,
        period_cap_gbp,
        trim_scale(rolling12_cap_gbp) as rolling12_cap_gbp,
        credit_gbp,
        trunc(lowest_cap_gbp - credit_gbp, 2) as headroom_gbp
    from limited
)

select * from final
