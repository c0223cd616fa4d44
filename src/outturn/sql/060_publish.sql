-- The swap that readers never notice. Owned by outturn_published, who owns the marts that are read:
-- whoever builds marts can neither change nor drop those, nor put other code in the swap's place.
-- Renaming a schema waits for no reader; the old tables are dropped later, when nobody reads them.

-- What was built becomes ours and is opened to its readers; who built it may still read it. Readers
-- that are changed meanwhile wait, or are waited for: no rule of yesterday is put on these marts.
create or replace function ops.take_over(schema_name text) returns void
language plpgsql set search_path = pg_catalog as $$
declare
    reader name;
    relation regclass;
begin
    lock table ops.audience in share mode;
    execute format('alter schema %I owner to outturn_published', schema_name);
    execute format('grant usage on schema %I to outturn_models', schema_name);
    for reader in select distinct login from ops.audience loop
        execute format('grant usage on schema %I to %I', schema_name, reader);
    end loop;
    for relation in
        select class.oid::regclass from pg_class as class
        inner join pg_namespace as namespace on namespace.oid = class.relnamespace
        where namespace.nspname = schema_name and class.relkind in ('r', 'p', 'v', 'm')
        order by class.relname
    loop
        execute format('alter table %s owner to outturn_published', relation);
        execute format('grant select on %s to outturn_models', relation);
        perform ops.open_to_audiences(relation);
    end loop;
end;
$$;

create or replace function ops.swap_marts(publication_id bigint) returns void
language plpgsql security definer set search_path = pg_catalog as $$
begin
    if to_regnamespace('marts_next') is null then
        raise exception 'there is nothing to publish: schema marts_next does not exist';
    end if;
    if to_regnamespace('marts') is not null then
        execute format('alter schema marts rename to %I', 'marts_before_' || publication_id);
    end if;
    perform ops.take_over('marts_next');
    alter schema marts_next rename to marts;
end;
$$;

create or replace function ops.drop_old_marts() returns integer
language plpgsql security definer set search_path = pg_catalog as $$
declare
    old_schema text;
    dropped integer := 0;
begin
    for old_schema in
        select nspname from pg_namespace where nspname ~ '^marts_before_\d+$' order by nspname
    loop
        execute format('drop schema %I cascade', old_schema);
        dropped := dropped + 1;
    end loop;
    return dropped;
end;
$$;

revoke all on function ops.take_over(text) from public;
revoke all on function ops.swap_marts(bigint) from public;
revoke all on function ops.drop_old_marts() from public;
grant execute on function ops.swap_marts(bigint) to outturn_publisher;
grant execute on function ops.drop_old_marts() to outturn_publisher;
