-- One row per extract that has a contract: how it replaces and when it is due.
with final as (
    {{ extract_contracts() | indent(4) }}
)

select * from final
