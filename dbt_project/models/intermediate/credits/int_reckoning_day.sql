-- Exactly one row: the day up to which ages are counted, that of the newest delivery known. Not the
-- day of the build: what lapses by time alone lapses only as far as the files bear witness.
with files as (
    select * from {{ ref('stg_ops__files') }}
),

final as (
    select
        (
            least('{{ var("as_at") }}'::timestamptz, max(received_at))
            at time zone 'Europe/London'
        )::date as reckoned_on
    from files
)

select * from final
