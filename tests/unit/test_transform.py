"""What a build is told."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from outturn.run import Run
from outturn.transform import variables


def test_the_calendar_of_reference_data_sets_the_vars_of_its_names(tmp_path: Path) -> None:
    (tmp_path / "calendar_inputs.csv").write_text(
        "input_code,value,source\nfiscal_year_start_month,7,\n"
    )
    moment = datetime(2016, 1, 1, tzinfo=UTC)
    run = Run("key", 1, moment, "hash", tmp_path, "2015-07", "2016-01", ["2016-01"], "asat_x_")
    told = variables(run)
    assert told["fiscal_year_start_month"] == 7
    assert told["as_at"] == "2016-01-01T00:00:00+00:00"
    assert told["marts_schema"] == "asat_x_marts"
