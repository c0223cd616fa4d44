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
        points_by_period.rolling12_allowance_gbp,
        uncapped.uncapped_gbp,
        uncapped.at_risk_cap_gbp
    from points_by_period
    left join uncapped
        on
            points_by_period.contract_code = uncapped.contract_code
            and points_by_period.role = uncapped.role
            and points_by_period.line_code = uncapped.line_code
            and points_by_period.basis = uncapped.basis
            and points_by_period.period_month = uncapped.period_month
),

months_in_order as (
    select
        contract_code,
        role,
        line_code,
        basis,
        min(month_number) - 1 as month_number,
        null::numeric as uncapped_gbp,
        null::numeric as period_cap_gbp,
        null::numeric as rolling12_cap_gbp,
        null::numeric as at_risk_cap_gbp,
        null::numeric as lowest_cap_gbp,
        null::numeric as credit_gbp,
        array[]::numeric[] as given_gbp
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
        periods.uncapped_gbp,
        periods.period_cap_gbp,
        rolling.cap_gbp,
        periods.at_risk_cap_gbp,
        lowest.cap_gbp,
        credit.credit_gbp,
        -- The credits of this month and the ten before it: what the next month has to count.
        (months_in_order.given_gbp || coalesce(credit.credit_gbp, 0))[
            greatest(cardinality(months_in_order.given_gbp) - 9, 1):
        ]
    from months_in_order
    inner join periods
        on
            months_in_order.contract_code = periods.contract_code
            and months_in_order.role = periods.role
            and months_in_order.line_code = periods.line_code
            and months_in_order.basis = periods.basis
            and months_in_order.month_number + 1 = periods.month_number
    cross join lateral (
        select coalesce(sum(already.credit_gbp), 0) as credit_gbp
        from unnest(months_in_order.given_gbp) as already (credit_gbp)
    ) as given
    cross join lateral (
        -- Written so that no allowance means no cap.
        select
            case
                when periods.rolling12_allowance_gbp is not null
                    then greatest(periods.rolling12_allowance_gbp - given.credit_gbp, 0)
            end as cap_gbp
    ) as rolling
    cross join lateral (
        select least(periods.period_cap_gbp, rolling.cap_gbp, periods.at_risk_cap_gbp) as cap_gbp
    ) as lowest
    cross join lateral (
        -- Rounded once: half up, and down where a cap binds.
        select
            case
                when periods.uncapped_gbp > lowest.cap_gbp then trunc(lowest.cap_gbp, 2)
                else round(periods.uncapped_gbp, 2)
            end as credit_gbp
    ) as credit
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
        trim_scale(period_cap_gbp) as period_cap_gbp,
        trim_scale(rolling12_cap_gbp) as rolling12_cap_gbp,
        credit_gbp,
        trunc(lowest_cap_gbp - credit_gbp, 2) as headroom_gbp
    from months_in_order
    where cardinality(given_gbp) > 0
)

select * from final
