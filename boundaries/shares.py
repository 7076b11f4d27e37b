"""The rule by which a crosswalk's weights become the shares that move an amount.

In: a crosswalk, a tolerance and a choice about overlapping targets. Out: `Shares`, in which every
source's row and what of it lies outside are settled, with a list of the rows that were rescaled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from boundaries.checks import EXACT, FloatArray, fraction, one_of
from boundaries.errors import OverlapRefused

if TYPE_CHECKING:
    from boundaries.crosswalk import Crosswalk

OVERLAP = ("refuse", "share-out", "count-in-each")


@dataclass(frozen=True, eq=False)
class Shares:
    """Settled shares of every source.

    Attributes
    ----------
    weights
        Shares in the targets, float64, shape (n_source, n_target).
    outside
        Share of each source that no target receives, float64, shape (n_source,). It holds both
        what lies in no target and what has no weight to be split by (see `unplaceable`).
    unplaceable
        The part of `outside` that comes from 0/0, float64, shape (n_source,).
    extra
        Share of each source that is counted more than once, float64, shape (n_source,): zero
        unless the caller chose "count-in-each". `row sum + outside = 1 + extra`.
    moved
        One row for each source that was rescaled because of the tolerance, with columns `code`,
        `coverage` (row sum before) and `share_moved` (what of the source the tolerance put into
        targets; below 0 where a sliver of overlap was taken off).
    """

    weights: csr_array
    outside: FloatArray
    unplaceable: FloatArray
    extra: FloatArray
    moved: pd.DataFrame


def settle(crosswalk: Crosswalk, *, tolerance: float = 0.0, overlap: str = "refuse") -> Shares:
    """Settle the shares of every source.

    A source that falls short of the targets by no more than `tolerance` is rescaled to 1 and
    listed; a larger shortfall goes to `outside`. A source that overlapping targets count more
    than once is refused, divided ("share-out") or kept ("count-in-each"); an excess of no more
    than `tolerance` is a sliver and divided and listed, unless "count-in-each" was chosen.

    Raises
    ------
    OverlapRefused
        If targets overlap by more than the tolerance and `overlap` is "refuse".
    OptionUnknown
        If an option has a value that does not exist.
    """
    one_of(overlap, OVERLAP, option="overlap")
    # 1 - 0.98 is a little more than 0.02 in floating point, and yet within 2 %.
    limit = fraction(tolerance, option="tolerance") + EXACT
    before = np.asarray(crosswalk.weights.sum(axis=1)).ravel()
    short, unplaceable = crosswalk.outside, crosswalk.undefined
    extra = crosswalk.extra
    overlapping = extra > EXACT
    if overlap == "refuse":
        _refuse(crosswalk, overlapping & (extra > limit), extra)

    gap = (short > EXACT) & (short <= limit) & (before > 0)
    remaining = np.where(gap, 0.0, short)
    divided = ~overlapping | (overlap != "count-in-each")
    whole = 1.0 - remaining - unplaceable
    # With "count-in-each" a sliver of gap is closed in proportion, the multiple counting stays.
    repeated = np.where(gap, before / np.maximum(1.0 - short, EXACT), before)
    after = np.where(before > 0, np.where(divided, whole, repeated), 0.0)
    factor = np.divide(after, before, out=np.zeros_like(after), where=before > 0)
    weights = scale_rows(crosswalk.weights, factor)

    slivers = overlapping & divided & (overlap == "refuse")
    listed = gap | slivers
    # Sharing an overlap out is no movement: only what the tolerance closed or took off counts.
    closed = np.where(gap, short, 0.0) - np.where(slivers, extra, 0.0)
    share_moved = np.where(divided, closed, after - before)
    moved = pd.DataFrame(
        {
            "code": crosswalk.sources[listed],
            "coverage": before[listed],
            "share_moved": share_moved[listed],
        }
    )
    outside = remaining + unplaceable
    extra_after = np.where(divided, 0.0, np.maximum(after + outside - 1.0, 0.0))
    return Shares(weights, outside, unplaceable, extra_after, moved)


def scale_rows(matrix: csr_array, factor: FloatArray) -> csr_array:
    """Multiply every row of a sparse table by its own factor."""
    data = matrix.data * np.repeat(factor, np.diff(matrix.indptr))
    return csr_array((data, matrix.indices, matrix.indptr), shape=matrix.shape)


def _refuse(crosswalk: Crosswalk, refused: np.ndarray, extra: FloatArray) -> None:
    if refused.any():
        codes = crosswalk.sources[refused]
        worst = float(extra[refused].max())
        raise OverlapRefused(
            f"{crosswalk.sources.name} to {crosswalk.targets.name}",
            found=codes,
            detail=f"up to {worst:.2%} of a source is counted more than once",
        )
