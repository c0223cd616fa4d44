-- Records and amounts of every file tie from layer to layer.
with reconciliation as (
    select * from {{ ref('reconciliation') }}
)

select
    format(
        'File %s (%s, %s) does not tie at %s: records %s in, %s out, %s aside; amounts %s, %s, %s.',
        file_id,
        file_name,
        extract,
        layer,
        records_in,
        records_out,
        records_set_aside,
        coalesce(amount_in::text, 'none'),
        coalesce(amount_out::text, 'none'),
        coalesce(amount_set_aside::text, 'none')
    ) as message
from reconciliation
where not is_reconciled
