{#- Rows and amounts of each file of an extract: landed, superseded, staged and, with facts (a model
    that keeps them by month and file), in the facts; without it these are null.

    Superseded is counted on its own, not as a difference, so that a row that falls between two
    layers shows: rows of a part whose current file is another one, and, with newest_by, rows of
    current files that a newer row of the same key replaced (ranked by a window, where staging keeps
    the first of each). A file that was not accepted is superseded as a whole. -#}
{% macro file_layer_counts(source_name, extract, newest_by=none, facts=none) -%}
    {%- set landing_table = source(source_name, extract) -%}
    {%- set staging_view = ref('stg_' ~ source_name ~ '__' ~ extract) -%}
    {%- set parts = source('ops', 'file_part') -%}
    {%- set current_files = ref('stg_ops__current_files') -%}
    {%- set files = ref('stg_ops__files') -%}
    {%- set fact_table = ref(facts) if facts -%}
    {%- if execute -%}
        {%- set contract = extract_contract(source_name, extract) -%}
        {%- set meta = contract.config.meta -%}
        {%- set amount_column = meta.get('amount_column') -%}
        {%- set name = "'" ~ source_name ~ '/' ~ extract ~ "'::text" -%}
select
    {{ name }} as extract,
    landed.file_id::bigint as file_id,
    count(*) as landed_rows,
    {{ amount_sum('landed', amount_column) }} as landed_amount,
    count(*) filter (where {{ is_superseded(meta) }}) as superseded_rows,
    {{ amount_sum('landed', amount_column) }}
    filter (where {{ is_superseded(meta) }}) as superseded_amount,
    0 as staged_rows,
    null::numeric as staged_amount,
    {{ '0' if facts else 'null::bigint' }} as fact_rows,
    {{ '0' if facts else 'null::numeric' }} as fact_amount
from {{ landing_table }} as landed
inner join {{ files }} as files
    on landed.file_id = files.file_id
left join {{ parts }} as parts
    on landed.file_id = parts.file_id
    and {{ part_of_row('landed', meta) }} = parts.part_code
    {{- period_matches('landed', 'parts', meta) }}
left join {{ current_files }} as current_files
    on current_files.extract_name = '{{ extract }}'
    and landed.file_id = current_files.file_id
    and parts.part_code = current_files.part_code
    and parts.period = current_files.period
group by landed.file_id
union all
select
    {{ name }} as extract,
    file_id,
    0 as landed_rows,
    null::numeric as landed_amount,
    0 as superseded_rows,
    null::numeric as superseded_amount,
    count(*) as staged_rows,
    {{ amount_sum(none, amount_column) }} as staged_amount,
    null::bigint as fact_rows,
    null::numeric as fact_amount
from {{ staging_view }}
group by file_id
        {%- if newest_by %}
union all
select
    {{ name }} as extract,
    ranked.file_id,
    0 as landed_rows,
    null::numeric as landed_amount,
    count(*) as superseded_rows,
    {{ amount_sum('ranked', amount_column) }} as superseded_amount,
    0 as staged_rows,
    null::numeric as staged_amount,
    null::bigint as fact_rows,
    null::numeric as fact_amount
from (
    select
        delivered.*,
        row_number() over (
            partition by {{ meta['keys'] | join(', ') }}
            order by {{ newest_by | join(' desc, ') }} desc
        ) as newest_first
    from (
        {{ current_rows(source_name, extract) }}
    ) as delivered
) as ranked
where ranked.newest_first > 1
group by ranked.file_id
        {%- endif -%}
        {%- if facts %}
union all
select
    {{ name }} as extract,
    file_id,
    0 as landed_rows,
    null::numeric as landed_amount,
    0 as superseded_rows,
    null::numeric as superseded_amount,
    0 as staged_rows,
    null::numeric as staged_amount,
    sum(line_count)::bigint as fact_rows,
    sum({{ amount_column }}) as fact_amount
from {{ fact_table }}
group by file_id
        {%- endif -%}
    {%- else -%}
        {#- dbt is still parsing: only what the model depends on matters. -#}
select staged.file_id from {{ landing_table }} as landed cross join {{ staging_view }} as staged
    {%- endif -%}
{%- endmacro %}


{#- A row whose part is known, but is current in another file; or whose file is not accepted. -#}
{% macro is_superseded(meta) -%}
    (files.status != 'accepted')
    or (parts.file_id is not null and current_files.file_id is null)
{%- endmacro %}


{% macro period_matches(row_alias, part_alias, meta) -%}
    {%- if meta.replaces == 'period' and meta.period_column %}
    and {{ row_alias }}.{{ meta.period_column }} = {{ part_alias }}.period
    {%- endif -%}
{%- endmacro %}


{% macro amount_sum(alias, amount_column) -%}
    {%- if amount_column -%}
        sum({{ alias ~ '.' if alias else '' }}{{ amount_column }}::numeric)
    {%- else -%}
        sum(null::numeric)
    {%- endif -%}
{%- endmacro %}
