{#- How a band or status is shown: a sign and a word, so that no meaning hangs on colour alone. -#}
{% macro state_sign(judged_as) -%}
    case {{ judged_as }}
        when 'met' then '●'
        when 'minor' then '▲'
        when 'serious' then '◆'
        when 'severe' then '■'
        when 'below_threshold' then '✖'
        when 'deemed' then '✖'
        when 'not_measured' then '○'
        when 'awaited' then '…'
        else '?'
    end
{%- endmacro %}

{% macro state_of(judged_as) -%}
    {{ state_sign(judged_as) }} || ' '
    || case {{ judged_as }}
        when 'deemed' then 'deemed failed'
        when 'not_measured' then 'no cases'
        when 'not_reported' then 'no return'
        else replace({{ judged_as }}, '_', ' ')
    end
{%- endmacro %}

{#- Text that sorts states, worst last. -#}
{% macro state_order(judged_as) -%}
    case {{ judged_as }}
        when 'met' then '1'
        when 'minor' then '2'
        when 'serious' then '3'
        when 'severe' then '4'
        when 'below_threshold' then '5'
        when 'deemed' then '5'
        else '0'
    end
{%- endmacro %}

{% macro indicator_label(indicators) -%}
    {{ indicators }}.indicator_code || ' ' || {{ indicators }}.name
{%- endmacro %}
