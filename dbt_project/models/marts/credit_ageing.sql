-- One row per open credit: money that is due and neither deducted nor given up, what it waits for
-- and for how long. A negative outstanding_gbp was deducted in excess and is the supplier's.
with lives as (
    select * from {{ ref('int_credit_lives') }}
    where outstanding_gbp <> 0
),

final as (
    select
        -- keys
        contract_code,
        {{ period_columns('period_month') }},
        -- attributes
        life_state,
        {{ credit_state_label('life_state') }} as life_state_label,
        case life_state
            when 'due' then 'our notice'
            when 'notified' then 'the supplier''s answer'
            when 'disputed' then 'the settlement of a dispute'
            when 'agreed' then 'the deduction on an invoice'
            else 'our repayment'
        end as waits_for,
        case
            when age_working_days <= 20 then '1: up to 20 working days'
            when age_working_days <= 60 then '2: 21 to 60 working days'
            when age_working_days <= 120 then '3: 61 to 120 working days'
            else '4: over 120 working days'
        end as age_band,
        scheme_code,
        basis,
        failed_indicators,
        cap_bound,
        invoice_numbers,
        age_working_days,
        state_working_days,
        -- measures
        due_gbp::numeric as due_gbp,
        notified_gbp::numeric as notified_gbp,
        agreed_gbp::numeric as agreed_gbp,
        disputed_gbp::numeric as disputed_gbp,
        deducted_gbp::numeric as deducted_gbp,
        outstanding_gbp::numeric as outstanding_gbp,
        headroom_gbp::numeric as headroom_gbp,
        -- dates
        due_on,
        state_since_on,
        lapses_on,
        reckoned_on
    from lives
)

select * from final
