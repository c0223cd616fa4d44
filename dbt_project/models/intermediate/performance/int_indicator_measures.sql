-- One row per indicator, measurement period, basis and whether relief is applied (is_relieved).
-- Bases and relief lie side by side: pick one of each before adding up.
with indicator_periods as (
    select * from {{ ref('int_indicator_periods') }}
),

returns as (
    select * from {{ ref('stg_supplier__indicator_returns') }}
),

first_returns as (
    select * from {{ ref('stg_supplier__first_returns') }}
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

gathered as (
    select
        indicator_periods.contract_code,
        indicator_periods.indicator_code,
        indicator_periods.period_month,
        indicator_periods.recompute_rule,
        indicator_periods.due_at,
        returns.numerator as reported_numerator,
        returns.denominator as reported_denominator,
        recomputed.numerator as recomputed_numerator,
        recomputed.denominator as recomputed_denominator,
        decisions.agreed_numerator,
        decisions.agreed_denominator,
        decisions.indicator_code is not null as is_decided,
        '{{ var("as_at") }}'::timestamptz < indicator_periods.due_at as is_before_due,
        coalesce(relief.excluded_numerator, 0) as excluded_numerator,
        coalesce(relief.excluded_denominator, 0) as excluded_denominator,
        coalesce(relief.waived_points_pct, 0) as waived_points_pct,
        coalesce(
            indicator_periods.has_due_day
            and indicator_periods.is_in_contract
            and first_returns.first_received_at > indicator_periods.due_at,
            false
        ) as is_late
    from indicator_periods
    left join returns
        on
            indicator_periods.contract_code = returns.contract_code
            and indicator_periods.indicator_code = returns.indicator_code
            and indicator_periods.period_month = returns.period
    left join first_returns
        on
            indicator_periods.contract_code = first_returns.contract_code
            and indicator_periods.indicator_code = first_returns.indicator_code
            and indicator_periods.period_month = first_returns.period
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
),

by_basis as (
    select
        gathered.*,
        basis.name as basis,
        basis.numerator,
        basis.denominator,
        basis.absent_status,
        -- A decision is final: no further relief.
        not(basis.name = 'agreed' and gathered.is_decided) as is_open_to_relief
    from gathered
    cross join lateral (
        values
        (
            'reported',
            gathered.reported_numerator,
            gathered.reported_denominator,
            case when gathered.is_before_due then 'awaited' else 'not_reported' end
        ),
        (
            'recomputed',
            gathered.recomputed_numerator,
            gathered.recomputed_denominator,
            case
                when gathered.is_before_due and gathered.recompute_rule is not null then 'awaited'
                else 'not_recomputable'
            end
        ),
        (
            'agreed',
            case
                when gathered.is_decided then gathered.agreed_numerator
                else gathered.reported_numerator
            end,
            case
                when gathered.is_decided then gathered.agreed_denominator
                else gathered.reported_denominator
            end,
            case when gathered.is_before_due then 'awaited' else 'not_reported' end
        )
    ) as basis (name, numerator, denominator, absent_status)
),

relieved as (
    select
        by_basis.contract_code,
        by_basis.indicator_code,
        by_basis.period_month,
        by_basis.basis,
        relief_side.is_relieved,
        by_basis.absent_status,
        by_basis.is_late,
        by_basis.numerator
        - by_basis.excluded_numerator * relief_side.share as numerator,
        by_basis.denominator
        - by_basis.excluded_denominator * relief_side.share as denominator,
        by_basis.waived_points_pct * relief_side.share as waived_points_pct
    from by_basis
    cross join lateral (
        values
        (true, by_basis.is_open_to_relief::integer),
        (false, 0)
    ) as relief_side (is_relieved, share)
),

final as (
    select
        -- keys
        contract_code,
        indicator_code,
        period_month,
        basis,
        is_relieved,
        -- attributes
        case
            when numerator is null or denominator is null then absent_status
            when denominator <= 0 then 'not_measured'
            else 'measured'
        end as status,
        is_late and basis <> 'recomputed' as is_late,
        -- measures
        numerator,
        denominator,
        waived_points_pct
    from relieved
)

select * from final
