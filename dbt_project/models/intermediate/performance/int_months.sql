-- One row per month of the build. Quarters and years are fiscal: not every month ends one.
{%- set first_period = "'" ~ var('first_period') ~ "'" if var('first_period') else 'null' %}
{%- set last_period = "'" ~ var('last_period') ~ "'" if var('last_period') else 'null' %}
with current_files as (
    select * from {{ ref('stg_ops__current_files') }}
),

bounds as (
    select
        coalesce({{ first_period }}, min(period)) as first_period,
        coalesce({{ last_period }}, max(period)) as last_period
    from current_files
    where period <> ''
),

starts as (
    select to_char(month_start.at_date, 'YYYY-MM') as period
    from bounds
    cross join lateral generate_series(
        to_date(bounds.first_period, 'YYYY-MM')::timestamp,
        to_date(bounds.last_period, 'YYYY-MM')::timestamp,
        interval '1 month'
    ) as month_start (at_date)
),

final as (
    select
        -- keys
        {{ period_columns('period') }},
        -- attributes
        {{ month_index('period') }} as month_number,
        (({{ month_index('period') }} - {{ var('fiscal_year_start_month') }}) % 12) + 1
            as fiscal_month,
        -- dates
        to_date(period, 'YYYY-MM') as period_start_date
    from starts
)

select * from final
