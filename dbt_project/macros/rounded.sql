{#- A numeric rounded as reference data says, exactly (REGIME 2). Arguments are SQL expressions.

    half_up rounds a tie away from zero (-2.5 to -3), half_even to the even neighbour, down towards
    zero; none, or no number of places, leaves the value as it is. An unknown mode gives null, which
    the seeds' accepted values rule out. -#}
{% macro rounded(value, places, mode) -%}
    case
        when {{ mode }} = 'none' or {{ places }} is null then {{ value }}
        when {{ mode }} = 'half_up' or {{ mode }} is null
            then round({{ value }}, {{ places }}::integer)
        when {{ mode }} = 'down' then trunc({{ value }}, {{ places }}::integer)
        when {{ mode }} = 'half_even' then
            case
                when
                    abs({{ value }} - trunc({{ value }}, {{ places }}::integer))
                    * power(10::numeric, {{ places }}::numeric) = 0.5
                    and mod(
                        trunc({{ value }} * power(10::numeric, {{ places }}::numeric)), 2
                    ) = 0
                    then trunc({{ value }}, {{ places }}::integer)
                else round({{ value }}, {{ places }}::integer)
            end
    end
{%- endmacro %}
