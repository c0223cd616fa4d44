{#- Prints, at the end of a run, the rows that made a test fail: the message of a singular test,
    else column = value. dbt itself only counts them. -#}
{% macro say_what_failed(results) %}
    {%- for result in results
        if execute and result.status == 'fail' and result.node.resource_type == 'test' -%}
        {%- set failing = run_query(
            'select * from (' ~ result.node.compiled_code ~ ') as failing limit 20') -%}
        {%- for row in failing.rows -%}
            {%- set said = [] -%}
            {%- for column in failing.column_names -%}
                {%- do said.append(
                    row[column] if column == 'message' else column ~ ' = ' ~ row[column]) -%}
            {%- endfor -%}
            {%- do print(result.node.name ~ ': ' ~ (said | join(', '))) -%}
        {%- endfor -%}
    {%- endfor -%}
{% endmacro %}
