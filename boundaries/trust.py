"""How far a converted figure can be trusted.

In: a crosswalk, the counts it moves and, where there is one, a crosswalk by a finer weight between
the same layers. Out: `Trust`, which holds for each target the estimate, bounds, the share of it
that comes from split sources, an error with its interval, and a grade from A to D with its rule.

The bounds are arithmetic. The error model is this project's own. How often its interval holds the
truth is measured where the truth is known (`measure`): 1.96 errors would be 95 % if shares erred as
the model says, and held 92 % of the wards of four demo places, so that "nine times in ten" is what
a page may say.
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
"""Two-sided 95 % of the normal distribution; see above for what it holds in fact."""

GRADES = ("A", "B", "C", "D")
ERROR_LIMITS = (0.01, 0.05, 0.15)
"""Largest error, as a share of the figure, for grades A, B and C."""
SPLIT_LIMITS = (0.02, 0.10, 0.30)
"""Largest share from split sources for grades A, B and C, where no error is known."""

WHOLE = ("best fit", "whole")
"""Methods that place every source whole and so hide which of them are split."""


@dataclass(frozen=True, eq=False)
class Trust:
    """Converted figures with how far each can be trusted.

    Attributes
    ----------
    table
        One row a target: `estimate`, `lower` and `upper` bound, `split_share`, `second` (the
        estimate by the finer weight), `error` (one standard deviation), `low` and `high` (1.96
        errors on either side, within the bounds), `grade`. What is not known is missing.
    sliver
        Shares below this, or above 1 less this, are taken as the crosswalk has them. The bounds
        are free of any assumption only where it is 0 and the crosswalk is by area: points and
        pixels may miss a pair that touches.
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
        text = f"{code}: about {row['estimate']:,.0f}"
        if np.isnan(row["split_share"]):
            text += "; which of its areas are split is not known"
        else:
            text += (
                f"; between {row['lower']:,.0f} and {row['upper']:,.0f} however the split areas "
                f"really divide (parts below {self.sliver:.1%} taken as they are)"
                f"; {row['split_share']:.1%} of it comes from areas that are split"
            )
        if self.spread is not None:
            text += f"; nine times in ten between {row['low']:,.0f} and {row['high']:,.0f}"
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
    nested: bool = False,
) -> Trust:
    """Say how far the converted counts can be trusted.

    With `w` the settled shares and `y` the values of the sources:

    - bounds: a source with `w >= 1 - sliver` in a target counts there as the crosswalk has it, so
      does a part `w <= sliver`; every other source that touches the target may lie in it with
      nothing or with all that is left of it. Best fits and lookups of whole areas hide what is
      split: they have bounds only with a finer weight, which then says what is split, or if the
      caller vouches that the layers nest;
    - share from split sources: `sum_split |w y| / sum |w y|`;
    - error: with shares `u` by the finer weight and `p = (w + u) / 2`,
      `spread^2 = sum y^2 (w - u)^2 / sum y^2 p (1 - p)` over all pairs, and
      `error_t^2 = spread^2 sum_s y_s^2 p_st (1 - p_st)`: sources are taken to err independently,
      and the finer weight to be the better one, erring for other reasons. [own]

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
    nested
        The sources are known to lie wholly in the targets a best fit or lookup names.

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
    second, errors = np.full(len(table), np.nan), np.full(len(table), np.nan)
    other, seen = shares, crosswalk.weights
    if finer is not None:
        finer = _same_order(crosswalk, finer)
        other = settle(finer, tolerance=tolerance, overlap=overlap).weights
        second = other.T @ amounts
        spread = _spread(shares, other, amounts)
        seen = csr_array((seen + finer.weights) / 2)
    cells = _Cells.of(shares, seen, amounts, sliver, exclusive=overlap != "count-in-each")
    table["lower"], table["upper"] = cells.bounds()
    table["split_share"] = cells.split_share()
    hidden = any(word in crosswalk.method for word in WHOLE)
    if hidden and finer is None and not nested:
        table[["lower", "upper", "split_share"]] = np.nan
    if spread is not None:
        errors = np.sqrt(spread**2 * (_doubt(shares, other).T @ amounts**2))
    table["second"], table["error"] = second, errors
    table["low"] = np.fmax(table["estimate"] - Z95 * errors, table["lower"])
    table["high"] = np.fmin(table["estimate"] + Z95 * errors, table["upper"])
    table.loc[np.isnan(errors), ["low", "high"]] = np.nan
    table.loc[table["estimate"].isna(), table.columns[1:]] = np.nan
    table["grade"] = _grades(table, by_error=spread is not None)
    return Trust(table, sliver, spread)


def grade_rule(*, by_error: bool) -> str:
    """Print the rule by which figures are graded."""
    limits = ERROR_LIMITS if by_error else SPLIT_LIMITS
    of = "its estimated error is" if by_error else "the share of it from split areas is"
    steps = [f"{g} if {of} at most {x:.0%}" for g, x in zip("ABC", limits, strict=True)]
    return "; ".join(steps) + "; D otherwise, or if that is not known. A rule of this project."


@dataclass(frozen=True)
class Measured:
    """How well a method did where the truth is known.

    Attributes
    ----------
    areas
        Number of targets compared.
    within_bounds, within_interval
        Share of them whose truth lies in the bounds, and in the interval.
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


@dataclass(frozen=True)
class _Cells:
    """Pairs of sources and targets, with what of each amount is settled and what is free.

    A pair is settled if all that is known of the share, by one weight or by two, is that the
    source lies wholly in the target or with a sliver only.
    """

    column: np.ndarray
    settled: np.ndarray
    part: FloatArray
    free: FloatArray
    count: int

    @classmethod
    def of(
        cls,
        shares: csr_array,
        seen: csr_array,
        amounts: FloatArray,
        sliver: float,
        *,
        exclusive: bool,
    ) -> _Cells:
        table = seen.tocoo()
        row, column = table.coords
        limit = sliver + EXACT
        settled = (table.data >= 1 - limit) | (table.data <= limit)
        share = np.asarray(shares[row, column], dtype=np.float64).ravel()
        # Where targets overlap and each is counted, what one holds another may hold as well.
        held = np.where(settled, share, 0.0) if exclusive else np.zeros(len(share))
        taken = np.bincount(row, held, minlength=shares.shape[0])
        free = amounts[row] * np.clip(1.0 - taken[row], share, None)
        return cls(column, settled, share * amounts[row], free, shares.shape[1])

    def bounds(self) -> tuple[FloatArray, FloatArray]:
        """Return the least and the most each target can hold."""
        low = np.where(self.settled, self.part, np.minimum(self.free, 0.0))
        high = np.where(self.settled, self.part, np.maximum(self.free, 0.0))
        return self._sum(low), self._sum(high)

    def split_share(self) -> FloatArray:
        """Return the share of each target's figure that is not settled."""
        split = self._sum(np.where(self.settled, 0.0, np.abs(self.part)))
        whole = self._sum(np.abs(self.part))
        return np.divide(split, whole, out=np.zeros(self.count), where=whole > 0)

    def _sum(self, amount: FloatArray) -> FloatArray:
        total = np.zeros(self.count)
        total += np.bincount(self.column, amount, minlength=self.count)
        return total


def _same_order(crosswalk: Crosswalk, finer: Crosswalk) -> Crosswalk:
    """Return the finer crosswalk with the areas of the first, in its order."""
    same_layer(finer.sources, crosswalk.sources, where="finer weight")
    same_layer(finer.targets, crosswalk.targets, where="finer weight")
    gone = [
        *crosswalk.sources[~crosswalk.sources.isin(finer.sources)],
        *crosswalk.targets[~crosswalk.targets.isin(finer.targets)],
    ]
    if gone:
        raise CodesUnknown("finer weight", found=gone, detail="areas it does not hold")
    return finer.restrict(sources=crosswalk.sources, targets=crosswalk.targets)


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
    # What is missing sorts behind every limit, and is grade D.
    step = np.searchsorted(np.array(limits) + EXACT, measure_of)
    step[table["estimate"].isna().to_numpy()] = len(limits)
    return np.array(GRADES, dtype=object)[step]
