-- One row per contract and month whose events were delivered, with the newest of those months.
with current_files as (
    select * from {{ ref('stg_ops__current_files') }}
    where extract_name = 'service_events'
),

final as (
    select
        -- keys
        part_code as contract_code,
        period as period_month,
        -- attributes
        max(period) over (partition by part_code) as newest_month
    from current_files
)

select * from final
