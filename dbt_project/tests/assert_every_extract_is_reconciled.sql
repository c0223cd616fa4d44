-- A file of an extract that int_file_layers does not count would never be missed.
with extracts as (
    select * from {{ ref('stg_ops__extracts') }}
),

files as (
    select * from {{ ref('stg_ops__files') }}
    where landed > 0
),

counted as (
    select distinct extract
    from {{ ref('int_file_layers') }}
)

select distinct
    format(
        'Rows of %s landed, but int_file_layers does not count them. Add a line for it.',
        extracts.extract
    ) as message
from extracts
inner join files on extracts.extract = files.extract
left join counted on extracts.extract = counted.extract
where counted.extract is null
