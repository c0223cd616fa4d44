-- One row per contract that publishes less of its performance than the law asks for.
with checks as (
    select * from {{ ref('contract_notice_checks') }}
    where not is_complete
),

final as (
    select
        -- keys
        contract_code,
        5 as kind_number,
        'Published ratings' as subject,
        null::text as period_month,
        -- attributes
        'Unpublished' as exception_kind,
        finding as detail,
        state_label as state,
        -- measures
        null::numeric as amount_gbp
    from checks
)

select * from final
