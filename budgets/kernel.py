"""The compiled way of splitting cells, for ledgers of national size.

In: cells of whole pence and, for each base area, its parts in code order. Out: the pence of each
column added to a table, as `budgets.flows` does with numpy; both give the same pence.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geo.packed import compiled

Int64 = npt.NDArray[np.int64]


@compiled
def split_cells(
    pence: Int64, start: Int64, column: Int64, weight: Int64, weight_sum: Int64, out: Int64
) -> None:
    """Add the parts of every cell to `out` (n_streams, n_columns).

    The parts of base area i are `start[i]` to `start[i + 1]`. The quotient is estimated in floating
    point and put right by its exact remainder, as in `money.floor_and_remainder`.
    """
    n_streams, n_areas = pence.shape
    most = 1
    for i in range(n_areas):
        most = max(most, start[i + 1] - start[i])
    remainder = np.empty(most, np.int64)
    for s in range(n_streams):
        for i in range(n_areas):
            cell = pence[s, i]
            if cell == 0:
                continue
            first, last = start[i], start[i + 1]
            if last - first == 1:
                out[s, column[first]] += cell
                continue
            sign = 1 if cell > 0 else -1
            size, whole = abs(cell), weight_sum[i]
            left = size
            for k in range(first, last):
                quotient = np.int64(size * (weight[k] / whole))
                product = np.uint64(size) * np.uint64(weight[k])
                rest = np.int64(product - np.uint64(quotient) * np.uint64(whole))
                if rest < 0:
                    quotient, rest = quotient - 1, rest + whole
                elif rest >= whole:
                    quotient, rest = quotient + 1, rest - whole
                remainder[k - first] = rest
                out[s, column[k]] += sign * quotient
                left -= quotient
            for _ in range(left):
                top = 0
                for k in range(1, last - first):
                    if remainder[k] > remainder[top]:
                        top = k
                out[s, column[first + top]] += sign
                remainder[top] = -1
