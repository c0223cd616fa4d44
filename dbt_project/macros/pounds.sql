{#- Money in a sentence: whole pounds with commas, millions with one decimal. -#}
{% macro pounds(amount) -%}
    case
        when abs({{ amount }}) >= 1000000
            then '£' || trim(to_char({{ amount }} / 1000000, 'FM999,999,990.0')) || ' million'
        else replace('£' || trim(to_char({{ amount }}, 'FM999,999,990')), '£-', '-£')
    end
{%- endmacro %}
