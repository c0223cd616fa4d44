-- One row per contract: what are we owed? Over all service months; the last figure of the sentence
-- is the newest month's alone.
with newest as (
    select * from {{ ref('newest_service_periods') }}
),

owed as (
    select * from {{ ref('int_credits_owed') }}
),

sums as (
    select
        newest.*,
        coalesce(owed.due_gbp, 0) as due_gbp,
        coalesce(owed.outstanding_gbp, 0) as outstanding_gbp,
        coalesce(owed.unclaimed_gbp, 0) as unclaimed_gbp,
        coalesce(owed.lapsed_gbp, 0) as lapsed_gbp
    from newest
    left join owed on newest.contract_code = owed.contract_code
),

final as (
    select
        -- keys
        2 as question_number,
        contract_code as subject_code,
        -- attributes
        'What are we owed?' as question,
        case
            when unclaimed_gbp > lapsed_gbp then '◆ Not all claimed'
            when outstanding_gbp > 0 then '▲ Due'
            else '● Nothing due'
        end as verdict,
        'Outstanding: ' || {{ pounds('outstanding_gbp') }} || ' of ' || {{ pounds('due_gbp') }}
        || ' in service credits; due but never claimed: ' || {{ pounds('unclaimed_gbp') }}
        || case
            when lapsed_gbp > 0 then ', of which lapsed: ' || {{ pounds('lapsed_gbp') }}
            else ''
        end
        || '; ' || month_name || ': '
        || coalesce({{ pounds('credit_gbp') }}, 'not known without charges') || '.' as answer,
        -- measures
        outstanding_gbp as amount_gbp
    from sums
)

select * from final
