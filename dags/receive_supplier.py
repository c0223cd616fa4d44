"""### Take in what the supplier delivered.

**Source** the folder `supplier` at the landing URL: indicator returns, service events, charges,
relief claims and whatever else `extracts/supplier/` describes.
**Owner** data engineering. **When** every 15 minutes; nothing there, nothing done.
**Does** receive (archive and register) → load (typed rows, bad ones to quarantine) → check (Great
Expectations) → announce (an event per extract that changed, which starts `monthly_refresh`).
**When it fails** the good files went on all the same. The failed task names the file, the line and
what to do: see `docs/runbooks/receive_supplier.md`. A corrected delivery heals by itself.
"""

from outturn.dag_wiring import receive_dag  # builds an airflow dag

receive_dag("supplier", __doc__ or "")
