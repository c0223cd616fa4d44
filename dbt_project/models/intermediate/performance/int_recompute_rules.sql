-- One row per contract and line of a recomputation rule that one of its indicators uses. A rule may
-- have several lines, whose counts add up.
with recompute_rules as (
    select * from {{ ref('recompute_rules') }}
),

indicators as (
    select * from {{ ref('indicators') }}
),

indicator_versions as (
    select * from {{ ref('indicator_versions') }}
),

rules_of_contracts as (
    select
        indicators.contract_code,
        indicator_versions.recompute_rule,
        -- Where lower is better, the numerator counts what went wrong.
        bool_or(coalesce(indicators.direction, 'higher') = 'lower') as fails_when_passed,
        bool_or(coalesce(indicators.direction, 'higher') = 'higher') as fails_when_missed
    from indicator_versions
    inner join indicators on indicator_versions.indicator_code = indicators.indicator_code
    where indicator_versions.recompute_rule <> ''
    group by
        indicators.contract_code,
        indicator_versions.recompute_rule
),

final as (
    select
        -- keys
        rules_of_contracts.contract_code,
        recompute_rules.recompute_rule,
        recompute_rules.event_type,
        nullif(recompute_rules.service_area, '') as service_area,
        -- attributes
        recompute_rules.is_sme,
        recompute_rules.is_disputed,
        coalesce(recompute_rules.attribution, 'due') as attribution,
        coalesce(recompute_rules.attribution = 'stock', false) as is_stock,
        coalesce(recompute_rules.pass_test, 'all') as pass_test,
        recompute_rules.outcome_code,
        -- A mean or a count of everything has no single case that failed.
        rules_of_contracts.fails_when_passed and recompute_rules.pass_test <> 'all'
            as fails_when_passed,
        rules_of_contracts.fails_when_missed and recompute_rules.pass_test <> 'all'
            as fails_when_missed,
        coalesce(recompute_rules.numerator_measure, 'count') as numerator_measure,
        coalesce(recompute_rules.denominator_measure, 'count') as denominator_measure
    from rules_of_contracts
    inner join recompute_rules
        on rules_of_contracts.recompute_rule = recompute_rules.recompute_rule
)

select * from final
