-- One row per month that ends a measurement period, and frequency. Quarters and years are fiscal.
with months as (
    select * from {{ ref('int_months') }}
),

final as (
    select
        -- keys
        frequency.code as frequency,
        months.period_month,
        -- attributes
        frequency.months_in_period,
        to_char(
            months.period_start_date - (frequency.months_in_period - 1) * interval '1 month',
            'YYYY-MM'
        ) as first_month,
        -- Neighbours differ by one.
        months.month_number / frequency.months_in_period as period_number,
        -- dates
        months.period_end_date
    from months
    inner join (values ('M', 1), ('Q', 3), ('A', 12)) as frequency (code, months_in_period)
        on months.fiscal_month % frequency.months_in_period = 0
)

select * from final
