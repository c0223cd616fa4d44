-- One row per contract, line of schemes, basis and service period in which a KPI failed: all that
-- methods make a credit of, added up over its failures. Relieved.
with failed_kpis as (
    select * from {{ ref('int_failed_kpis') }}
),

final as (
    select
        -- keys
        contract_code,
        role,
        line_code,
        basis,
        period_month,
        -- attributes
        string_agg(indicator_code, ', ' order by indicator_code) as failed_indicators,
        -- measures
        count(*) as failed_kpis,
        sum(points) as points,
        sum(shortfall) as shortfall,
        -- KPI by KPI: what is left over of one adds nothing to another.
        sum(div(shortfall, unit_size)) as full_units,
        trim_scale(sum(pool_allocation_pct * credit_pct) * 0.01) as pool_credit_pct,
        max(credit_pct) as worst_credit_pct
    from failed_kpis
    group by
        contract_code,
        role,
        line_code,
        basis,
        period_month
)

select * from final
