-- One row per contract, line of schemes and month. The line in_force runs through whichever scheme
-- is in force on a month's last day, and through none; every what-if scheme is a line of its own.
with months as (
    select * from {{ ref('int_months') }}
),

contracts as (
    select * from {{ ref('contracts') }}
),

contract_schemes as (
    select
        contract_code,
        scheme_code,
        role,
        payable_basis,
        case role when 'what_if' then scheme_code else '' end as line_code,
        coalesce(valid_from, '-infinity') as valid_from,
        coalesce(valid_to, 'infinity') as valid_to
    from {{ ref('contract_schemes') }}
),

credit_schemes as (
    select * from {{ ref('credit_schemes') }}
),

lines as (
    select
        contract_code,
        'in_force' as role,
        '' as line_code
    from contracts
    union all
    select distinct
        contract_schemes.contract_code,
        contract_schemes.role,
        contract_schemes.line_code
    from contract_schemes
    inner join contracts on contract_schemes.contract_code = contracts.contract_code
    where contract_schemes.role = 'what_if'
),

final as (
    select
        -- keys
        lines.contract_code,
        lines.role,
        lines.line_code,
        months.period_month,
        contract_schemes.scheme_code,
        -- attributes
        credit_schemes.method,
        coalesce(contract_schemes.payable_basis, 'agreed') as payable_basis,
        -- A what-if judges what was not reported by its own rule at any time.
        coalesce(credit_schemes.unreported_is_failure, own_scheme.unreported_is_failure, false)
            as unreported_is_failure,
        coalesce(credit_schemes.critical_points, 50) as critical_points,
        coalesce(credit_schemes.critical_months, 3) as critical_months,
        months.month_number,
        months.period_end_date >= coalesce(contracts.starts_on, '-infinity') as is_in_contract,
        -- measures
        credit_schemes.pct_per_point,
        coalesce(credit_schemes.repeat_multiplier, own_scheme.repeat_multiplier, 2)
            as repeat_multiplier,
        credit_schemes.at_risk_pct,
        credit_schemes.unit_pct,
        coalesce(credit_schemes.average_with_previous, false) as average_with_previous,
        credit_schemes.deemed_shortfall,
        credit_schemes.period_cap_pct,
        credit_schemes.rolling12_cap_pct
    from lines
    inner join contracts on lines.contract_code = contracts.contract_code
    cross join months
    left join contract_schemes
        on
            lines.contract_code = contract_schemes.contract_code
            and lines.role = contract_schemes.role
            and lines.line_code = contract_schemes.line_code
            and months.period_end_date between contract_schemes.valid_from
            and contract_schemes.valid_to
    left join credit_schemes on contract_schemes.scheme_code = credit_schemes.scheme_code
    left join credit_schemes as own_scheme on lines.line_code = own_scheme.scheme_code
)

select * from final
