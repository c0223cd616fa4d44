-- A code with two meanings on one day would count its amount twice.
with cost_categories as (
    select
        *,
        row_number() over (
            partition by code_type, code order by valid_from, valid_to, category_code
        ) as row_of_code
    from {{ ref('cost_categories') }}
)

select
    format(
        'The %s code %s has two rows in cost_categories.csv from %s: their days overlap.',
        earlier.code_type,
        earlier.code,
        later.valid_from
    ) as message
from cost_categories as earlier
inner join cost_categories as later
    on
        earlier.code_type = later.code_type
        and earlier.code = later.code
        and earlier.row_of_code < later.row_of_code
        and earlier.valid_from <= coalesce(later.valid_to, 'infinity'::date)
        and later.valid_from <= coalesce(earlier.valid_to, 'infinity'::date)
