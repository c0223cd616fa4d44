{#- The rows of an extract that are current at var as_at, with where they came from.

    Columns, types, key and part columns come from the extract's contract by way of the source's
    YAML; landing's domains become base types here, once. An extract that replaces by period
    matches on part and period, one that replaces by key on the key. -#}
{% macro current_rows(source_name, extract) %}
    {%- set landing_table = source(source_name, extract) -%}
    {%- set files = ref('stg_ops__current_files') -%}
    {%- if execute -%}
        {%- set contract = extract_contract(source_name, extract) -%}
        {%- set meta = contract.config.meta -%}
with current_files as (
    select * from {{ files }}
    where extract_name = '{{ extract }}'
),

landed as (
    select * from {{ landing_table }}
),

final as (
    select
        {%- for column in contract.columns.values()
            if column.name not in ('file_id', 'record_number') %}
        landed.{{ column.name }}::{{ column.data_type.split('(')[0] }} as {{ column.name }},
        {%- endfor %}
        landed.file_id::bigint as file_id,
        landed.record_number::bigint as record_number,
        current_files.period as file_period,
        current_files.file_name,
        current_files.received_at
    from landed
    inner join current_files
        on landed.file_id = current_files.file_id
        and {{ part_of_row('landed', meta) }} = current_files.part_code
        {%- if meta.replaces == 'period' and meta.period_column %}
        and landed.{{ meta.period_column }} = current_files.period
        {%- endif %}
)

select * from final
    {%- else -%}
        {#- dbt is still parsing: only what the model depends on matters. -#}
select files.file_id from {{ landing_table }} as landed cross join {{ files }} as files
    {%- endif -%}
{% endmacro %}


{#- What a landed row belongs to: contract, entity or publisher, or the key when that replaces. -#}
{% macro part_of_row(alias, meta) -%}
    {%- if meta.replaces == 'key' -%}
        concat_ws('|'{% for key in meta['keys'] %}, {{ alias }}.{{ key }}::text{% endfor %})
    {%- else -%}
        {{ alias }}.{{ meta.part_column }}
    {%- endif -%}
{%- endmacro %}


{#- The source's node of an extract; only known once the project is parsed. -#}
{% macro extract_contract(source_name, extract) %}
    {%- for node in graph.sources.values()
        if node.source_name == source_name and node.name == extract -%}
        {{ return(node) }}
    {%- endfor -%}
    {{ exceptions.raise_compiler_error(
        'There is no source ' ~ source_name ~ '.' ~ extract
        ~ ': render it from extracts/' ~ source_name ~ '/' ~ extract ~ '.yaml') }}
{% endmacro %}


{#- What the contracts say about each extract, as rows. -#}
{% macro extract_contracts() %}
    {%- set contracts = [] -%}
    {%- if execute -%}
        {%- for node in graph.sources.values() if node.config.meta.get('replaces') -%}
            {%- do contracts.append(node) -%}
        {%- endfor -%}
    {%- endif -%}
select
    null::text as extract,
    null::text as source_name,
    null::text as replaces,
    null::integer as due_working_day,
    null::text as amount_column
where false
    {%- for node in contracts | sort(attribute='unique_id') %}
union all
select
    '{{ node.source_name }}/{{ node.name }}' as extract,
    '{{ node.source_name }}' as source_name,
    '{{ node.config.meta.replaces }}' as replaces,
    {{ node.config.meta.due_working_day or 'null' }}::integer as due_working_day,
    {{ text_or_null(node.config.meta.get('amount_column')) }} as amount_column
    {%- endfor -%}
{% endmacro %}
