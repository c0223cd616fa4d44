-- One row per question that somebody with five minutes asks, and what it is asked of: the verdict
-- and a sentence. Figures in the sentences are those of the marts beside it.
with questions as (
    select * from {{ ref('headline_service') }}
    union all
    select * from {{ ref('headline_credits') }}
    union all
    select * from {{ ref('headline_recount') }}
    union all
    select * from {{ ref('headline_support_cost') }}
    union all
    select * from {{ ref('headline_deliveries') }}
),

final as (
    select
        -- keys
        question_number,
        subject_code,
        -- attributes
        question,
        verdict,
        answer,
        -- measures
        round(amount_gbp, 2) as amount_gbp
    from questions
)

select * from final
