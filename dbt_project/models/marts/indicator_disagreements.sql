-- One row per indicator and measurement period whose bases differ in band or points. Effects are
-- before caps and of the indicator alone: they do not add up to a difference of capped credits.
with indicator_points as (
    select * from {{ ref('int_indicator_points') }}
    where
        is_relieved
        and role = 'in_force'
        -- What cannot be known, or not yet, agrees with everything.
        and status not in ('awaited', 'not_recomputable')
),

indicator_effects as (
    select * from {{ ref('int_indicator_effects') }}
),

indicators as (
    select * from {{ ref('indicators') }}
),

by_basis as (
    select
        indicator_points.*,
        coalesce(indicator_points.severity, indicator_points.status) as judged_as,
        indicator_effects.uncapped_gbp
    from indicator_points
    left join indicator_effects
        on
            indicator_points.contract_code = indicator_effects.contract_code
            and indicator_points.indicator_code = indicator_effects.indicator_code
            and indicator_points.period_month = indicator_effects.period_month
            and indicator_points.basis = indicator_effects.basis
),

compared as (
    select
        contract_code,
        indicator_code,
        period_month,
        max(scheme_code) as scheme_code,
        max(value) filter (where basis = 'reported') as reported_value,
        max(value) filter (where basis = 'recomputed') as recomputed_value,
        max(value) filter (where basis = 'agreed') as agreed_value,
        max(judged_as) filter (where basis = 'reported') as reported_severity,
        max(judged_as) filter (where basis = 'recomputed') as recomputed_severity,
        max(judged_as) filter (where basis = 'agreed') as agreed_severity,
        max(points) filter (where basis = 'reported') as reported_points,
        max(points) filter (where basis = 'recomputed') as recomputed_points,
        max(points) filter (where basis = 'agreed') as agreed_points,
        max(uncapped_gbp) filter (where basis = 'reported') as reported_gbp,
        max(uncapped_gbp) filter (where basis = 'recomputed') as recomputed_gbp,
        max(uncapped_gbp) filter (where basis = 'agreed') as agreed_gbp
    from by_basis
    group by
        contract_code,
        indicator_code,
        period_month
    having
        count(distinct judged_as) > 1
        or count(distinct points) > 1
),

final as (
    select
        -- keys
        compared.contract_code,
        compared.indicator_code,
        {{ period_columns('compared.period_month') }},
        compared.scheme_code,
        -- attributes
        indicators.kind,
        indicators.service_area,
        indicators.name as indicator_name,
        {{ indicator_label('indicators') }} as indicator_label,
        indicators.unit,
        compared.reported_severity,
        compared.recomputed_severity,
        compared.agreed_severity,
        {{ state_of('compared.reported_severity') }} as reported_state,
        coalesce({{ state_of('compared.recomputed_severity') }}, '? not recomputable')
            as recomputed_state,
        {{ state_of('compared.agreed_severity') }} as agreed_state,
        -- measures
        trim_scale(compared.reported_value)::numeric as reported_value,
        trim_scale(compared.recomputed_value)::numeric as recomputed_value,
        trim_scale(compared.agreed_value)::numeric as agreed_value,
        trim_scale(compared.reported_points)::numeric as reported_points,
        trim_scale(compared.recomputed_points)::numeric as recomputed_points,
        trim_scale(compared.agreed_points)::numeric as agreed_points,
        compared.reported_gbp::numeric as reported_gbp,
        compared.recomputed_gbp::numeric as recomputed_gbp,
        compared.agreed_gbp::numeric as agreed_gbp,
        compared.recomputed_gbp - compared.reported_gbp as recomputed_effect_gbp,
        compared.agreed_gbp - compared.reported_gbp as agreed_effect_gbp
    from compared
    inner join indicators on compared.indicator_code = indicators.indicator_code
)

select * from final
