-- One row per extract and period that came late, or not at all, in the months that count as now.
with recent as (
    select * from {{ ref('recent_deliveries') }}
    where status in ('late', 'missing', 'waiting')
),

final as (
    select
        -- keys: a delivery concerns no single contract
        null::text as contract_code,
        3 as kind_number,
        {{ extract_label('extract') }} as subject,
        period_month,
        -- attributes
        'Late' as exception_kind,
        coalesce('due ' || to_char(due_date, 'DD/MM/YYYY'), 'no due day')
        || coalesce(
            ', came ' || to_char(first_received_at at time zone 'Europe/London', 'DD/MM/YYYY'), ''
        ) as detail,
        '▲ ' || status as state,
        -- measures
        null::numeric as amount_gbp
    from recent
)

select * from final
