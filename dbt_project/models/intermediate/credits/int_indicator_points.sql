-- One row per indicator, measurement period, basis, relief side and line of schemes (KPIs: every
-- line; SLAs: the one in force). Points are of KPIs within the contract; elsewhere they are 0.
with indicator_values as (
    select * from {{ ref('int_indicator_values') }}
),

scheme_lines as (
    select * from {{ ref('int_scheme_lines') }}
),

judged as (
    select
        indicator_values.*,
        scheme_lines.role,
        scheme_lines.line_code,
        scheme_lines.scheme_code,
        scheme_lines.repeat_multiplier,
        scheme_lines.deemed_shortfall,
        indicator_values.status = 'not_reported'
        and indicator_values.is_in_contract
        and scheme_lines.unreported_is_failure as is_deemed
    from indicator_values
    inner join scheme_lines
        on
            indicator_values.contract_code = scheme_lines.contract_code
            and indicator_values.period_month = scheme_lines.period_month
    where indicator_values.kind = 'KPI' or scheme_lines.role = 'in_force'
),

banded as (
    select
        contract_code,
        indicator_code,
        period_month,
        basis,
        is_relieved,
        role,
        line_code,
        scheme_code,
        kind,
        period_number,
        is_in_contract,
        is_late,
        numerator,
        denominator,
        value,
        repeat_multiplier,
        waived_points_pct,
        case when is_deemed then 'deemed' else status end as status,
        case when is_deemed then worst_severity else severity end as severity,
        case when is_deemed then worst_points else band_points end as points_of_band,
        case when is_deemed then worst_credit_pct else band_credit_pct end as credit_pct_of_band,
        -- How short a deemed failure fell nobody measured: its scheme says.
        case when is_deemed then deemed_shortfall else shortfall end as shortfall_of_value
    from judged
),

failing as (
    select
        *,
        coalesce(severity <> 'met', false) as is_failed,
        coalesce(severity <> 'met', false) and kind = 'KPI' and is_in_contract as is_scored
    from banded
),

chained as (
    select
        *,
        is_scored and coalesce(
            lag(is_scored) over chain and lag(period_number) over chain = period_number - 1,
            false
        ) as is_repeat
    from failing
    window chain as (
        partition by contract_code, indicator_code, basis, is_relieved, role, line_code
        order by period_number
    )
),

final as (
    select
        -- keys
        contract_code,
        indicator_code,
        period_month,
        basis,
        is_relieved,
        role,
        line_code,
        scheme_code,
        -- attributes
        kind,
        status,
        severity,
        is_late,
        is_failed,
        is_scored,
        is_repeat,
        -- measures
        numerator,
        denominator,
        value,
        case when is_scored then points_of_band else 0 end as base_points,
        case when is_scored then credit_pct_of_band end as band_credit_pct,
        case when is_scored then shortfall_of_value end as shortfall,
        waived_points_pct,
        case
            when is_scored
                then trim_scale(
                    points_of_band
                    * case when is_repeat then repeat_multiplier else 1 end
                    * (100 - waived_points_pct)
                    * 0.01
                )
            else 0
        end as points
    from chained
)

select * from final
