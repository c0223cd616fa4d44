-- One row per contract with a credit: what became of the money, added up over all service months.
with lives as (
    select
        *,
        greatest(due_gbp - notified_gbp - waived_gbp, 0) as unclaimed_gbp
    from {{ ref('int_credit_lives') }}
),

final as (
    select
        -- keys
        contract_code,
        -- measures
        sum(due_gbp) as due_gbp,
        sum(outstanding_gbp) as outstanding_gbp,
        sum(unclaimed_gbp) as unclaimed_gbp,
        coalesce(sum(lapsed_gbp) filter (where unclaimed_gbp > 0), 0) as lapsed_gbp
    from lives
    group by contract_code
)

select * from final
