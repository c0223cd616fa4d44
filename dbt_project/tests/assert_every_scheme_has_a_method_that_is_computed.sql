-- A contract's scheme whose method no model computes would show no credit, as if none were due.
select
    format(
        'The scheme %s of %s has the method %s, which is not computed.',
        credit_schemes.scheme_code,
        contract_schemes.contract_code,
        credit_schemes.method
    ) as message
from {{ ref('contract_schemes') }} as contract_schemes
inner join {{ ref('contracts') }} as contracts
    on contract_schemes.contract_code = contracts.contract_code
inner join {{ ref('credit_schemes') }} as credit_schemes
    on contract_schemes.scheme_code = credit_schemes.scheme_code
where
    credit_schemes.method not in (
        'service_points',
        'shortfall_percentage',
        'at_risk_pool',
        'worst_band',
        'points_ratchet',
        'points_step',
        'per_full_unit'
    )
