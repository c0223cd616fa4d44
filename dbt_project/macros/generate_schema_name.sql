{#- The folder names the schema. Marts are built beside the live ones (var marts_schema) and are
    swapped in afterwards; a build with a prefix (as-at) has all its schemas to itself. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set schema_name = custom_schema_name or target.schema -%}
    {%- if var('schema_prefix') -%}
        {{ var('schema_prefix') ~ schema_name }}
    {%- elif schema_name == 'marts' -%}
        {{ var('marts_schema') }}
    {%- else -%}
        {{ schema_name }}
    {%- endif -%}
{%- endmacro %}
