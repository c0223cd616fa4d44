{#- Months that this build replaces in the facts; none: all of them. -#}
{% macro months_to_rebuild() %}
    {%- if model.resource_type != 'model' or is_whole_build() -%}
        {{ return(none) }}
    {%- endif -%}
    {{ return(var('months')) }}
{% endmacro %}


{#- A filter on a period (text, YYYY-MM) for models partitioned by month. -#}
{% macro in_months(period) -%}
    {%- set months = months_to_rebuild() if execute else none -%}
    {%- if months is none -%}
        true
    {%- elif months | length == 0 -%}
        false
    {%- else -%}
        {{ period }} in ('{{ months | join("', '") }}')
    {%- endif -%}
{%- endmacro %}


{#- The same on a timestamptz: London's months. As ranges, so that an index serves. -#}
{% macro at_in_months(moment) -%}
    {%- set months = months_to_rebuild() if execute else none -%}
    {%- if months is none -%}
        true
    {%- elif months | length == 0 -%}
        false
    {%- else -%}
        (
        {%- for month in months %}
            {{ 'or ' if not loop.first }}(
                {{ moment }} >= timestamp '{{ month }}-01' at time zone 'Europe/London'
                and {{ moment }} < (timestamp '{{ month }}-01' + interval '1 month')
                    at time zone 'Europe/London'
            )
        {%- endfor %}
        )
    {%- endif -%}
{%- endmacro %}


{#- The month (YYYY-MM, London) in which a moment falls. -#}
{% macro london_month(moment) -%}
    to_char({{ moment }} at time zone 'Europe/London', 'YYYY-MM')
{%- endmacro %}


{#- The last day of a period. -#}
{% macro period_end(period) -%}
    (to_date({{ period }}, 'YYYY-MM') + interval '1 month' - interval '1 day')::date
{%- endmacro %}


{#- The fiscal year of a period as text, 2015/16 (var fiscal_year_start_month; April). -#}
{% macro fiscal_year(period) -%}
    {%- set shifted = 'to_date(' ~ period ~ ", 'YYYY-MM') - interval '"
        ~ (var('fiscal_year_start_month') | int - 1) ~ " months'" -%}
    to_char({{ shifted }}, 'YYYY')
    || '/' || to_char({{ shifted }} + interval '1 year', 'YY')
{%- endmacro %}


{#- The fiscal quarter of a period as text that sorts and reads alone: 2015/16 Q3. -#}
{% macro fiscal_quarter(period) -%}
    {{ fiscal_year(period) }} || ' Q' || to_char(
        to_date({{ period }}, 'YYYY-MM') - interval '{{ var('fiscal_year_start_month') | int - 1 }} months',
        'Q'
    )
{%- endmacro %}


{#- The four columns that every mart with a period carries. -#}
{% macro period_columns(period) -%}
    {{ period }}::text as period_month,
    {{ period_end(period) }} as period_end_date,
    {{ fiscal_year(period) }} as fiscal_year,
    {{ fiscal_quarter(period) }} as fiscal_quarter
{%- endmacro %}


{#- Months as a number, so that neighbours differ by one. -#}
{% macro month_index(period) -%}
    (left({{ period }}, 4)::integer * 12 + right({{ period }}, 2)::integer)
{%- endmacro %}


{#- Which month of the fiscal year a period is, 1 to 12. -#}
{% macro month_of_fiscal_year(period) -%}
    ((right({{ period }}, 2)::integer + 12 - {{ var('fiscal_year_start_month') }}) % 12 + 1)
{%- endmacro %}


{#- The last day of a fiscal year given as 2014/15. -#}
{% macro fiscal_year_end(fiscal_year) -%}
    (make_date(left({{ fiscal_year }}, 4)::integer + 1, {{ var('fiscal_year_start_month') }}, 1) - 1)
{%- endmacro %}


{#- A filter that keeps what this publication covers (vars first_period and last_period). -#}
{% macro in_published_periods(period) -%}
    {%- set bounds = [] -%}
    {%- if var('first_period') -%}
        {%- do bounds.append(period ~ " >= '" ~ var('first_period') ~ "'") -%}
    {%- endif -%}
    {%- if var('last_period') -%}
        {%- do bounds.append(period ~ " <= '" ~ var('last_period') ~ "'") -%}
    {%- endif -%}
    {{ bounds | join(' and ') or 'true' }}
{%- endmacro %}


{#- A var as a text literal. -#}
{% macro text_or_null(value) -%}
    {{ "'" ~ value ~ "'" if value else 'null' }}::text
{%- endmacro %}


{#- Months between two days as a numeric, days as parts of 30: whole months are exact. -#}
{% macro months_between(from_day, to_day) -%}
    (
        extract(year from age({{ to_day }}, {{ from_day }}))::numeric * 12
        + extract(month from age({{ to_day }}, {{ from_day }}))::numeric
        + extract(day from age({{ to_day }}, {{ from_day }}))::numeric / 30
    )
{%- endmacro %}
