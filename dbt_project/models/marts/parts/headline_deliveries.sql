-- One row: can the figures be trusted? Of the deliveries of the months that count as now.
with recent as (
    select * from {{ ref('recent_deliveries') }}
),

reckoning as (
    select * from {{ ref('int_reckoning_day') }}
),

deliveries as (
    select
        count(*) filter (where status in ('late', 'missing')) as late,
        count(*) filter (
            where accepted_files = 0 and held_files + refused_files > 0
        ) as held,
        coalesce(sum(quarantined_records), 0) as quarantined
    from recent
),

final as (
    select
        -- keys
        5 as question_number,
        'deliveries' as subject_code,
        -- attributes
        'Can the figures be trusted?' as question,
        case
            when deliveries.held > 0 then '✖ Not all'
            when deliveries.late > 0 or deliveries.quarantined > 0 then '▲ With care'
            else '● Yes'
        end as verdict,
        coalesce('Deliveries known to ' || to_char(reckoning.reckoned_on, 'DD/MM/YYYY') || '. ', '')
        || 'Of the last 3 months: ' || deliveries.held || ' held back or refused, '
        || deliveries.late || ' late or missing; records in quarantine: '
        || deliveries.quarantined || '.' as answer,
        -- measures
        null::numeric as amount_gbp
    from deliveries
    cross join reckoning
)

select * from final
