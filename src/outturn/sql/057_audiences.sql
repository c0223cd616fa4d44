-- Who reads which contract's rows: written by `outturn init` from audiences.csv, applied to live
-- marts by the swap. Owned by outturn_published, who owns what is read.

create table if not exists ops.audience (
    login name not null,
    contract_code text,
    unique nulls not distinct (login, contract_code)
);
comment on table ops.audience is
'One row lets a login role read the rows of one contract; null: of every one, and every mart.';

-- A view that has to keep rows apart by itself asks here; a run says when the seed differs.
grant select on ops.audience to outturn_models, outturn_publisher;

-- Let each audience read a mart, or its contracts' rows, and nobody else. A view reads as its
-- owner, past the rules of tables: no security barrier, no limited audience.
create or replace function ops.open_to_audiences(mart regclass) returns void
language plpgsql set search_path = pg_catalog as $$
declare
    kind "char";
    is_barrier boolean;
    has_contract boolean := exists (
        select from pg_attribute
        where attrelid = mart and attname = 'contract_code' and not attisdropped
    );
    is_guarded boolean;
    policy name;
    reader record;
begin
    select relkind, coalesce('security_barrier=true' = any (reloptions), false)
    into kind, is_barrier from pg_class where oid = mart;
    is_guarded := has_contract and kind in ('r', 'p');
    for policy in select polname from pg_policy where polrelid = mart loop
        execute format('drop policy %I on %s', policy, mart);
    end loop;
    if is_guarded then
        execute format('alter table %s enable row level security', mart);
        execute format('create policy builders on %s for select '
            'to outturn_models, outturn_publisher using (true)', mart);
    end if;
    for reader in
        select login,
            array_remove(array_agg(contract_code order by contract_code), null) as contracts,
            bool_or(contract_code is null) as sees_all
        from ops.audience group by login order by login
    loop
        if not (reader.sees_all or is_guarded or has_contract and kind = 'v' and is_barrier) then
            execute format('revoke all on %s from %I', mart, reader.login);
            continue;
        end if;
        execute format('grant select on %s to %I', mart, reader.login);
        if is_guarded then
            execute format('create policy %1$I on %2$s for select to %1$I using (%3$s)',
                reader.login, mart, case when reader.sees_all then 'true'
                    else format('contract_code = any (%L)', reader.contracts) end);
        end if;
    end loop;
end;
$$;

revoke all on function ops.open_to_audiences(regclass) from public;
