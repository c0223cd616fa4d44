-- One row per figure that a publication changed: published before, otherwise now. Never add up.
-- A view, unlike its folder: the changes of a publication are known when it is swapped in.
-- PostgreSQL guards rows of tables; a view has to ask which contracts its reader sees, and says so.
{{ config(
    materialized='view',
    post_hook='alter view {{ this }} set (security_barrier)',
) }}

with figure_changes as (
    select * from {{ source('history', 'figure_change') }}
),

publications as (
    select * from {{ source('ops', 'publication') }}
    where
        published_at <= '{{ var("as_at") }}'::timestamptz
        or publication_id = {{ var('publication_id') }}
),

readers as (
    select * from {{ source('ops', 'audience') }}
),

newest as (
    select max(publication_id) as publication_id
    from publications
),

final as (
    select
        -- keys
        figure_changes.publication_id,
        figure_changes.mart,
        (
            select string_agg(part.value, ' · ' order by part.key)
            from jsonb_each_text(figure_changes.figure_key) as part
        ) as figure,
        figure_changes.measure,
        -- attributes
        figure_changes.previous_publication_id,
        case
            when figure_changes.publication_id = newest.publication_id then 'latest'
            else 'earlier'
        end as recency,
        figure_changes.figure_key ->> 'contract_code' as contract_code,
        figure_changes.figure_key ->> 'indicator_code' as indicator_code,
        figure_changes.figure_key ->> 'period_month' as period_month,
        figure_changes.from_value,
        figure_changes.to_value,
        replace(figure_changes.mart, '_', ' ') as mart_label,
        {{ column_label('figure_changes.measure') }} as measure_label,
        figure_changes.change_kind,
        figure_changes.why_kind,
        figure_changes.why,
        -- measures
        case
            when
                pg_input_is_valid(figure_changes.from_value, 'numeric')
                and pg_input_is_valid(figure_changes.to_value, 'numeric')
                then figure_changes.to_value::numeric - figure_changes.from_value::numeric
        end as difference,
        -- dates
        publications.published_at
    from figure_changes
    inner join publications on figure_changes.publication_id = publications.publication_id
    cross join newest
    -- who builds and publishes is no audience
    where coalesce(
        (
            select
                bool_or(
                    readers.contract_code is null
                    or readers.contract_code
                    is not distinct from figure_changes.figure_key ->> 'contract_code'
                )
            from readers
            where readers.login = current_user
        ),
        true
    )
)

select * from final
