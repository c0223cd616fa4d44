-- What was delivered, what became of it, and which file is current. Owned by outturn_owner.

create table if not exists ops.extract_file (
    file_id bigint generated always as identity primary key,
    extract text not null,
    sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
    size_bytes bigint not null,
    form text,
    status text not null default 'registered'
    check (status in ('registered', 'loaded', 'accepted', 'held', 'refused')),
    refusal text,
    records bigint,
    landed bigint,
    quarantined bigint,
    control_totals jsonb,
    contract_hash text,
    registered_at timestamptz not null default clock_timestamp(),
    loaded_at timestamptz,
    checked_at timestamptz,
    unique (extract, sha256),
    check (records = landed + quarantined)
);
comment on table ops.extract_file is 'One row per content (sha256) of an extract.';

-- One sighting of a content under a name. The same content delivered again later is
-- not loaded again, but becomes the newest: that is how a restatement is taken back.
create table if not exists ops.delivery (
    delivery_id bigint generated always as identity primary key,
    file_id bigint not null references ops.extract_file,
    source text not null,
    name text not null,
    url text not null,
    received_at timestamptz not null,
    delivery_number integer not null default 0,
    modified_at timestamptz,
    seen_at timestamptz not null default clock_timestamp()
);
create index if not exists delivery_file on ops.delivery (file_id);
create index if not exists delivery_url on ops.delivery (url);

-- What a file replaces: a contract, entity or publisher in a period, or one key.
create table if not exists ops.file_part (
    file_id bigint not null references ops.extract_file,
    part_code text not null,
    period text not null check (period = '' or period ~ '^\d{4}-(0[1-9]|1[0-2])$'),
    primary key (file_id, part_code, period)
);

create table if not exists ops.check_result (
    file_id bigint not null references ops.extract_file,
    check_name text not null,
    column_name text,
    severity text not null check (severity in ('critical', 'warning')),
    success boolean not null,
    observed text,
    unexpected_count bigint,
    details jsonb,
    checked_at timestamptz not null default clock_timestamp(),
    primary key (file_id, check_name)
);

create table if not exists quarantine.record (
    file_id bigint not null references ops.extract_file,
    line_number bigint not null,
    record_number bigint,
    raw_record text not null,
    errors jsonb not null
);
create index if not exists record_file on quarantine.record (file_id);
comment on table quarantine.record is
'One row per bad record, whole. errors: [{"column", "value", "reason"}, ...].';

-- The only bitemporal logic: what was known at a time, and which of it was current then.
-- Newest wins by received_at, then the _n of the name, then the name. seen_by is when we had it
-- here and had accepted it: what was received before a publication and taken in after it was not
-- in it. A file that was checked anew counts from then.
create or replace function ops.known_file(as_at timestamptz, seen_by timestamptz)
returns table (
    "extract" text,
    file_id bigint,
    part_code text,
    period text,
    received_at timestamptz,
    first_received_at timestamptz,
    is_current boolean
)
language sql stable
begin atomic
with delivered as (
    select distinct on (delivery.file_id)
        delivery.file_id,
        delivery.received_at,
        delivery.delivery_number,
        delivery.name,
        min(delivery.received_at) over (partition by delivery.file_id) as first_received_at
    from ops.delivery as delivery
    where delivery.received_at <= known_file.as_at and delivery.seen_at <= known_file.seen_by
    order by
        delivery.file_id asc,
        delivery.received_at desc,
        delivery.delivery_number desc,
        delivery.name desc
)

select
    extract_file.extract,
    extract_file.file_id,
    file_part.part_code,
    file_part.period,
    delivered.received_at,
    delivered.first_received_at,
    row_number() over (
        partition by extract_file.extract, file_part.part_code, file_part.period
        order by
            delivered.received_at desc,
            delivered.delivery_number desc,
            delivered.name desc,
            delivered.file_id desc
    ) = 1 as is_current
from ops.extract_file as extract_file
inner join delivered on extract_file.file_id = delivered.file_id
inner join ops.file_part as file_part on extract_file.file_id = file_part.file_id
where
    extract_file.status = 'accepted'
    and coalesce(extract_file.checked_at, extract_file.registered_at) <= known_file.seen_by;
end;

create or replace function ops.known_file(as_at timestamptz)
returns table (
    "extract" text,
    file_id bigint,
    part_code text,
    period text,
    received_at timestamptz,
    first_received_at timestamptz,
    is_current boolean
)
language sql stable
begin atomic
select known.* from ops.known_file(known_file.as_at, 'infinity') as known;
end;

create or replace function ops.current_file(as_at timestamptz, seen_by timestamptz)
returns table (
    "extract" text,
    file_id bigint,
    part_code text,
    period text,
    received_at timestamptz,
    first_received_at timestamptz,
    is_current boolean
)
language sql stable
begin atomic
select known_file.*
from ops.known_file(current_file.as_at, current_file.seen_by) as known_file
where known_file.is_current;
end;

create or replace function ops.current_file(as_at timestamptz)
returns table (
    "extract" text,
    file_id bigint,
    part_code text,
    period text,
    received_at timestamptz,
    first_received_at timestamptz,
    is_current boolean
)
language sql stable
begin atomic
select current.* from ops.current_file(current_file.as_at, 'infinity') as current;
end;

grant execute on function
ops.known_file(timestamptz, timestamptz), ops.current_file(timestamptz, timestamptz)
to outturn_loader, outturn_models, outturn_publisher;

grant select, insert, update on ops.extract_file to outturn_loader;
grant select, insert on ops.delivery to outturn_loader;
grant select, insert, delete on ops.file_part, ops.check_result, quarantine.record
to outturn_loader;
grant select on ops.extract_file, ops.delivery, ops.file_part, ops.check_result, quarantine.record
to outturn_models;
grant select on ops.extract_file, ops.delivery, ops.file_part to outturn_publisher;
