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

-- One seal per publication over the figures that it added, and over the seal before it: a figure
-- that is changed, added or taken away past the triggers shows, and so does a seal that is.
create table if not exists history.publication_seal (
    publication_id bigint primary key references ops.publication,
    figures bigint not null,
    figures_hash text not null,
    previous_hash text not null,
    seal_hash text not null unique
);
create or replace trigger append_only_rows
before update or delete or truncate on history.publication_seal
for each statement execute function history.refuse_change();

create or replace function history.seal_hash(seal history.publication_seal)
returns text
language sql immutable
begin atomic
select encode(
    sha256(convert_to(concat_ws(
        ':', seal.publication_id, seal.figures, seal.figures_hash, seal.previous_hash
    ), 'UTF8')), 'hex'
);
end;

-- Count and hash of the figures of one publication; null: of each.
create or replace function history.figure_hashes(only_publication bigint)
returns table (publication_id bigint, figures bigint, figures_hash text)
language sql stable
begin atomic
select
    figure.publication_id,
    count(*) as figures,
    encode(sha256(string_agg(
        sha256(convert_to(
            concat_ws(
                chr(31), figure.mart, figure.measure, figure.figure_key::text,
                coalesce(figure.value, chr(30))
            ), 'UTF8'
        )), ''::bytea
        order by
            figure.mart collate "C", figure.measure collate "C", figure.figure_key::text collate "C"
    )), 'hex') as figures_hash
from history.published_figure as figure
where figure.publication_id = coalesce(figure_hashes.only_publication, figure.publication_id)
group by figure.publication_id;
end;

create or replace function history.make_seal() returns trigger
language plpgsql security definer set search_path = pg_catalog as $$
begin
    perform pg_advisory_xact_lock(hashtext('history.publication_seal'));
    select hashes.figures, hashes.figures_hash into new.figures, new.figures_hash
    from history.figure_hashes(new.publication_id) as hashes;
    new.figures := coalesce(new.figures, 0);
    new.figures_hash := coalesce(new.figures_hash, '');
    new.previous_hash := coalesce((
        select seal.seal_hash from history.publication_seal as seal
        order by seal.publication_id desc limit 1
    ), '');
    new.seal_hash := history.seal_hash(new);
    return new;
end;
$$;
create or replace trigger seal before insert on history.publication_seal
for each row execute function history.make_seal();

-- The first publication whose figures or seal do not fit. Figures before the first seal have none.
create or replace function history.seal_fault()
returns table (publication_id bigint, fault text)
language sql stable security definer set search_path = pg_catalog
begin atomic
with chained as (
    select
        seal.publication_id,
        seal as sealed,
        coalesce(lag(seal.seal_hash) over (order by seal.publication_id), '') as expected_previous
    from history.publication_seal as seal
),
compared as (
    select
        coalesce(chained.publication_id, hashes.publication_id) as publication_id,
        case
            when chained.publication_id is null then 'its figures have no seal'
            when (chained.sealed).figures <> coalesce(hashes.figures, 0)
                then 'it has ' || coalesce(hashes.figures, 0) || ' figures, sealed were '
                || (chained.sealed).figures
            when (chained.sealed).figures_hash <> coalesce(hashes.figures_hash, '')
                then 'its figures are not those that were sealed'
            when (chained.sealed).seal_hash <> history.seal_hash(chained.sealed)
                then 'its seal is not what its hash was made of'
            when (chained.sealed).previous_hash <> chained.expected_previous
                then 'its seal does not follow the one before it'
        end as fault
    from chained
    full join history.figure_hashes(null) as hashes
        on chained.publication_id = hashes.publication_id
    where
        coalesce(chained.publication_id, hashes.publication_id)
        >= (select min(seal.publication_id) from history.publication_seal as seal)
)
select compared.publication_id, compared.fault
from compared
where compared.fault is not null
order by compared.publication_id
limit 1;
end;

grant select, insert on history.publication_seal to outturn_publisher;
grant execute on function history.seal_fault() to outturn_publisher;
