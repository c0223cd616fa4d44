{#- A number with its unit, as a reader would write it: £47,833,000, £9.6m, 20.22%, 445 posts. -#}
{% macro quantity(value, unit) -%}
    case {{ unit }}
        when 'GBP' then '£' || rtrim(to_char({{ value }}, 'FM999,999,999,990.99'), '.')
        when 'GBP m' then '£' || trim_scale({{ value }})::text || 'm'
        when '%' then trim_scale({{ value }})::text || '%'
        when 'count' then trim_scale({{ value }})::text
        else trim_scale({{ value }})::text || ' ' || {{ unit }}
    end
{%- endmacro %}

{#- An extract's name as words: supplier/indicator_returns → supplier: indicator returns. -#}
{% macro extract_label(extract) -%}
    replace(replace({{ extract }}, '/', ': '), '_', ' ')
{%- endmacro %}

{#- A column's name as words: credit_gbp → credit (£). -#}
{% macro column_label(name) -%}
    replace(
        regexp_replace(regexp_replace({{ name }}, '_gbp$', ' (£)'), '_pct$', ' (%)'), '_', ' '
    )
{%- endmacro %}
