-- The swap that readers never notice. Owned by outturn_models, who owns the marts.
-- Renaming a schema waits for no reader; the old tables are dropped later, when nobody reads them.

-- An empty schema to build marts in: nothing of a failed build or a removed model stays behind.
create or replace function staging.begin_marts(schema_name text) returns void
language plpgsql set search_path = pg_catalog as $$
begin
    execute format('drop schema if exists %I cascade', schema_name);
    execute format('create schema %I', schema_name);
    execute format('grant usage on schema %I to outturn_finance, outturn_publisher', schema_name);
end;
$$;

create or replace function staging.swap_marts(publication_id bigint) returns void
language plpgsql security definer set search_path = pg_catalog as $$
begin
    if to_regnamespace('marts_next') is null then
        raise exception 'there is nothing to publish: schema marts_next does not exist';
    end if;
    if to_regnamespace('marts') is not null then
        execute format('alter schema marts rename to %I', 'marts_before_' || publication_id);
    end if;
    alter schema marts_next rename to marts;
end;
$$;

create or replace function staging.drop_old_marts() returns integer
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

revoke all on function staging.begin_marts(text) from public;
revoke all on function staging.swap_marts(bigint) from public;
revoke all on function staging.drop_old_marts() from public;
grant execute on function staging.swap_marts(bigint) to outturn_publisher;
grant execute on function staging.drop_old_marts() to outturn_publisher;
