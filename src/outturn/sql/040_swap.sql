-- An empty schema to build marts in: nothing of a failed build or a removed model stays behind.
-- Owned by outturn_models, who builds them.
create or replace function staging.begin_marts(schema_name text) returns void
language plpgsql set search_path = pg_catalog as $$
begin
    execute format('drop schema if exists %I cascade', schema_name);
    execute format('create schema %I', schema_name);
    execute format('grant usage on schema %I to outturn_finance, outturn_publisher', schema_name);
end;
$$;

revoke all on function staging.begin_marts(text) from public;
drop function if exists staging.swap_marts(bigint);
drop function if exists staging.drop_old_marts();
