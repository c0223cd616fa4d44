-- Exactly one row: which publication these marts are, and what was known when they were built.
with final as (
    select
        -- keys
        {{ var('publication_id') }}::bigint as publication_id,
        -- dates
        '{{ var("as_at") }}'::timestamptz as as_at,
        {{ text_or_null(var('first_period')) }} as first_period,
        {{ text_or_null(var('last_period')) }} as last_period
)

select * from final
