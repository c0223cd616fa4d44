-- One row per contract and service period with charges: all service lines, ex VAT, before credits.
with service_charges as (
    select * from {{ ref('stg_supplier__service_charges') }}
),

final as (
    select
        -- keys
        contract_code,
        period as period_month,
        -- measures
        sum(charge_gbp) as charges_gbp
    from service_charges
    where coalesce(charge_type, 'charge') = 'charge'
    group by
        contract_code,
        period
)

select * from final
