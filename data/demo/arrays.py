"""The array types of the demo generator and two sums over groups that every room needs.

In: values by piece and the group of each piece. Out: totals and middles by group.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def tally(group: Ints, weight: NDArray[Any] | None = None, *, n: int = 0) -> Floats:
    """Add up weights (or count) by group: (n_groups,) float64, at least `n` of them."""
    return np.asarray(np.bincount(group, weight, n), dtype=np.float64)


def middles(group: Ints, xy: Floats, weight: NDArray[Any] | None = None) -> Floats:
    """Return the weighted mean position of each group, (n_groups, 2); every group has weight."""
    mass = np.ones(len(group)) if weight is None else np.asarray(weight, dtype=np.float64)
    sums = [tally(group, mass * xy[:, axis]) for axis in (0, 1)]
    return np.stack(sums, axis=1) / tally(group, mass)[:, None]
