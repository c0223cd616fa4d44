{#- dbt warns of a contract's `numeric` without precision, because other databases round it. In
    PostgreSQL it is exact, and figures stay exact: this is dbt's macro without that warning. -#}
{% macro postgres__get_empty_schema_sql(columns) %}
    select
    {%- for column in columns.values() %}
        {%- if column.data_type is not defined -%}
            {{ exceptions.column_type_missing(column_names=[column.name]) }}
        {%- endif %}
        {{ cast('null', column.data_type) }} as
        {{ adapter.quote(column.name) if column.get('quote') else column.name }}
        {{- ',' if not loop.last }}
    {%- endfor -%}
{% endmacro %}
