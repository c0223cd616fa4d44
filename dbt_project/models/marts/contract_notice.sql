-- One row per published KPI and assessment period: its rating for the notice under section 71 of
-- the Procurement Act 2023, of the period's summed figures: never a mean of months' ratings.
with rated as (
    select * from {{ ref('int_assessments__rated') }}
),

contracts as (
    select * from {{ ref('contracts') }}
),

indicators as (
    select * from {{ ref('indicators') }}
),

rating_rules as (
    select
        nullif(indicator_code, '') as indicator_code,
        severity,
        rating
    from {{ ref('rating_rules') }}
),

newest as (
    select
        contract_code,
        max(notice_number) as notice_number
    from rated
    group by contract_code
),

worded as (
    select
        rated.*,
        coalesce(
            own_rating.rating,
            general_rating.rating,
            case rated.rated_as
                when 'met' then 'Good'
                when 'minor' then 'Approaching target'
                when 'serious' then 'Requires improvement'
                when 'severe' then 'Requires improvement'
                when 'below_threshold' then 'Inadequate'
                else 'Other'
            end
        ) as rating
    from rated
    left join rating_rules as own_rating
        on
            rated.indicator_code = own_rating.indicator_code
            and rated.rated_as = own_rating.severity
    left join rating_rules as general_rating
        on
            general_rating.indicator_code is null
            and rated.rated_as = general_rating.severity
),

final as (
    select
        -- keys
        worded.contract_code,
        worded.indicator_code,
        {{ period_columns('worded.period_month') }},
        worded.notice_number::integer as notice_number,
        -- attributes
        contracts.title as contract_title,
        contracts.supplier_name,
        contracts.customer_name,
        indicators.name as indicator_name,
        indicators.name || ' (' || coalesce(indicators.unit, 'count') || '): target '
        || coalesce(trim_scale(worded.target)::text, 'none')
        || coalesce(' to ' || trim_scale(worded.target_high)::text, '') as kpi_description,
        worded.expected_periods,
        worded.measured_periods,
        worded.failed_periods,
        worded.rated_as as severity,
        worded.rating,
        {{ state_sign('worded.rated_as') }} || ' ' || worded.rating as rating_label,
        case
            when worded.value is null
                then 'There are no figures for the assessment period.'
            else
                trim_scale(worded.value)::text || ' ' || coalesce(worded.unit, '')
                || ' over the assessment period; ' || worded.failed_periods || ' of '
                || worded.measured_periods || ' measured periods failed.'
        end
        || case
            when contracts.starts_on < '2025-02-24'
                then ' Illustrative: the contract began before the Act was in force.'
            else ''
        end as explanation,
        case
            when worded.notice_number = newest.notice_number then 'latest' else 'earlier'
        end as recency,
        -- measures
        trim_scale(worded.numerator)::numeric as numerator,
        trim_scale(worded.denominator)::numeric as denominator,
        trim_scale(worded.value)::numeric as value,
        worded.target::numeric as target,
        -- dates
        worded.assessment_from::date as assessment_from,
        worded.assessment_to
    from worded
    inner join contracts on worded.contract_code = contracts.contract_code
    inner join indicators on worded.indicator_code = indicators.indicator_code
    inner join newest on worded.contract_code = newest.contract_code
)

select * from final
