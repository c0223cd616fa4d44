-- One row per indicator and period with accepted relief. Cases excluded add up; so do waived
-- points, up to all of them. Not for figures that a decision has settled.
with relief_claims as (
    select * from {{ ref('stg_supplier__relief_claims') }}
),

relief_decisions as (
    select
        *,
        status = 'accepted'
        and num_nonnulls(excluded_numerator, excluded_denominator) = 0
        and coalesce(waived_points_pct, 0) = 0 as is_as_claimed
    from {{ ref('stg_finance__relief_decisions') }}
    where status in ('accepted', 'accepted_in_part')
),

accepted as (
    select
        relief_claims.contract_code,
        relief_claims.indicator_code,
        relief_claims.period,
        relief_decisions.waived_points_pct,
        -- A claim accepted whole and without a figure is accepted as it was claimed.
        case
            when relief_decisions.is_as_claimed then relief_claims.excluded_numerator
            else relief_decisions.excluded_numerator
        end as excluded_numerator,
        case
            when relief_decisions.is_as_claimed then relief_claims.excluded_denominator
            else relief_decisions.excluded_denominator
        end as excluded_denominator
    from relief_claims
    inner join relief_decisions on relief_claims.claim_id = relief_decisions.claim_id
),

final as (
    select
        -- keys
        contract_code,
        indicator_code,
        period as period_month,
        -- measures
        coalesce(sum(excluded_numerator), 0) as excluded_numerator,
        coalesce(sum(excluded_denominator), 0) as excluded_denominator,
        least(coalesce(sum(waived_points_pct), 0), 100) as waived_points_pct
    from accepted
    group by
        contract_code,
        indicator_code,
        period
)

select * from final
