-- One row per credit of which something was due and never notified, nor waived: claimable still, or
-- lapsed. The two kinds add up to what was due and never claimed.
with lives as (
    select * from {{ ref('int_credit_lives') }}
    where due_gbp - notified_gbp - waived_gbp > 0
),

final as (
    select
        -- keys
        contract_code,
        {{ period_columns('period_month') }},
        -- attributes
        case
            when lapsed_gbp > 0 then 'lapsed'
            else 'claimable'
        end as claim_state,
        case
            when lapsed_gbp > 0 then '✖ lapsed'
            when lapses_on - reckoned_on <= 60 then '■ lapses soon'
            else '◆ claimable'
        end as claim_state_label,
        scheme_code,
        basis,
        failed_kpis,
        failed_indicators,
        age_working_days,
        case
            when lapses_on is not null then greatest(lapses_on - reckoned_on, 0)
        end::integer as days_left,
        -- measures
        due_gbp::numeric as due_gbp,
        notified_gbp::numeric as notified_gbp,
        (due_gbp - notified_gbp - waived_gbp)::numeric as unclaimed_gbp,
        lapsed_gbp::numeric as lapsed_gbp,
        -- dates
        due_on,
        lapses_on,
        reckoned_on
    from lives
)

select * from final
