-- One row per contract under the Procurement Act 2023: does it publish what it must. Above £5m, at
-- least three KPIs, at least every 12 months (sections 52 and 71).
with contracts as (
    select
        *,
        coalesce(contract_value_gbp, 0) > 5000000 as is_required
    from {{ ref('contracts') }}
    where pa23_applies
),

indicators as (
    select * from {{ ref('indicators') }}
    where kind = 'KPI' and is_published
),

ratings as (
    select * from {{ ref('contract_notice') }}
    where recency = 'latest'
),

publishing as (
    select
        contract_code,
        count(*)::integer as kpis_published
    from indicators
    group by contract_code
),

rated as (
    select
        contract_code,
        max(period_month) as period_month,
        max(assessment_to) as assessed_to,
        (count(*) filter (where measured_periods > 0))::integer as kpis_rated
    from ratings
    group by contract_code
),

counted as (
    select
        contracts.*,
        coalesce(publishing.kpis_published, 0) as kpis_published,
        coalesce(rated.kpis_rated, 0) as kpis_rated,
        rated.assessed_to
    from contracts
    left join publishing on contracts.contract_code = publishing.contract_code
    left join rated on contracts.contract_code = rated.contract_code
),

final as (
    select
        -- keys
        contract_code,
        -- attributes
        title as contract_title,
        is_required,
        not is_required
        or (kpis_published >= 3 and (assessed_to is null or kpis_rated >= 3)) as is_complete,
        kpis_published,
        3 as kpis_required,
        kpis_rated,
        case
            when not is_required then '○ not required'
            when kpis_published < 3 then '✖ too few KPIs'
            when assessed_to is null then '… first 12 months'
            when kpis_rated < 3 then '✖ too few rated'
            else '● complete'
        end as state_label,
        case
            when not is_required then 'It is not worth more than £5 million.'
            when kpis_published < 3
                then
                    contract_code || ' publishes ' || kpis_published
                    || ' KPIs: at least 3 are required above £5 million'
                    || ' (is_published in indicators.csv).'
            when assessed_to is null then 'Its first assessment period is not over.'
            when kpis_rated < 3
                then
                    contract_code || ' has figures for ' || kpis_rated
                    || ' published KPIs in the 12 months to ' || to_char(assessed_to, 'DD/MM/YYYY')
                    || ': at least 3 are required.'
            else
                kpis_rated || ' KPIs are rated for the 12 months to '
                || to_char(assessed_to, 'DD/MM/YYYY') || '.'
        end as finding,
        -- measures
        contract_value_gbp::numeric as contract_value_gbp,
        -- dates
        assessed_to
    from counted
)

select * from final
