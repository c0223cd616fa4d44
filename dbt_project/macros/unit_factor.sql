{#- What numerator / denominator is multiplied by to be in the indicator's unit. -#}
{% macro unit_factor(unit) -%}
    case
        when {{ unit }} like '\%%' then 100
        when {{ unit }} like 'per 1,000%' then 1000
        else 1
    end
{%- endmacro %}
