-- A credit is never negative, never above what it was before caps, and within the lowest cap. What
-- rounding half up can add is half a penny.
select
    format(
        'The credit of %s for %s under %s (%s, %s) is £%s, not in 0 to £%s, caps £%s and £%s.',
        contract_code,
        period_month,
        scheme_code,
        role,
        basis,
        credit_gbp,
        uncapped_gbp,
        period_cap_gbp,
        rolling12_cap_gbp
    ) as message
from {{ ref('credits_by_period') }}
where
    credit_gbp < 0
    or credit_gbp > uncapped_gbp
    or credit_gbp > period_cap_gbp + 0.005
    or credit_gbp > rolling12_cap_gbp + 0.005
