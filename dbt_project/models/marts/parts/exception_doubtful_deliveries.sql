-- One row per extract and period that counts as now, of which not all that came was taken.
with recent as (
    select * from {{ ref('recent_deliveries') }}
    where
        quarantined_records + dropped_figures > 0
        or (
            accepted_files = 0
            and held_files + refused_files > 0
        )
),

final as (
    select
        -- keys: a delivery concerns no single contract
        null::text as contract_code,
        4 as kind_number,
        {{ extract_label('extract') }} as subject,
        period_month,
        -- attributes
        'In doubt' as exception_kind,
        concat_ws(
            ', ',
            case when held_files > 0 then held_files || ' held back by checks' end,
            case when refused_files > 0 then refused_files || ' refused whole' end,
            case
                when quarantined_records > 0
                    then quarantined_records || ' records in quarantine'
            end,
            case
                when dropped_figures > 0
                    then dropped_figures || ' figures dropped by a restatement'
            end
        ) as detail,
        case
            when accepted_files = 0 then '✖ ' || status
            else '▲ incomplete'
        end as state,
        -- measures
        null::numeric as amount_gbp
    from recent
)

select * from final
