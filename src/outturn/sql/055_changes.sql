-- Which published figures a publication changed, and why. Owned by outturn_owner.

create table if not exists history.figure_change (
    publication_id bigint not null references ops.publication,
    previous_publication_id bigint not null references ops.publication,
    mart text not null,
    figure_key jsonb not null,
    measure text not null,
    from_value text,
    to_value text,
    change_kind text not null check (change_kind in ('changed', 'new', 'withdrawn')),
    why_kind text not null,
    why text not null,
    primary key (publication_id, mart, figure_key, measure)
);
comment on table history.figure_change is
'One row per figure of a period published before that a publication changed, with its cause.';
create or replace trigger append_only_rows
before update or delete or truncate on history.figure_change
for each statement execute function history.refuse_change();

grant usage on schema history to outturn_models;
grant select on history.figure_change to outturn_models;
grant select, insert on history.figure_change to outturn_publisher;
