{#- What one more step of a credit may take, by the sums (`walk`) that the steps before it left.

    answerable_gbp: notified and neither agreed nor given up: what the supplier's answer is about.
    room_gbp: the most that this step may take. -#}
{% macro credit_limits(events, walk) -%}
        least({{ walk }}.due_gbp, {{ walk }}.notified_gbp)
        - {{ walk }}.agreed_gbp
        - {{ walk }}.waived_gbp
        - {{ walk }}.lapsed_gbp as answerable_gbp,
        case {{ events }}.step
            when 'notified'
                then {{ walk }}.due_gbp
                - {{ walk }}.notified_gbp
                - {{ walk }}.waived_gbp
                - {{ walk }}.lapsed_gbp
            when 'agreed'
                then least({{ walk }}.due_gbp, {{ walk }}.notified_gbp)
                - {{ walk }}.agreed_gbp
                - {{ walk }}.waived_gbp
                - {{ walk }}.lapsed_gbp
            when 'disputed'
                then least({{ walk }}.due_gbp, {{ walk }}.notified_gbp)
                - {{ walk }}.agreed_gbp
                - {{ walk }}.disputed_gbp
                - {{ walk }}.waived_gbp
                - {{ walk }}.lapsed_gbp
            -- What is given up is taken from what is not agreed first.
            when 'deducted'
                then {{ walk }}.agreed_gbp
                - {{ walk }}.deducted_gbp
                - greatest(
                    {{ walk }}.waived_gbp
                    + {{ walk }}.lapsed_gbp
                    - greatest({{ walk }}.due_gbp - {{ walk }}.agreed_gbp, 0),
                    0
                )
            when 'waived'
                then {{ walk }}.due_gbp
                - {{ walk }}.deducted_gbp
                - {{ walk }}.waived_gbp
                - {{ walk }}.lapsed_gbp
            when 'lapsed'
                then {{ walk }}.due_gbp
                - {{ walk }}.deducted_gbp
                - {{ walk }}.waived_gbp
                - {{ walk }}.lapsed_gbp
        end as room_gbp
{%- endmacro %}


{#- Whether a step stands: kept_gbp (0 if not), amount_gbp (null if not) and refusal.

    Recorded steps and computed ones stand. A decision without an amount takes all the room. A
    lapse by rule is for what was never notified; where that is nothing, it is no event and no
    refusal either. -#}
{% macro credit_verdict(events, walk, limits) -%}
        {%- set asked = 'coalesce(' ~ events ~ '.asked_gbp, ' ~ limits ~ '.room_gbp)' -%}
        {%- set stands -%}
            {{ events }}.row_hash is not null
            or {{ events }}.step in ('due', 'adjustment')
            or (
                {{ limits }}.room_gbp > 0
                and {{ asked }} <= {{ limits }}.room_gbp
                and not ({{ events }}.step = 'notified' and {{ asked }} < {{ limits }}.room_gbp)
                and not ({{ events }}.source_kind = 'rule' and {{ walk }}.notified_gbp > 0)
            )
        {%- endset -%}
        case when {{ stands }} then {{ asked }} else 0 end as kept_gbp,
        case when {{ stands }} then {{ asked }} end as amount_gbp,
        case
            when {{ stands }} then null
            when {{ events }}.source_kind = 'rule' then null
            when {{ walk }}.due_gbp = 0
                then 'there is no credit of ' || {{ events }}.contract_code || ' for '
                || {{ events }}.period_month || ' in the months that are published'
            when {{ events }}.step = 'notified' and {{ limits }}.room_gbp <= 0
                then 'it was notified already: a credit is issued once'
            when {{ events }}.step = 'notified'
                then 'a credit is notified whole: £' || {{ limits }}.room_gbp
                || ' is due, not £' || {{ asked }}
            when {{ walk }}.notified_gbp = 0 and {{ events }}.step in ('agreed', 'disputed')
                then 'it has not been notified'
            when {{ events }}.step = 'deducted' and {{ walk }}.agreed_gbp = 0
                then 'nothing of it is agreed'
            when {{ events }}.step = 'deducted'
                then 'of the £' || {{ walk }}.agreed_gbp || ' agreed only £'
                || greatest({{ limits }}.room_gbp, 0) || ' is left to deduct'
            else 'only £' || greatest({{ limits }}.room_gbp, 0) || ' of it can be '
                || {{ events }}.step
        end as refusal
{%- endmacro %}


{#- What may be there once for a credit: it itself, a notice since its last change, a decision. -#}
{% macro credit_entry_key(events, walk) -%}
        case
            when {{ events }}.decision_id is not null and {{ events }}.step <> 'notified'
                then 'decision:' || {{ events }}.decision_id
            when {{ events }}.step = 'due' then 'due'
            when {{ events }}.step = 'adjustment'
                then 'adjustment:' || ({{ walk }}.adjustments + 1)
            else {{ events }}.step || ':' || {{ walk }}.adjustments
        end
{%- endmacro %}


{#- Where a credit stands, by its sums: what somebody must do first. -#}
{% macro credit_state(credit) -%}
    case
        when {{ credit }}.outstanding_gbp < 0 then 'to_repay'
        when {{ credit }}.outstanding_gbp = 0 and {{ credit }}.deducted_gbp > 0 then 'deducted'
        when {{ credit }}.outstanding_gbp = 0 and {{ credit }}.waived_gbp > 0 then 'waived'
        when {{ credit }}.outstanding_gbp = 0 and {{ credit }}.lapsed_gbp > 0 then 'lapsed'
        when {{ credit }}.outstanding_gbp = 0 then 'nothing_due'
        when {{ credit }}.due_gbp
            > {{ credit }}.notified_gbp + {{ credit }}.waived_gbp + {{ credit }}.lapsed_gbp
            then 'due'
        when {{ credit }}.disputed_gbp > 0 then 'disputed'
        when {{ credit }}.agreed_gbp - {{ credit }}.deducted_gbp >= {{ credit }}.outstanding_gbp
            then 'agreed'
        else 'notified'
    end
{%- endmacro %}


{#- The state as it is shown: a sign and a word. -#}
{% macro credit_state_label(state) -%}
    case {{ state }}
        when 'due' then '◆ not notified'
        when 'notified' then '▲ notified'
        when 'disputed' then '■ disputed'
        when 'agreed' then '▲ agreed'
        when 'deducted' then '● deducted'
        when 'waived' then '○ waived'
        when 'lapsed' then '✖ lapsed'
        when 'to_repay' then '✖ to repay'
        else '○ nothing due'
    end
{%- endmacro %}
