-- The life of each credit, step by step, and the answers to notices. Owned by outturn_owner.
-- Append-only: a step is never changed, a later step says what became of it.

create table if not exists ops.credit_ledger (
    entry_number bigint primary key,
    contract_code text not null,
    period text not null check (period ~ '^\d{4}-(0[1-9]|1[0-2])$'),
    -- What may be there once: the credit itself, its notice, a decision. See unique below.
    entry_key text not null,
    step text not null check (step in (
        'due', 'adjustment', 'notified', 'agreed', 'disputed', 'deducted', 'waived', 'lapsed'
    )),
    source text not null check (source in ('publication', 'decision', 'notice', 'rule')),
    amount_gbp numeric(14, 2) not null check (amount_gbp > 0 or step = 'adjustment'),
    effective_on date not null,
    scheme_code text,
    basis text,
    actor text not null,
    requested_by text,
    reason text,
    decision_id text,
    invoice_number text,
    file_id bigint references ops.extract_file,
    record_number bigint,
    publication_id bigint references ops.publication,
    notice_hash text,
    recorded_at timestamptz not null,
    previous_hash text not null,
    row_hash text not null unique,
    unique (contract_code, period, entry_key),
    check (requested_by is distinct from actor or requested_by is null)
);
create unique index if not exists credit_ledger_decision on ops.credit_ledger (decision_id)
where decision_id is not null;
comment on table ops.credit_ledger is
'One row per step of one credit. row_hash covers the row and the row before it.';

-- A row's hash: all its values that are there, the previous row's hash among them.
create or replace function ops.credit_ledger_hash(entry ops.credit_ledger)
returns text
language sql stable set timezone = 'UTC'
begin atomic
select encode(
    sha256(convert_to((jsonb_strip_nulls(to_jsonb(entry)) - 'row_hash')::text, 'UTF8')), 'hex'
);
end;

-- Number, time and hashes are the database's own, whatever the writer sends.
create or replace function ops.chain_credit_ledger() returns trigger
language plpgsql security definer set search_path = pg_catalog as $$
declare
    last_entry ops.credit_ledger;
begin
    perform pg_advisory_xact_lock(hashtext('ops.credit_ledger'));
    select * into last_entry from ops.credit_ledger order by entry_number desc limit 1;
    new.entry_number := coalesce(last_entry.entry_number, 0) + 1;
    new.previous_hash := coalesce(last_entry.row_hash, '');
    new.recorded_at := clock_timestamp();
    new.row_hash := ops.credit_ledger_hash(new);
    return new;
end;
$$;
create or replace trigger chain before insert on ops.credit_ledger
for each row execute function ops.chain_credit_ledger();
create or replace trigger append_only_rows
before update or delete or truncate on ops.credit_ledger
for each statement execute function history.refuse_change();

-- The first row that does not fit: its number, and what is wrong with it.
create or replace function ops.credit_ledger_fault()
returns table (entry_number bigint, fault text)
language sql stable security definer set search_path = pg_catalog
begin atomic
with chained as (
    select
        entry.entry_number,
        row_number() over numbered as expected_number,
        entry.previous_hash,
        coalesce(lag(entry.row_hash) over numbered, '') as expected_previous,
        entry.row_hash,
        ops.credit_ledger_hash(entry) as expected_hash
    from ops.credit_ledger as entry
    window numbered as (order by entry.entry_number)
)

select
    chained.entry_number,
    case
        when chained.entry_number <> chained.expected_number
            then 'entry ' || chained.expected_number || ' is missing before it'
        when chained.row_hash <> chained.expected_hash
            then 'its contents are not those that its hash was made of'
        else 'it does not follow the entry before it'
    end as fault
from chained
where
    chained.entry_number <> chained.expected_number
    or chained.row_hash <> chained.expected_hash
    or chained.previous_hash <> chained.expected_previous
order by chained.entry_number
limit 1;
end;

-- What was asked of whom about a notice, and what was answered. A refusal is kept as well.
create table if not exists ops.notice_answer (
    answer_id bigint generated always as identity primary key,
    run_id text not null unique,
    contract_code text not null,
    period text not null,
    publication_id bigint not null references ops.publication,
    notice_hash text not null,
    answer text not null check (answer in ('approved', 'rejected')),
    requested_by text not null,
    answered_by text not null check (answered_by <> requested_by),
    reason text not null,
    answered_at timestamptz not null default clock_timestamp()
);
create or replace trigger append_only_rows
before update or delete or truncate on ops.notice_answer
for each statement execute function history.refuse_change();

grant select, insert on ops.credit_ledger, ops.notice_answer to outturn_publisher;
grant select on ops.credit_ledger, ops.notice_answer to outturn_models;
grant execute on function ops.credit_ledger_fault() to outturn_publisher;
