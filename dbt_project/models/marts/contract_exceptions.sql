-- One row per thing that needs somebody now: failed, owed, late, in doubt, unpublished. Amounts of
-- different kinds tell of the same money: never add them up over kinds.
with exceptions as (
    select * from {{ ref('exception_failed_indicators') }}
    union all
    select * from {{ ref('exception_open_credits') }}
    union all
    select * from {{ ref('exception_late_deliveries') }}
    union all
    select * from {{ ref('exception_doubtful_figures') }}
    union all
    select * from {{ ref('exception_doubtful_deliveries') }}
    union all
    select * from {{ ref('exception_missing_ratings') }}
),

final as (
    select
        -- keys
        row_number() over (
            order by
                kind_number asc,
                amount_gbp desc nulls last,
                period_month desc nulls last,
                subject asc
        )::integer as exception_number,
        -- attributes
        contract_code,
        exception_kind,
        subject,
        period_month,
        detail,
        state,
        -- measures
        amount_gbp
    from exceptions
)

select * from final
