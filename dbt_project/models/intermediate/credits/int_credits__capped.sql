-- One row per contract, line of schemes, basis and service period: the credit after its caps, which
-- of them binds, and what is left below the lowest.
with caps as (
    select * from {{ ref('int_credit_caps') }}
),

given as (
    select * from {{ ref('int_credits__given') }}
),

limited as (
    select
        caps.*,
        given.credit_gbp,
        nullif(greatest(caps.rolling12_allowance_gbp - given.given_gbp, 0), 'infinity')
            as rolling12_cap_gbp,
        nullif(
            least(
                caps.fixed_cap_gbp,
                greatest(caps.rolling12_allowance_gbp - given.given_gbp, 0)
            ),
            'infinity'
        ) as lowest_cap_gbp
    from caps
    inner join given
        on
            caps.line_key = given.line_key
            and caps.month_number = given.month_number
),

final as (
    select
        -- keys
        contract_code,
        role,
        line_code,
        basis,
        month_number,
        -- attributes
        case
            when not coalesce(uncapped_gbp > lowest_cap_gbp, false) then 'none'
            when at_risk_cap_gbp = lowest_cap_gbp then 'at_risk'
            when period_cap_gbp = rolling12_cap_gbp then 'both'
            when period_cap_gbp = lowest_cap_gbp then 'period'
            else 'rolling12'
        end as cap_bound,
        coalesce(uncapped_gbp > 0 and uncapped_gbp >= lowest_cap_gbp, false) as reaches_cap,
        -- measures
        uncapped_gbp,
        period_cap_gbp,
        trim_scale(rolling12_cap_gbp) as rolling12_cap_gbp,
        credit_gbp,
        trunc(lowest_cap_gbp - credit_gbp, 2) as headroom_gbp
    from limited
)

select * from final
