"""How far a converted figure can be trusted.

In: a crosswalk, the counts it moves and, where there is one, a crosswalk by a finer weight between
the same layers. Out: `Trust`, which holds for each target the estimate, bounds, the share of it
that comes from split sources, an error with its interval, and a grade from A to D with its rule.

The bounds are arithmetic. The error model is this project's own, and says so wherever it is shown:
how often its interval holds the truth is measured where the truth is known (`measure`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from boundaries.applying import extensive
from boundaries.checks import EXACT, FloatArray, align, fraction, same_layer
from boundaries.errors import CodesUnknown
from boundaries.shares import settle

if TYPE_CHECKING:
    from boundaries.crosswalk import Crosswalk

Z95 = 1.959963984540054
"""Two-sided 95 % of the normal distribution."""

GRADES = ("A", "B", "C", "D")
ERROR_LIMITS = (0.01, 0.05, 0.15)
"""Largest error, as a share of the figure, for grades A, B and C."""
SPLIT_LIMITS = (0.02, 0.10, 0.30)
"""Largest share from split sources for grades A, B and C, where no error is known."""


@dataclass(frozen=True, eq=False)
class Trust:
    """Converted figures with how far each can be trusted.

    Attributes
    ----------
    table
        One row a target: `estimate`, `lower` and `upper` bound, `split_share`, `second` (the
        estimate by the finer weight), `error` (one standard deviation), `low` and `high` (95 %
        interval, within the bounds), `grade`. What is not known is missing.
    sliver
        Shares below this, or above 1 less this, are taken as the crosswalk has them; the bounds
        are free of any assumption only where it is 0.
    spread
        The error of a share as a part of `sqrt(p (1 - p))`; None where no second weight is known.
    """

    table: pd.DataFrame
    sliver: float
    spread: float | None

    @property
    def rule(self) -> str:
        """The rule of the grades, for printing beside them."""
        return grade_rule(by_error=self.spread is not None)

    def sentence(self, code: str) -> str:
        """Say for one target how far its figure can be trusted."""
        row = self.table.loc[code]
        if np.isnan(row["estimate"]):
            return f"{code} has no figure: it has no source with a value. Grade D."
        text = (
            f"{code}: about {row['estimate']:,.0f}; certainly between {row['lower']:,.0f} and "
            f"{row['upper']:,.0f}"
        )
        if self.sliver > 0:
            text += f", if parts below {self.sliver:.1%} are taken as they are"
        text += f"; {row['split_share']:.1%} of it comes from areas that are split"
        if self.spread is not None:
            text += (
                f"; 19 times in 20 between {row['low']:,.0f} and {row['high']:,.0f} by our estimate"
            )
        return f"{text}. Grade {row['grade']}."


def trust(
    crosswalk: Crosswalk,
    values: pd.Series,
    *,
    finer: Crosswalk | None = None,
    spread: float | None = None,
    sliver: float = 0.01,
    tolerance: float = 0.0,
    overlap: str = "refuse",
) -> Trust:
    """Say how far the converted counts can be trusted.

    With `w` the settled shares and `y` the values of the sources:

    - bounds: a source with `w >= 1 - sliver` in a target counts there as the crosswalk has it, so
      does a part `w <= sliver`; every other source that touches the target may lie in it with
      nothing or with all that is left of it;
    - share from split sources: `sum_split |w y| / sum |w y|`;
    - error: with shares `u` by the finer weight and `p = (w + u) / 2`,
      `spread^2 = sum y^2 (w - u)^2 / sum y^2 p (1 - p)` over all pairs, and
      `error_t^2 = spread^2 sum_s y_s^2 p_st (1 - p_st)`: sources are taken to err independently,
      and the finer weight to be the better one. [own]

    Parameters
    ----------
    values
        Counts by source code, as for `Crosswalk.apply_extensive`.
    finer
        A crosswalk between the same layers by a finer weight, for example households.
    spread
        Where there is no finer weight: a spread measured elsewhere, if one is known.
    sliver, tolerance, overlap
        Sliver tolerance of the bounds; the other two as for `apply_extensive`.

    Returns
    -------
    Trust

    Raises
    ------
    VintageMismatch, CodesUnknown
        If the finer crosswalk is not between the same layers and areas.
    """
    sliver = fraction(sliver, option="sliver")
    converted = extensive(
        crosswalk, values, uncovered="report", tolerance=tolerance, overlap=overlap
    )
    amounts = np.nan_to_num(align(values, crosswalk.sources, where=str(values.name or "values")))
    shares = settle(crosswalk, tolerance=tolerance, overlap=overlap).weights
    table = pd.DataFrame({"estimate": converted.values})
    table["lower"], table["upper"] = _bounds(shares, amounts, sliver)
    table["split_share"] = _split_share(shares, amounts, sliver)
    second, errors = np.full(len(table), np.nan), np.full(len(table), np.nan)
    other = shares
    if finer is not None:
        other = _same_order(crosswalk, finer, tolerance=tolerance, overlap=overlap)
        second = other.T @ amounts
        spread = _spread(shares, other, amounts)
    if spread is not None:
        errors = np.sqrt(spread**2 * (_doubt(shares, other).T @ amounts**2))
    table["second"], table["error"] = second, errors
    table["low"] = np.maximum(table["estimate"] - Z95 * errors, table["lower"])
    table["high"] = np.minimum(table["estimate"] + Z95 * errors, table["upper"])
    table.loc[table["estimate"].isna(), table.columns[1:]] = np.nan
    table["grade"] = _grades(table, by_error=spread is not None)
    return Trust(table, sliver, spread)


def grade_rule(*, by_error: bool) -> str:
    """Print the rule by which figures are graded."""
    limits = ERROR_LIMITS if by_error else SPLIT_LIMITS
    of = "its estimated error is" if by_error else "the share of it from split areas is"
    steps = [f"{g} if {of} at most {x:.0%}" for g, x in zip("ABC", limits, strict=True)]
    return "; ".join(steps) + "; D otherwise, or if there is no figure. A rule of this project."


@dataclass(frozen=True)
class Measured:
    """How well a method did where the truth is known.

    Attributes
    ----------
    areas
        Number of targets compared.
    within_bounds, within_interval
        Share of them whose truth lies in the bounds, and in the 95 % interval.
    mean_error, worst_error
        Mean and largest absolute error as a share of the truth.
    """

    areas: int
    within_bounds: float
    within_interval: float
    mean_error: float
    worst_error: float


def measure(figures: Trust, truth: pd.Series) -> Measured:
    """Compare figures with the truth, where there is one.

    Raises
    ------
    VintageMismatch, CodesUnknown
        If the truth is not by the codes of the targets.
    """
    table = figures.table
    known = align(truth, table.index, where=str(truth.name or "truth"))
    both = ~np.isnan(known) & table["estimate"].notna().to_numpy()
    table, known = table[both], known[both]
    # The interval of a figure without doubt is a point: rounding must not put the truth beside it.
    slack = EXACT * np.maximum(np.abs(known), 1.0)

    def within(low: str, high: str) -> float:
        inside = (table[low] - slack <= known) & (known <= table[high] + slack)
        return float(inside.mean()) if table[low].notna().any() else float("nan")

    off = np.abs(table["estimate"].to_numpy() - known)
    nonzero = known != 0
    relative = off[nonzero] / np.abs(known[nonzero])
    return Measured(
        areas=len(table),
        within_bounds=within("lower", "upper"),
        within_interval=within("low", "high"),
        mean_error=float(relative.mean()) if len(relative) else float("nan"),
        worst_error=float(relative.max()) if len(relative) else float("nan"),
    )


def _fixed(shares: csr_array, sliver: float) -> np.ndarray:
    """Flag the cells that are taken as they are: wholly inside, or slivers."""
    limit = sliver + EXACT
    return (shares.data >= 1 - limit) | (shares.data <= limit)


def _bounds(shares: csr_array, amounts: FloatArray, sliver: float) -> tuple[FloatArray, FloatArray]:
    """Return the least and the most each target can hold."""
    fixed = _fixed(shares, sliver)
    rows = np.repeat(np.arange(shares.shape[0]), np.diff(shares.indptr))
    columns, amount = shares.indices, amounts[rows]
    taken = np.bincount(rows[fixed], shares.data[fixed], minlength=shares.shape[0])
    free = amount * np.clip(1.0 - taken[rows], shares.data, 1.0)
    known = np.where(fixed, shares.data * amount, 0.0)
    n = shares.shape[1]
    lower, upper = np.zeros(n), np.zeros(n)
    lower += np.bincount(columns, np.where(fixed, known, np.minimum(free, 0.0)), minlength=n)
    upper += np.bincount(columns, np.where(fixed, known, np.maximum(free, 0.0)), minlength=n)
    return lower, upper


def _split_share(shares: csr_array, amounts: FloatArray, sliver: float) -> FloatArray:
    rows = np.repeat(np.arange(shares.shape[0]), np.diff(shares.indptr))
    part = np.abs(shares.data * amounts[rows])
    n = shares.shape[1]
    split = np.bincount(shares.indices, np.where(_fixed(shares, sliver), 0.0, part), minlength=n)
    whole = np.bincount(shares.indices, part, minlength=n)
    return np.divide(split, whole, out=np.zeros(n), where=whole > 0)


def _same_order(
    crosswalk: Crosswalk, finer: Crosswalk, *, tolerance: float, overlap: str
) -> csr_array:
    """Return the settled shares of the finer crosswalk in the order of the first."""
    same_layer(finer.sources, crosswalk.sources, where="finer weight")
    same_layer(finer.targets, crosswalk.targets, where="finer weight")
    row = finer.sources.get_indexer(crosswalk.sources)
    column = finer.targets.get_indexer(crosswalk.targets)
    gone = [*crosswalk.sources[row < 0], *crosswalk.targets[column < 0]]
    if gone:
        raise CodesUnknown("finer weight", found=gone, detail="areas it does not hold")
    shares = settle(finer, tolerance=tolerance, overlap=overlap).weights
    return csr_array(shares[row][:, column])


def _doubt(shares: csr_array, other: csr_array) -> csr_array:
    """Return `p (1 - p)` of the mean shares, which is 0 for a source that is not split."""
    mean = csr_array((shares + other) / 2)
    mean.data = mean.data * np.clip(1.0 - mean.data, 0.0, None)
    return mean


def _spread(shares: csr_array, other: csr_array, amounts: FloatArray) -> float:
    difference = csr_array(shares - other)
    difference.data = difference.data**2
    doubt = float(amounts**2 @ _doubt(shares, other).sum(axis=1))
    found = float(amounts**2 @ difference.sum(axis=1))
    return float(np.sqrt(found / doubt)) if doubt > 0 else 0.0


def _grades(table: pd.DataFrame, *, by_error: bool) -> FloatArray:
    if by_error:
        size = table["estimate"].abs().to_numpy()
        error = table["error"].to_numpy()
        measure_of = np.where(error > 0, np.inf, 0.0)
        np.divide(error, size, out=measure_of, where=size > 0)
        limits = ERROR_LIMITS
    else:
        measure_of, limits = table["split_share"].to_numpy(), SPLIT_LIMITS
    step = np.searchsorted(np.array(limits) + EXACT, measure_of)
    step[table["estimate"].isna().to_numpy()] = len(limits)
    return np.array(GRADES, dtype=object)[step]
