"""The rounding that reference data asks for (REGIME 2), as the macro compiles it, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

from outturn.settings import Settings
from tests.conftest import rows

MODES = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN, "down": ROUND_DOWN}
VALUES = (
    "0.5", "1.5", "2.5", "-0.5", "-1.5", "-2.5", "98.445", "98.455", "-98.445", "-98.455",
    "98.4449999999999999999", "98.4450000000000000001", "99.995", "-99.995", "0", "1e6", "0.005",
    "123456789012345678.125",
)  # fmt: skip


def test_every_mode_rounds_exactly_as_decimal_arithmetic_does(
    warehouse_settings: Settings, compiled: Callable[[str], str]
) -> None:
    statement = compiled(
        "select value, places, mode, {{ rounded('value', 'places', 'mode') }} as rounded"
        f" from unnest('{{{','.join(VALUES)}}}'::numeric[]) as value"
        " cross join (values (0), (1), (2), (null)) as p (places)"
        f" cross join unnest('{{{','.join(MODES)},none,null}}'::text[]) as mode"
    )
    found = rows(warehouse_settings, statement)
    assert len(found) == len(VALUES) * 4 * (len(MODES) + 2)
    for value, places, mode, rounded in found:
        expected = value
        if places is not None and mode != "none":
            rounding = MODES[mode or "half_up"]
            expected = value.quantize(Decimal(1).scaleb(-places), rounding=rounding)
        assert rounded == expected, (value, places, mode)
