-- One row per credit that is owed, of whatever month: who has it, for how long, what it is for.
with open_credits as (
    select * from {{ ref('credit_ageing') }}
),

credits as (
    select * from {{ ref('credits_by_period') }}
    where is_payable
),

final as (
    select
        -- keys
        open_credits.contract_code,
        2 as kind_number,
        'Service credit' as subject,
        open_credits.period_month,
        -- attributes
        'Owed' as exception_kind,
        'waits ' || open_credits.state_working_days || ' working days for '
        || open_credits.waits_for
        || case
            when open_credits.life_state = 'due'
                then coalesce(', lapses ' || to_char(open_credits.lapses_on, 'DD/MM/YYYY'), '')
            else ''
        end
        || coalesce(
            '; ' || credits.failed_kpis
            || case when credits.failed_kpis = 1 then ' KPI failed' else ' KPIs failed' end,
            ''
        )
        || case when credits.critical_failure then '; critical failure' else '' end as detail,
        open_credits.life_state_label as state,
        -- measures
        open_credits.outstanding_gbp as amount_gbp
    from open_credits
    left join credits
        on
            open_credits.contract_code = credits.contract_code
            and open_credits.period_month = credits.period_month
)

select * from final
