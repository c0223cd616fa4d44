"""### Take in what finance delivered.

**Source** the folder `finance` at the landing URL: ledger, payments, decisions on indicators and
relief and whatever else `extracts/finance/` describes.
**Owner** data engineering. **When** every 15 minutes; nothing there, nothing done.
**Does** receive (archive and register) → load (typed rows, bad ones to quarantine) → check (Great
Expectations) → announce (an event per extract that changed, which starts `monthly_refresh`).
**When it fails** the good files went on all the same. The failed task names the file, the line and
what to do: see `docs/runbooks/receive_finance.md`. A corrected delivery heals by itself.
"""

from outturn.dag_wiring import receive_dag  # builds an airflow dag

receive_dag("finance", __doc__ or "")
