{#- Whether a value meets its target (REGIME 2). `of`: a relation with value, direction, target and
    target_high; bounds of a range belong to it. Null without a target. -#}
{% macro is_on_target(of) -%}
    case {{ of }}.direction
        when 'lower' then {{ of }}.value <= {{ of }}.target
        when 'inside' then {{ of }}.value between {{ of }}.target and {{ of }}.target_high
        when 'outside' then not {{ of }}.value between {{ of }}.target and {{ of }}.target_high
        else {{ of }}.value >= {{ of }}.target
    end
{%- endmacro %}


{#- How far a value is from its target, on the wrong side of it, in its unit; of a range from the
    nearer bound. Null without a value or a target. -#}
{% macro short_of_target(of) -%}
    case
        when {{ of }}.value is null or {{ of }}.target is null then null
        else greatest(
            0,
            case {{ of }}.direction
                when 'lower' then {{ of }}.value - {{ of }}.target
                when 'inside' then greatest(
                    {{ of }}.target - {{ of }}.value, {{ of }}.value - {{ of }}.target_high
                )
                when 'outside' then least(
                    {{ of }}.value - {{ of }}.target, {{ of }}.target_high - {{ of }}.value
                )
                else {{ of }}.target - {{ of }}.value
            end
        )
    end
{%- endmacro %}


{#- Whether a value lies in a band, by its bounds and flags. Null without a value. -#}
{% macro is_in_band(value, band) -%}
    (
        {{ band }}.lower_bound is null
        or {{ value }} > {{ band }}.lower_bound
        or ({{ band }}.lower_inclusive and {{ value }} = {{ band }}.lower_bound)
    )
    and (
        {{ band }}.upper_bound is null
        or {{ value }} < {{ band }}.upper_bound
        or ({{ band }}.upper_inclusive and {{ value }} = {{ band }}.upper_bound)
    )
    and {{ value }} is not null
{%- endmacro %}
