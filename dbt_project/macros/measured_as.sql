{#- What an event adds to a numerator or denominator by a measure of recompute_rules.csv. -#}
{% macro measured_as(measure, events) -%}
    case {{ measure }}
        when 'quantity' then coalesce({{ events }}.quantity, 0)
        when 'amount' then coalesce({{ events }}.amount_gbp, 0)
        when 'one' then 0
        else 1
    end
{%- endmacro %}
