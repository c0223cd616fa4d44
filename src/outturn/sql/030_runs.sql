-- Working days, seed sets, runs and publications. Owned by outturn_owner.

-- England's working days; working_day_index counts working days up to and including the day.
create table if not exists ops.calendar_day (
    day date primary key,
    is_working_day boolean not null,
    holiday_name text,
    working_day_index integer not null
);
create index if not exists calendar_day_index on ops.calendar_day (working_day_index)
where is_working_day;

-- The nth working day after a day, which is day 0.
create or replace function ops.add_working_days(day date, working_days integer)
returns date
language sql stable
begin atomic
select later.day
from ops.calendar_day as start_day
inner join ops.calendar_day as later
    on
        later.is_working_day
        and start_day.working_day_index + add_working_days.working_days = later.working_day_index
where start_day.day = add_working_days.day;
end;

create table if not exists ops.seed_set (
    seed_hash text primary key,
    known_at timestamptz not null,
    archived_path text not null,
    registered_at timestamptz not null default clock_timestamp()
);

create table if not exists ops.publication (
    publication_id bigint generated always as identity primary key,
    run_key text not null unique,
    as_at timestamptz not null,
    seed_hash text not null references ops.seed_set,
    code_version text not null,
    first_period text not null,
    last_period text not null,
    months text[] not null,
    fingerprints jsonb not null,
    started_at timestamptz not null default clock_timestamp(),
    published_at timestamptz
);

-- Which inputs the facts of a month were last published from. A month that is not here,
-- or whose inputs differ, is due. period = '' stands for extracts that replace by key.
create table if not exists ops.month_state (
    period text primary key,
    fingerprint text not null,
    publication_id bigint not null references ops.publication
);

create table if not exists ops.dbt_result (
    run_key text not null,
    unique_id text not null,
    resource_type text not null,
    status text not null,
    seconds numeric not null,
    rows_affected bigint,
    message text,
    finished_at timestamptz not null default clock_timestamp(),
    primary key (run_key, unique_id)
);

grant select on ops.calendar_day, ops.seed_set, ops.publication, ops.month_state
to outturn_models, outturn_publisher, outturn_loader;
grant select on ops.calendar_day to outturn_finance;
grant insert on ops.seed_set to outturn_publisher;
grant select, insert, update on ops.publication to outturn_publisher;
grant select, insert, update, delete on ops.month_state to outturn_publisher;
grant select, insert, update, delete on ops.dbt_result to outturn_transformer;
grant select on ops.publication to outturn_transformer;
grant select on ops.dbt_result to outturn_models, outturn_publisher;

-- What was really published, as changes: a figure's row holds until a later one of its key.
create table if not exists history.published_figure (
    publication_id bigint not null references ops.publication,
    mart text not null,
    figure_key jsonb not null,
    measure text not null,
    value text,
    primary key (mart, measure, figure_key, publication_id)
);
comment on table history.published_figure is
'One row per published figure that changed; a null value says the figure was no longer published.';
grant select, insert on history.published_figure to outturn_publisher;

create or replace function history.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% on %.% is refused: it is append-only',
        tg_op, tg_table_schema, tg_table_name;
end;
$$;
create or replace trigger append_only_rows
before update or delete or truncate on history.published_figure
for each statement execute function history.refuse_change();
