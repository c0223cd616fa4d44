-- What lies at a source and was not taken, and why. Owned by outturn_owner.
-- One row per source and address; a row goes once the file is taken or no longer there.

create table if not exists ops.waiting_file (
    source text not null,
    url text not null,
    name text not null,
    reason text not null,
    size_bytes bigint,
    modified_at timestamptz,
    first_seen_at timestamptz not null default clock_timestamp(),
    last_seen_at timestamptz not null default clock_timestamp(),
    primary key (source, url)
);
grant select, insert, update, delete on ops.waiting_file to outturn_loader;
grant select on ops.waiting_file to outturn_models, outturn_publisher;
