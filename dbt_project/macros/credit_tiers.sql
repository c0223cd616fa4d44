{#- How many of these points lie in a tier: above its from_points, up to and including the next's. -#}
{% macro points_in_tier(points, tier) -%}
    (least({{ points }}, coalesce({{ tier }}.to_points, {{ points }})) - {{ tier }}.from_points)
{%- endmacro %}
