"""Flows: whole-pence cells split over the areas of another level.

In: what share of each base area lies in each area of a level, and cells of pence (streams x base
areas). Out: pence by area of the level and what lies outside it, every cell split exactly.

Every stream splits a base area by the same shares, so the shares are turned into whole numbers and
sorted by how many parts a cell has once, and then used for all streams.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array

from budgets.errors import NothingToShareBy
from budgets.money import SHARE_BITS, Float64, Int64, floor_and_remainder, whole_weights

_AT_ONCE = 200_000
_MANY = 2_000_000
_PAIRWISE = 12


@dataclass(frozen=True, eq=False)
class _Block:
    """Base areas that are split into the same number of parts; the parts stand in code order."""

    rows: Int64
    weight: Int64
    weight_sum: Int64


@dataclass(frozen=True, eq=False)
class Split:
    """How each base area's cells are split over the areas of a level and what lies outside.

    Attributes
    ----------
    n_targets
        Areas of the level.
    start, column, weight, weight_sum
        The parts of base area i are `start[i]` to `start[i + 1]`, in code order; column
        `n_targets` is outside. Weights are whole numbers that add up to `weight_sum[i]`.
    """

    n_targets: int
    start: Int64
    column: Int64
    weight: Int64
    weight_sum: Int64

    @classmethod
    def of(
        cls, weights: csr_array, outside: Float64, *, sources: pd.Index, targets: pd.Index
    ) -> Split:
        """Prepare the split by shares `weights` (n_base, n_targets) and `outside` (n_base).

        Ties between parts go to the smaller code, and outside comes last.

        Raises
        ------
        NothingToShareBy
            A base area has neither a share in an area nor outside.
        """
        n_targets = len(targets)
        by_code = np.argsort(targets.to_numpy(dtype=object), kind="stable")
        rank = np.empty(n_targets + 1, np.int64)
        rank[by_code] = np.arange(n_targets)
        rank[n_targets] = n_targets
        pairs = weights.tocoo()
        row = np.concatenate([pairs.coords[0], np.arange(len(sources))]).astype(np.int64)
        column = np.concatenate([pairs.coords[1], np.full(len(sources), n_targets)])
        share = np.concatenate([pairs.data, outside])
        in_order = np.lexsort((rank[column], row))
        row, column, share = row[in_order], column[in_order], share[in_order]
        starts = np.flatnonzero(np.diff(row, prepend=-1))
        whole, sums = whole_weights(share, starts)
        if len(sums) and sums.min() == 0:
            raise NothingToShareBy("level", found=sources[sums == 0])
        used = whole > 0
        counts = np.bincount(row[used], minlength=len(sources))
        start = np.concatenate([[0], np.cumsum(counts)])
        return cls(n_targets, start, column[used], whole[used], sums)

    def apply(self, pence: Int64, *, engine: str = "auto") -> tuple[Int64, Int64]:
        """Split cells (n_streams, n_base) into (n_streams, n_targets) and outside (n_streams).

        Each cell is split by largest remainder, so that its parts add up to it. The engines
        `numpy` and `compiled` give the same pence; `auto` compiles for large ledgers only, so that
        nobody waits for a compilation to move a slider over a city.
        """
        by_column = np.zeros((len(pence), self.n_targets + 1), np.int64)
        large = len(pence) * len(self.column) > _MANY
        if engine == "compiled" or (engine == "auto" and large):
            # numba takes half a second to import, which small ledgers must not pay for.
            from budgets.kernel import split_cells

            parts = (self.start, self.column, self.weight, self.weight_sum)
            split_cells(np.ascontiguousarray(pence), *parts, by_column)
        else:
            self._add_up(pence, by_column)
        return np.ascontiguousarray(by_column[:, :-1]), by_column[:, -1].copy()

    def _add_up(self, pence: Int64, by_column: Int64) -> None:
        blocks, order, starts, columns = self._blocks
        for chosen in _chunks(len(pence), len(self.column)):
            flows = [_split_block(block, pence[chosen]) for block in blocks]
            if flows:
                parts = np.concatenate(flows, axis=1)[:, order]
                by_column[chosen, columns] = np.add.reduceat(parts, starts, axis=1)

    @cached_property
    def _blocks(self) -> tuple[list[_Block], Int64, Int64, Int64]:
        """Base areas by number of parts, and how the parts of all are brought together by column.

        The third says where each column begins in the order of the second, the fourth which it is.
        """
        counts = np.diff(self.start)
        blocks, columns = [], [np.zeros(0, np.int64)]
        for parts in np.unique(counts):
            rows = np.flatnonzero(counts == parts)
            # Part by part rather than row by row: each part is then one contiguous run in memory.
            at = self.start[rows] + np.arange(parts)[:, None]
            blocks.append(_Block(rows, self.weight[at], self.weight_sum[rows]))
            columns.append(self.column[at].ravel())
        column = np.concatenate(columns)
        order = np.argsort(column, kind="stable")
        first = np.flatnonzero(np.diff(column[order], prepend=-1))
        return blocks, order, first, column[order][first]


def count_in_each(pence: Int64, weights: csr_array) -> Int64:
    """Give every area its full share of each cell, though areas overlap and count it again.

    Each part is rounded to the nearest penny by itself, halves away from nought; the sum over the
    areas is larger than the pot and is no split of it. Shape (n_streams, n_targets).
    """
    columns = weights.tocsc()
    row = columns.indices
    share = np.rint(columns.data * 2.0**SHARE_BITS).astype(np.int64)
    whole = np.full(1, 2**SHARE_BITS, np.int64)
    counted = np.zeros((len(pence), weights.shape[1]), np.int64)
    filled = np.flatnonzero(np.diff(columns.indptr))
    if len(filled) == 0:
        return counted
    starts = columns.indptr[filled]
    for chosen in _chunks(len(pence), len(row)):
        cells = pence[chosen][:, row]
        part, remainder = floor_and_remainder(np.abs(cells), share, whole)
        part += 2 * remainder >= whole
        counted[chosen, filled] = np.add.reduceat(part * np.sign(cells), starts, axis=1)
    return counted


def _split_block(block: _Block, pence: Int64) -> Int64:
    """Return the parts of each cell, shape (n_streams, n_parts * n_rows)."""
    n_parts, n_rows = block.weight.shape
    cells = pence[:, block.rows]
    if n_parts == 1:
        return cells
    size = np.abs(cells)
    part, remainder = floor_and_remainder(size[:, None, :], block.weight, block.weight_sum)
    left = size - part.sum(axis=1)
    part += _ranks(remainder) < left[:, None, :]
    if (cells < 0).any():
        part *= np.sign(cells)[:, None, :]
    return part.reshape(len(pence), n_parts * n_rows)


def _ranks(remainder: Int64) -> npt.NDArray[Any]:
    """Rank the remainders along axis 1, the largest 0, ties to the earlier part."""
    n_parts = remainder.shape[1]
    if n_parts > _PAIRWISE:
        order = np.argsort(-remainder, axis=1, kind="stable")
        return np.argsort(order, axis=1, kind="stable")
    # Comparing each pair is several times faster than sorting when there are few parts.
    rank = np.zeros(remainder.shape, np.int8)
    for earlier, later in combinations(range(n_parts), 2):
        first_wins = remainder[:, earlier] >= remainder[:, later]
        rank[:, later] += first_wins
        rank[:, earlier] += ~first_wins
    return rank


def _chunks(n_streams: int, n_parts: int) -> Iterator[slice]:
    """Cut the streams so that the arrays of one step stay small enough for the cache."""
    step = max(1, _AT_ONCE // max(1, n_parts))
    for start in range(0, n_streams, step):
        yield slice(start, start + step)
