-- One row per indicator, measurement period, basis and whether relief is applied (is_relieved).
-- Bases and relief lie side by side: pick one of each before adding up.
with figures as (
    select * from {{ ref('int_indicator_figures') }}
),

by_basis as (
    select
        figures.*,
        basis.name as basis,
        basis.numerator,
        basis.denominator,
        basis.absent_status,
        -- A decision is final: no further relief.
        not(basis.name = 'agreed' and figures.is_decided) as is_open_to_relief
    from figures
    cross join lateral (
        values
        (
            'reported',
            figures.reported_numerator,
            figures.reported_denominator,
            case when figures.is_before_due then 'awaited' else 'not_reported' end
        ),
        (
            'recomputed',
            figures.recomputed_numerator,
            figures.recomputed_denominator,
            case
                when figures.is_before_due and figures.has_rule then 'awaited'
                else 'not_recomputable'
            end
        ),
        (
            'agreed',
            case
                when figures.is_decided then figures.agreed_numerator
                else figures.reported_numerator
            end,
            case
                when figures.is_decided then figures.agreed_denominator
                else figures.reported_denominator
            end,
            case when figures.is_before_due then 'awaited' else 'not_reported' end
        )
    ) as basis (name, numerator, denominator, absent_status)
),

relieved as (
    select
        by_basis.contract_code,
        by_basis.indicator_code,
        by_basis.period_month,
        by_basis.basis,
        relief_side.is_relieved,
        by_basis.absent_status,
        by_basis.is_late,
        by_basis.numerator
        - by_basis.excluded_numerator * relief_side.share as numerator,
        by_basis.denominator
        - by_basis.excluded_denominator * relief_side.share as denominator,
        by_basis.waived_points_pct * relief_side.share as waived_points_pct
    from by_basis
    cross join lateral (
        values
        (true, by_basis.is_open_to_relief::integer),
        (false, 0)
    ) as relief_side (is_relieved, share)
),

final as (
    select
        -- keys
        contract_code,
        indicator_code,
        period_month,
        basis,
        is_relieved,
        -- attributes
        case
            when numerator is null or denominator is null then absent_status
            when denominator <= 0 then 'not_measured'
            else 'measured'
        end as status,
        is_late and basis <> 'recomputed' as is_late,
        -- measures
        numerator,
        denominator,
        waived_points_pct
    from relieved
)

select * from final
