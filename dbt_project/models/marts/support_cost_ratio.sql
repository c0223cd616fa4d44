-- One row per entity, span, basis and the month the span ends in. Spans overlap: never add rows up.
with spans as (
    select * from {{ ref('int_support_cost_spans') }}
    where {{ in_published_periods('period_month') }}
),

targets as (
    select * from {{ ref('int_support_cost_targets') }}
),

closings as (
    select * from {{ ref('int_ledger_closings') }}
),

bases as (
    select
        spans.*,
        'gross' as basis,
        spans.gross_expenditure_gbp as expenditure_gbp
    from spans
    union all
    select
        spans.*,
        'net' as basis,
        spans.gross_expenditure_gbp - spans.earned_income_gbp as expenditure_gbp
    from spans
),

final as (
    select
        -- keys
        bases.entity_code,
        {{ period_columns('bases.period_month') }},
        bases.span,
        bases.basis,
        -- attributes
        closings.is_provisional,
        case
            when bases.period_month = max(bases.period_month) over newest then 'latest'
            else 'earlier'
        end as recency,
        bases.months_covered,
        -- measures
        bases.support_cost_gbp,
        bases.expenditure_gbp,
        round(100 * bases.support_cost_gbp / nullif(bases.expenditure_gbp, 0), 4) as ratio_pct,
        targets.target_pct,
        round(
            bases.support_cost_gbp - targets.target_pct / 100 * bases.expenditure_gbp, 2
        ) as gap_gbp,
        round({{ straight_line('targets', period_end('bases.period_month')) }}, 4) as path_pct,
        bases.earned_income_gbp,
        bases.grant_gbp,
        bases.capital_gbp,
        bases.recharge_gbp,
        bases.reserve_gbp,
        -- the baseline that the target starts from
        targets.baseline_fiscal_year,
        targets.baseline_pct,
        targets.baseline_pct_low,
        targets.baseline_pct_high,
        targets.target_by as target_date
    from bases
    left join closings
        on bases.period_month = closings.period_month
    -- 15% is a share of gross expenditure: the net ratio has no target
    left join targets
        on
            bases.entity_code = targets.entity_code
            and bases.basis = 'gross'
    window newest as (partition by bases.entity_code, bases.span)
)

select * from final
