{#- The straight line by days from baseline to target at a day; flat before and after it. Null
    without a baseline or a date for the target. Arguments: alias of the target's row, a day. -#}
{% macro straight_line(target_row, day) -%}
    {{ target_row }}.baseline_pct
    + ({{ target_row }}.target_pct - {{ target_row }}.baseline_pct)
    * least(
        greatest(({{ day }} - {{ target_row }}.baseline_date)::numeric, 0),
        ({{ target_row }}.target_by - {{ target_row }}.baseline_date)::numeric
    )
    / nullif(({{ target_row }}.target_by - {{ target_row }}.baseline_date)::numeric, 0)
{%- endmacro %}
