-- One row per accepted relief claim: the cases that it excludes and the share of points it waives.
with relief_claims as (
    select * from {{ ref('stg_supplier__relief_claims') }}
),

relief_decisions as (
    select
        *,
        -- A claim accepted whole and without a figure is accepted as it was claimed.
        status = 'accepted'
        and num_nonnulls(excluded_numerator, excluded_denominator) = 0
        and coalesce(waived_points_pct, 0) = 0 as is_as_claimed
    from {{ ref('stg_finance__relief_decisions') }}
    where status in ('accepted', 'accepted_in_part')
),

final as (
    select
        -- keys
        relief_claims.claim_id,
        -- attributes
        relief_claims.contract_code,
        relief_claims.indicator_code,
        relief_claims.period as period_month,
        coalesce(relief_decisions.reason, relief_claims.reason) as reason,
        -- measures
        relief_decisions.waived_points_pct,
        case
            when relief_decisions.is_as_claimed then relief_claims.excluded_numerator
            else relief_decisions.excluded_numerator
        end as excluded_numerator,
        case
            when relief_decisions.is_as_claimed then relief_claims.excluded_denominator
            else relief_decisions.excluded_denominator
        end as excluded_denominator,
        -- provenance
        relief_claims.file_name,
        relief_claims.file_id,
        relief_claims.record_number
    from relief_claims
    inner join relief_decisions on relief_claims.claim_id = relief_decisions.claim_id
)

select * from final
