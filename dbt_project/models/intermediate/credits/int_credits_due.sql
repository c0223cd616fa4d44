-- One row per contract and service period under the scheme in force on the payable basis: what is
-- computed as due today, since when, and until when it can be claimed. Null: no charges are known.
with points_by_period as (
    select * from {{ ref('int_points_by_period') }}
    where
        role = 'in_force'
        and basis = payable_basis
        and scheme_code is not null
),

capped as (
    select * from {{ ref('int_credits__capped') }}
    where role = 'in_force'
),

credit_schemes as (
    select * from {{ ref('credit_schemes') }}
),

indicator_periods as (
    select * from {{ ref('int_indicator_periods') }}
    where
        kind = 'KPI'
        and is_in_contract
        and has_due_day
),

-- The end of a return's due day is the first moment of the next.
returns_due as (
    select
        contract_code,
        period_month,
        (max(due_at) at time zone 'Europe/London')::date - 1 as due_on
    from indicator_periods
    group by contract_code, period_month
),

dated as (
    select
        points_by_period.*,
        coalesce(
            returns_due.due_on, {{ period_end('points_by_period.period_month') }}
        ) as due_on
    from points_by_period
    left join returns_due
        on
            points_by_period.contract_code = returns_due.contract_code
            and points_by_period.period_month = returns_due.period_month
),

final as (
    select
        -- keys
        dated.contract_code,
        dated.period_month,
        -- attributes
        dated.scheme_code,
        dated.basis,
        dated.failed_kpis::integer as failed_kpis,
        dated.failed_indicators,
        capped.cap_bound,
        -- measures
        dated.points,
        dated.charges_gbp,
        capped.uncapped_gbp,
        capped.period_cap_gbp,
        capped.rolling12_cap_gbp,
        capped.credit_gbp,
        capped.headroom_gbp,
        -- dates
        dated.due_on,
        dated.due_on + credit_schemes.credit_lapse_days as lapses_on
    from dated
    inner join capped
        on
            dated.contract_code = capped.contract_code
            and dated.line_code = capped.line_code
            and dated.basis = capped.basis
            and dated.month_number = capped.month_number
    inner join credit_schemes on dated.scheme_code = credit_schemes.scheme_code
)

select * from final
