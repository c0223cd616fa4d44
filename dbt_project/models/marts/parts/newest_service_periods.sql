-- One row per contract: its newest service period on the payable basis, and the first months that
-- still count as now (three) and as the last year (twelve).
with credits as (
    select * from {{ ref('credits_by_period') }}
    where
        is_payable
        and recency = 'latest'
),

final as (
    select
        -- keys
        contract_code,
        -- attributes
        basis,
        period_month,
        to_char(period_end_date, 'FMMonth YYYY') as month_name,
        to_char(period_end_date - interval '2 months', 'YYYY-MM') as recent_from,
        to_char(period_end_date - interval '11 months', 'YYYY-MM') as year_from,
        critical_failure,
        -- measures
        window_points,
        critical_points,
        credit_gbp
    from credits
)

select * from final
