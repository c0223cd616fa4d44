"""Whole units split by weight so that the parts add up to the whole, exactly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def split_whole(total: int, weights: NDArray[np.float64]) -> NDArray[np.int64]:
    """`total` units (pence, items) over positive weights by largest remainder; the sum is exact.

    A negative total gives negative parts. No weights: nothing to give.
    """
    if len(weights) == 0:
        return np.zeros(0, dtype=np.int64)
    exact = weights / weights.sum() * abs(total)
    parts = np.floor(exact).astype(np.int64)
    missing = abs(total) - int(parts.sum())
    order = np.argsort(parts - exact, kind="stable")
    base, extra = divmod(missing, len(parts))
    parts += base
    parts[order[:extra]] += 1
    return np.asarray(parts if total >= 0 else -parts, dtype=np.int64)
