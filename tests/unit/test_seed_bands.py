"""Bands are taken if and only if every value on the grid falls into exactly one: by brute force."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from outturn.seed_bands import SEVERITIES, Band, check_bands, flagged

HALF = Decimal("0.5")
BOUNDS = st.one_of(st.none(), st.integers(-2, 16).map(lambda n: n * HALF))
FLAGS = st.sampled_from([True, False, None])
GRID = [Decimal(n) for n in range(11)]


def band(severity: str, lower: Decimal | None, upper: Decimal | None, *flags: bool | None) -> Band:
    return Band(2, severity, lower, flags[0], upper, flags[1])


SEVERITY = st.sampled_from(SEVERITIES)
ANY_BANDS = st.lists(
    st.builds(band, SEVERITY, BOUNDS, BOUNDS, FLAGS, FLAGS), min_size=1, max_size=4
)


def holds(one: Band, value: Decimal) -> bool:
    above = one.lower is None or value > one.lower or (one.lower_inclusive and value == one.lower)
    below = one.upper is None or value < one.upper or (one.upper_inclusive and value == one.upper)
    return bool(above and below)


@st.composite
def neighbours(draw: st.DrawFn) -> list[Band]:
    """Bands side by side, as somebody writes them; some bound or flag may be a little off."""
    cuts = sorted(draw(st.sets(st.integers(0, 18), max_size=3)))
    edges = [None, *(cut * HALF for cut in cuts), None]
    gap = draw(st.sampled_from([Decimal(0), Decimal(0), HALF, Decimal(1)]))
    return [
        band(
            "met" if at == 0 else draw(SEVERITY),
            None if lower is None else lower + gap,
            upper,
            draw(FLAGS),
            draw(FLAGS),
        )
        for at, (lower, upper) in enumerate(pairwise(edges))
    ]


@given(st.one_of(neighbours(), ANY_BANDS))
def test_bands_are_taken_if_each_value_on_the_grid_is_in_exactly_one(bands: list[Band]) -> None:
    problem = check_bands(bands, {"rounding_dp": "0", "rounding_mode": "half_up"}, Decimal(10))
    filled = flagged(sorted(bands, key=lambda one: one.place))
    counts = [sum(holds(one, value) for one in filled) for value in GRID]
    if problem is None:
        assert counts == [1] * len(GRID)
    else:
        assert counts != [1] * len(GRID) or is_otherwise_wrong(bands)


def is_otherwise_wrong(bands: list[Band]) -> bool:
    """No band met, or bands that hold no value of the grid at all."""
    has_met = any(one.severity == "met" for one in bands)
    filled = flagged(sorted(bands, key=lambda one: one.place))
    return not has_met or any(not any(holds(one, value) for value in GRID) for one in filled)


@given(neighbours())
def test_a_hole_is_named_by_a_value_in_no_band(bands: list[Band]) -> None:
    problem = check_bands(bands, {"rounding_dp": "0", "rounding_mode": "half_up"}, Decimal(10))
    if problem and " hole " in problem.what:
        filled = flagged(sorted(bands, key=lambda one: one.place))
        assert not any(holds(one, Decimal(problem.value)) for one in filled)
