-- Whoever may log in gets what is granted to its role, and nothing through PUBLIC. Run by the
-- administrator after everything is made: new functions are open to PUBLIC until it is taken away.
revoke all on all routines in schema ops, history, staging from public;
revoke all on all tables in schema ops, history, landing, quarantine from public;
revoke all on all sequences in schema ops, history, landing, quarantine from public;

grant execute on function
ops.known_file(timestamptz), ops.current_file(timestamptz), ops.add_working_days(date, integer)
to outturn_loader, outturn_models, outturn_publisher;

alter default privileges for role outturn_owner revoke execute on routines from public;
alter default privileges for role outturn_models revoke execute on routines from public;
alter default privileges for role outturn_published revoke execute on routines from public;
