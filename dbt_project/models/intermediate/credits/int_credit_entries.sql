-- One row per event of a credit, judged in its order: what it amounts to and the sums after it, or
-- why it is refused. What the ledger holds is never judged again.
with recursive events as (
    select * from {{ ref('int_credit_events') }}
),

-- Begins before the first event with nothing; each event is held against what those before left.
walk as (
    select
        contract_code,
        period_month,
        0::bigint as place,
        null::numeric as room_gbp,
        null::numeric as amount_gbp,
        null::text as entry_key,
        null::text as refusal,
        0 as adjustments,
        0::numeric as due_gbp,
        0::numeric as notified_gbp,
        0::numeric as agreed_gbp,
        0::numeric as disputed_gbp,
        0::numeric as deducted_gbp,
        0::numeric as waived_gbp,
        0::numeric as lapsed_gbp
    from events
    where place = 1
    union all
    select
        walk.contract_code,
        walk.period_month,
        events.place,
        limits.room_gbp,
        judged.amount_gbp,
        coalesce(events.entry_key, {{ credit_entry_key('events', 'walk') }}) as entry_key,
        judged.refusal,
        walk.adjustments + (events.step = 'adjustment')::integer as adjustments,
        walk.due_gbp
        + case when events.step in ('due', 'adjustment') then judged.kept_gbp else 0 end
            as due_gbp,
        walk.notified_gbp + case events.step when 'notified' then judged.kept_gbp else 0 end
            as notified_gbp,
        walk.agreed_gbp + case events.step when 'agreed' then judged.kept_gbp else 0 end
            as agreed_gbp,
        -- What is agreed, waived or lapsed is in dispute no more.
        greatest(
            least(
                walk.disputed_gbp
                + case events.step when 'disputed' then judged.kept_gbp else 0 end,
                limits.answerable_gbp
                - case
                    when events.step in ('agreed', 'waived', 'lapsed') then judged.kept_gbp
                    else 0
                end
            ),
            0
        ) as disputed_gbp,
        walk.deducted_gbp + case events.step when 'deducted' then judged.kept_gbp else 0 end
            as deducted_gbp,
        walk.waived_gbp + case events.step when 'waived' then judged.kept_gbp else 0 end
            as waived_gbp,
        walk.lapsed_gbp + case events.step when 'lapsed' then judged.kept_gbp else 0 end
            as lapsed_gbp
    from walk
    inner join events
        on
            walk.contract_code = events.contract_code
            and walk.period_month = events.period_month
            and walk.place + 1 = events.place
    -- Recursion allows no CTE of its own between a step and the one before it.
    cross join lateral (select {{ credit_limits('events', 'walk') }}) as limits  -- noqa: ST05
    cross join lateral (  -- noqa: ST05
        select {{ credit_verdict('events', 'walk', 'limits') }}
    ) as judged
),

final as (
    select
        -- keys
        events.contract_code,
        events.period_month,
        events.place,
        -- attributes
        walk.entry_key,
        events.step,
        events.source_kind,
        events.scheme_code,
        events.basis,
        events.actor,
        events.requested_by,
        events.reason,
        events.decision_id,
        events.invoice_number,
        walk.refusal,
        -- measures
        events.asked_gbp,
        walk.amount_gbp,
        walk.due_gbp,
        walk.notified_gbp,
        walk.agreed_gbp,
        walk.disputed_gbp,
        walk.deducted_gbp,
        walk.waived_gbp,
        walk.lapsed_gbp,
        walk.due_gbp - walk.deducted_gbp - walk.waived_gbp - walk.lapsed_gbp as outstanding_gbp,
        -- dates
        events.effective_on,
        -- provenance
        events.entry_number,
        events.file_id,
        events.record_number,
        events.row_hash
    from walk
    inner join events
        on
            walk.contract_code = events.contract_code
            and walk.period_month = events.period_month
            and walk.place = events.place
)

select * from final
