-- One row per indicator and period with accepted relief. Cases excluded add up; so do waived
-- points, up to all of them. Not for figures that a decision has settled.
with accepted as (
    select * from {{ ref('int_relief__accepted') }}
),

final as (
    select
        -- keys
        contract_code,
        indicator_code,
        period_month,
        -- measures
        coalesce(sum(excluded_numerator), 0) as excluded_numerator,
        coalesce(sum(excluded_denominator), 0) as excluded_denominator,
        least(coalesce(sum(waived_points_pct), 0), 100) as waived_points_pct
    from accepted
    group by
        contract_code,
        indicator_code,
        period_month
)

select * from final
