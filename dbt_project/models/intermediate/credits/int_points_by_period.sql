-- One row per contract, line of schemes, basis and service period, with or without charges. A
-- quarter's or year's points fall into its last month. Relieved points.
with scheme_lines as (
    select * from {{ ref('int_scheme_lines') }}
    where is_in_contract
),

charges as (
    select * from {{ ref('int_charges_by_period') }}
),

failures as (
    select * from {{ ref('int_failures_by_period') }}
),

bases as (
    select basis.name as basis
    from (values ('reported'), ('recomputed'), ('agreed')) as basis (name)
),

rolling_charges as (
    select
        scheme_lines.contract_code,
        scheme_lines.period_month,
        sum(charges.charges_gbp) over twelve_months as rolling12_charges_gbp,
        count(charges.charges_gbp) over twelve_months as rolling12_months
    from scheme_lines
    left join charges
        on
            scheme_lines.contract_code = charges.contract_code
            and scheme_lines.period_month = charges.period_month
    where scheme_lines.role = 'in_force'
    window twelve_months as (
        partition by scheme_lines.contract_code
        order by scheme_lines.month_number
        rows between 11 preceding and current row
    )
),

final as (
    select
        -- keys
        scheme_lines.contract_code,
        scheme_lines.role,
        scheme_lines.line_code,
        bases.basis,
        scheme_lines.period_month,
        scheme_lines.scheme_code,
        -- attributes
        scheme_lines.method,
        scheme_lines.payable_basis,
        scheme_lines.average_with_previous,
        scheme_lines.critical_points,
        scheme_lines.critical_months,
        scheme_lines.month_number,
        failures.failed_indicators,
        coalesce(failures.failed_kpis, 0) as failed_kpis,
        -- measures
        coalesce(failures.points, 0) as points,
        coalesce(failures.shortfall, 0) as shortfall,
        coalesce(failures.full_units, 0) as full_units,
        coalesce(failures.pool_credit_pct, 0) as pool_credit_pct,
        coalesce(failures.worst_credit_pct, 0) as worst_credit_pct,
        charges.charges_gbp,
        scheme_lines.pct_per_point,
        scheme_lines.at_risk_pct,
        scheme_lines.unit_pct,
        trim_scale(charges.charges_gbp * 0.01 * scheme_lines.period_cap_pct) as period_cap_gbp,
        trim_scale(rolling_charges.rolling12_charges_gbp * 0.01 * scheme_lines.rolling12_cap_pct)
            as rolling12_allowance_gbp,
        coalesce(rolling_charges.rolling12_months, 0) as rolling12_months
    from scheme_lines
    cross join bases
    left join rolling_charges
        on
            scheme_lines.contract_code = rolling_charges.contract_code
            and scheme_lines.period_month = rolling_charges.period_month
    left join charges
        on
            scheme_lines.contract_code = charges.contract_code
            and scheme_lines.period_month = charges.period_month
    left join failures
        on
            scheme_lines.contract_code = failures.contract_code
            and scheme_lines.role = failures.role
            and scheme_lines.line_code = failures.line_code
            and bases.basis = failures.basis
            and scheme_lines.period_month = failures.period_month
)

select * from final
