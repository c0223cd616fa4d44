-- One row per material KPI failure (serious, severe or below threshold) on the payable basis. What
-- is not late yet may become so: a row's state is that of the day on which figures were known.
with indicator_points as (
    select * from {{ ref('int_indicator_points') }}
    where
        is_relieved
        and role = 'in_force'
        and is_scored
        and severity in ('serious', 'severe', 'below_threshold')
),

scheme_lines as (
    select * from {{ ref('int_scheme_lines') }}
    where role = 'in_force'
),

indicator_periods as (
    select * from {{ ref('int_indicator_periods') }}
),

plans as (
    select * from {{ ref('stg_supplier__rectification_plans') }}
),

indicators as (
    select * from {{ ref('indicators') }}
),

failures as (
    select
        indicator_points.contract_code,
        indicator_points.indicator_code,
        indicator_points.period_month,
        indicator_points.basis,
        indicator_points.severity,
        indicator_points.points,
        plans.owner,
        plans.actions,
        plans.notified_on,
        plans.submitted_on,
        -- The end of the return's due day is the first moment of the next.
        (indicator_periods.due_at at time zone 'Europe/London')::date - 1 as return_due_on
    from indicator_points
    inner join scheme_lines
        on
            indicator_points.contract_code = scheme_lines.contract_code
            and indicator_points.period_month = scheme_lines.period_month
            and indicator_points.basis = scheme_lines.payable_basis
    inner join indicator_periods
        on
            indicator_points.indicator_code = indicator_periods.indicator_code
            and indicator_points.period_month = indicator_periods.period_month
    left join plans
        on
            indicator_points.contract_code = plans.contract_code
            and indicator_points.indicator_code = plans.indicator_code
            and indicator_points.period_month = plans.period
),

due as (
    select
        *,
        ops.add_working_days(coalesce(notified_on, return_due_on), 10) as due_on,
        ('{{ var("as_at") }}'::timestamptz at time zone 'Europe/London')::date as known_on
    from failures
),

final as (
    select
        -- keys
        due.contract_code,
        due.indicator_code,
        {{ period_columns('due.period_month') }},
        -- attributes
        due.basis,
        indicators.service_area,
        indicators.name as indicator_name,
        {{ indicator_label('indicators') }} as indicator_label,
        due.severity,
        {{ state_of('due.severity') }} as state,
        {{ state_order('due.severity') }} as state_order,
        case
            when due.submitted_on <= due.due_on then 'submitted'
            when due.submitted_on is not null then 'submitted late'
            when due.due_on < due.known_on then 'overdue'
            else 'due'
        end as plan_status,
        coalesce(due.submitted_on, due.known_on) > due.due_on as is_late,
        due.owner,
        due.actions,
        -- measures
        trim_scale(due.points)::numeric as points,
        -- dates
        due.return_due_on,
        due.notified_on,
        due.due_on,
        due.submitted_on
    from due
    inner join indicators on due.indicator_code = indicators.indicator_code
)

select * from final
