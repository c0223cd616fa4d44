-- One row per credit: where its life stands after its last step, since when, and how old it is.
with entries as (
    select * from {{ ref('int_credit_entries') }}
    where amount_gbp is not null
),

credits_due as (
    select * from {{ ref('int_credits_due') }}
),

reckoning as (
    select * from {{ ref('int_reckoning_day') }}
),

working_days as (
    select * from {{ ref('stg_ops__calendar_days') }}
),

last_steps as (
    select distinct on (contract_code, period_month) *
    from entries
    order by contract_code asc, period_month asc, place desc
),

-- The adjustment of a credit does not begin its life anew.
begun as (
    select
        contract_code,
        period_month,
        min(effective_on) filter (where step = 'due') as due_on,
        max(effective_on) filter (where step <> 'adjustment') as state_since_on,
        string_agg(distinct invoice_number, ', ' order by invoice_number) as invoice_numbers
    from entries
    group by contract_code, period_month
),

dated as (
    select
        last_steps.*,
        {{ credit_state('last_steps') }} as life_state,
        coalesce(begun.due_on, begun.state_since_on) as due_on,
        begun.state_since_on,
        begun.invoice_numbers,
        credits_due.lapses_on,
        credits_due.failed_kpis,
        credits_due.failed_indicators,
        credits_due.cap_bound,
        credits_due.credit_gbp,
        credits_due.headroom_gbp,
        reckoning.reckoned_on
    from last_steps
    inner join begun
        on
            last_steps.contract_code = begun.contract_code
            and last_steps.period_month = begun.period_month
    cross join reckoning
    left join credits_due
        on
            last_steps.contract_code = credits_due.contract_code
            and last_steps.period_month = credits_due.period_month
),

final as (
    select
        -- keys
        dated.contract_code,
        dated.period_month,
        -- attributes
        dated.life_state,
        dated.scheme_code,
        dated.basis,
        dated.failed_kpis,
        dated.failed_indicators,
        dated.cap_bound,
        dated.invoice_numbers,
        greatest(
            reckoned_day.working_day_index - due_day.working_day_index, 0
        )::integer as age_working_days,
        greatest(
            reckoned_day.working_day_index - state_day.working_day_index, 0
        )::integer as state_working_days,
        -- measures
        dated.due_gbp,
        dated.notified_gbp,
        dated.agreed_gbp,
        dated.disputed_gbp,
        dated.deducted_gbp,
        dated.waived_gbp,
        dated.lapsed_gbp,
        dated.outstanding_gbp,
        dated.credit_gbp,
        dated.headroom_gbp,
        -- dates
        dated.due_on,
        dated.state_since_on,
        dated.lapses_on,
        dated.reckoned_on
    from dated
    left join working_days as reckoned_day on dated.reckoned_on = reckoned_day.day
    left join working_days as due_day on dated.due_on = due_day.day
    left join working_days as state_day on dated.state_since_on = state_day.day
)

select * from final
