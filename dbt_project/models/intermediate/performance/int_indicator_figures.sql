-- One row per indicator and measurement period: reported, recomputed, agreed figures and relief
-- side by side, as they came.
with indicator_periods as (
    select * from {{ ref('int_indicator_periods') }}
),

returns as (
    select * from {{ ref('int_indicator_returns') }}
),

recomputed as (
    select * from {{ ref('int_recomputed__measures') }}
),

decisions as (
    select * from {{ ref('stg_finance__indicator_decisions') }}
),

relief as (
    select * from {{ ref('int_relief') }}
),

final as (
    select
        -- keys
        indicator_periods.contract_code,
        indicator_periods.indicator_code,
        indicator_periods.period_month,
        -- attributes
        indicator_periods.recompute_rule is not null as has_rule,
        decisions.indicator_code is not null as is_decided,
        '{{ var("as_at") }}'::timestamptz < indicator_periods.due_at as is_before_due,
        coalesce(
            indicator_periods.has_due_day
            and indicator_periods.is_in_contract
            and returns.first_received_at > indicator_periods.due_at,
            false
        ) as is_late,
        -- measures
        returns.numerator as reported_numerator,
        returns.denominator as reported_denominator,
        recomputed.numerator as recomputed_numerator,
        recomputed.denominator as recomputed_denominator,
        decisions.agreed_numerator,
        decisions.agreed_denominator,
        coalesce(relief.excluded_numerator, 0) as excluded_numerator,
        coalesce(relief.excluded_denominator, 0) as excluded_denominator,
        coalesce(relief.waived_points_pct, 0) as waived_points_pct
    from indicator_periods
    left join returns
        on
            indicator_periods.contract_code = returns.contract_code
            and indicator_periods.indicator_code = returns.indicator_code
            and indicator_periods.period_month = returns.period_month
    left join recomputed
        on
            indicator_periods.indicator_code = recomputed.indicator_code
            and indicator_periods.period_month = recomputed.period_month
    left join decisions
        on
            indicator_periods.contract_code = decisions.contract_code
            and indicator_periods.indicator_code = decisions.indicator_code
            and indicator_periods.period_month = decisions.period
    left join relief
        on
            indicator_periods.contract_code = relief.contract_code
            and indicator_periods.indicator_code = relief.indicator_code
            and indicator_periods.period_month = relief.period_month
)

select * from final
