{#- A fact kept in one partition a month, of which only the months of this build are replaced.

    The table is list-partitioned on `period_month` (text, YYYY-MM). A build of some months truncates
    and refills those partitions in one transaction; nothing outside them is written, whatever the
    model selects. The whole table is rebuilt when var months is null, var full or --full-refresh is
    set, the table is not there, its columns changed, or the model's code or indexes did: facts of
    other months would otherwise still follow the old rule. The table's comment keeps that code's
    hash. A model must not read its own rows ({{ this }}). -#}
{% materialization partitioned_by_month, adapter='postgres' %}
    {%- set built = api.Relation.create(
        identifier=this.identifier ~ '__built', type='table') -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- set whole = is_whole_build() -%}
    {%- set query = sql -%}
    {%- if not whole -%}
        {%- do run_query('create temporary table ' ~ built ~ ' as ' ~ query ~ ' with no data') -%}
        {%- if not same_columns(this, built.identifier) -%}
            {%- set whole = true -%}
            {#- The statement was compiled for some months only: compile it again for all. -#}
            {%- do model.update({'is_whole_build': true}) -%}
            {%- set query = render(model.raw_code) -%}
        {%- endif -%}
        {%- do run_query('drop table ' ~ built) -%}
    {%- endif -%}

    {%- if whole -%}
        {%- call statement('main') -%}
            create temporary table {{ built }} on commit drop as
            {{ query }}
        {%- endcall -%}
        {{ rebuild_every_month(built) }}
    {%- else -%}
        {%- do truncate_months(var('months')) -%}
        {%- call statement('main') -%}
            insert into {{ this }}
            select * from (
                {{ query }}
            ) as built
            where
                {% if var('months') -%}
                built.period_month in ('{{ var('months') | join("', '") }}')
                {%- else -%}
                false
                {%- endif %}
        {%- endcall -%}
        {%- for month in var('months') -%}
            {%- do run_query('analyze ' ~ partition_of(month)) -%}
        {%- endfor -%}
    {%- endif -%}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [this.incorporate(type='table')]}) }}
{% endmaterialization %}


{#- Whether every month of the model is built: see the materialization. -#}
{% macro is_whole_build() %}
    {%- if not execute or model.get('is_whole_build') or flags.FULL_REFRESH
        or var('full') or var('months') is none -%}
        {{ return(true) }}
    {%- endif -%}
    {%- set known = run_query(
        "select obj_description(oid, 'pg_class') as description from pg_class"
        ~ " where relkind = 'p' and oid = to_regclass('" ~ this.include(database=false) ~ "')") -%}
    {{ return(known.rows | length == 0 or known.rows[0][0] != code_mark()) }}
{% endmacro %}


{#- Marks a table with the code that built it. -#}
{% macro code_mark() %}
    {{ return('partitioned by month; code ' ~ local_md5(
        model.raw_code ~ tojson(config.get('indexes', []), sort_keys=true))) }}
{% endmacro %}


{% macro partition_of(month) %}
    {{ return(api.Relation.create(
        schema=this.schema,
        identifier=this.identifier ~ '__' ~ (month | replace('-', '_')),
        type='table').include(database=false)) }}
{% endmacro %}


{% macro create_partition(month) %}
    {%- do run_query(
        'create table if not exists ' ~ partition_of(month) ~ ' partition of ' ~ this
        ~ " for values in ('" ~ month ~ "')") -%}
{% endmacro %}


{% macro truncate_months(months) %}
    {%- for month in months -%}
        {%- do create_partition(month) -%}
        {%- do run_query('truncate table ' ~ partition_of(month)) -%}
    {%- endfor -%}
{% endmacro %}


{#- Replaces the whole table by the rows of a temporary one; indexes come after the rows. -#}
{% macro rebuild_every_month(built) %}
    {%- set existing = load_cached_relation(this) -%}
    {%- if existing is not none -%}
        {%- do adapter.drop_relation(existing) -%}
    {%- endif -%}
    {%- do run_query(
        'create table ' ~ this ~ ' (like ' ~ built ~ ') partition by list (period_month)') -%}
    {%- for row in run_query('select distinct period_month from ' ~ built ~ ' order by 1').rows -%}
        {%- do create_partition(row[0]) -%}
    {%- endfor -%}
    {%- do run_query('insert into ' ~ this ~ ' select * from ' ~ built) -%}
    {%- do create_indexes(this) -%}
    {%- do run_query('comment on table ' ~ this ~ " is '" ~ code_mark() ~ "'") -%}
    {%- do run_query('analyze ' ~ this) -%}
{% endmacro %}


{#- Whether a table and a temporary one have the same columns, types and order. -#}
{% macro same_columns(relation, temporary_name) %}
    {%- set columns_of -%}
        select string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' order by attnum)
        from pg_attribute
        where attnum > 0 and not attisdropped and attrelid =
    {%- endset -%}
    {%- set both = run_query(
        'select (' ~ columns_of ~ " to_regclass('" ~ relation.include(database=false) ~ "')) = ("
        ~ columns_of ~ " to_regclass('pg_temp." ~ temporary_name ~ "'))") -%}
    {{ return(both.rows[0][0]) }}
{% endmacro %}
