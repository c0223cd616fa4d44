-- One row per file and check that ran on it.
with check_results as (
    select * from {{ source('ops', 'check_result') }}
),

final as (
    select
        -- keys
        file_id,
        check_name,
        -- attributes
        column_name,
        severity,
        success as is_passed,
        observed,
        -- measures
        unexpected_count,
        -- dates
        checked_at
    from check_results
)

select * from final
