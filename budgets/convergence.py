"""Convergence: moving to target over years by new money alone.

In: a baseline, targets, and how the total grows. Out: `Path`: the amounts of every year, in which
nobody is cut and new money goes where the target has not been reached.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from budgets.errors import (
    CapTooLow,
    GrowthOnly,
    NothingToShareBy,
    ParameterOutOfRange,
)
from budgets.money import Float64
from budgets.need import check_range
from budgets.rules import filled, water_filling
from budgets.sharing import exact_sum, figures, whole_pence

MOST_YEARS = 100
_ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class Path:
    """Amounts over years.

    Attributes
    ----------
    amounts
        float64 (n_areas, n_years + 1); column 0 is the baseline.
    targets
        float64, same shape: the targets scaled to each year's total.
    steps
        For each year after the baseline what was applied, in sentences; none where one rule alone
        was.
    """

    amounts: pd.DataFrame
    targets: pd.DataFrame
    steps: tuple[tuple[str, ...], ...] = ()

    @property
    def told(self) -> list[str]:
        """What was applied over the years: what held in all of them once, the rest by year."""
        if not self.steps:
            return []
        always = [line for line in self.steps[0] if all(line in year for year in self.steps)]
        rest = [
            f"Year {number}: {line}"
            for number, year in enumerate(self.steps, 1)
            for line in year
            if line not in always
        ]
        return [*always, *rest]

    @property
    def distance(self) -> pd.DataFrame:
        """Distance from target of every area and year, `amount / target - 1`."""
        return self.amounts / self.targets.where(self.targets > 0) - 1

    def to_pence(self) -> pd.DataFrame:
        """Round every year to whole pence that add up to its total; int64."""
        years = {
            year: whole_pence(column, total=round(exact_sum(column)))
            for year, column in self.amounts.items()
        }
        return pd.DataFrame(years)


def convergence(
    baseline: pd.Series,
    targets: pd.Series,
    *,
    growth: float | Sequence[float],
    years: int = 1,
    cap: float | Sequence[float] | None = None,
) -> Path:
    """Share each year's new money in proportion to what lacks to target; nobody is cut.

    `A_t = A_{t-1} + new_t gap / sum(gap)` with `gap = max(0, T_t - A_{t-1})`, targets scaled to the
    year's total. With a cap no area grows by more than that part of what it had, and new money
    fills up the others in proportion to their gaps, never beyond target. The cap does not bind an
    area that had nothing.

    Parameters
    ----------
    baseline, targets
        Amounts by area, 0 or more.
    growth
        Growth of the total, one figure for all years or one for each: 0.05 is 5 %.
    years
        How many; by default as many as `growth` or `cap` lists.
    cap
        Most growth of one area in a year, one figure or one for each year.

    Raises
    ------
    GrowthOnly
        A year's total falls.
    CapTooLow
        A cap leaves new money that nobody may take; `nearest` is the lowest cap that does not.
    """
    base = figures(baseline, "baseline")
    target = figures(targets, "targets", baseline.index)
    if exact_sum(target) == 0:
        raise NothingToShareBy("targets", found=baseline.index)
    growths = _by_year(growth, "growth", years, cap)
    caps = [None] * len(growths) if cap is None else _by_year(cap, "cap", len(growths))
    _check_growth(growths)
    amounts, scaled = [base], [target * (exact_sum(base) / exact_sum(target))]
    for year, (rate, most) in enumerate(zip(growths, caps, strict=True), 1):
        now = amounts[-1]
        new = exact_sum(now) * rate
        goal = target * ((exact_sum(now) + new) / exact_sum(target))
        amounts.append(now + increments(now, goal, new, most, index=baseline.index, year=year))
        scaled.append(goal)
    columns = pd.RangeIndex(len(amounts), name="year")
    return Path(
        amounts=pd.DataFrame(np.stack(amounts, axis=1), baseline.index, columns),
        targets=pd.DataFrame(np.stack(scaled, axis=1), baseline.index, columns),
    )


def increments(
    now: Float64, goal: Float64, new: float, cap: float | None, *, index: pd.Index, year: int
) -> Float64:
    """Share one year's new money among the gaps to the goal; see `convergence`."""
    gap = np.maximum(goal - now, 0.0)
    if new <= 0 or not gap.any():
        return np.zeros(len(now))
    if cap is None:
        return gap * (new / exact_sum(gap))
    room = np.where(now > 0, np.minimum(gap, cap * now), gap)
    # New money is a difference of large sums, and so is a gap: both are rounded like the sums.
    if exact_sum(room) < new - _ROUNDING * exact_sum(now):
        nearest = _lowest_cap(now, gap, new, index)
        raise CapTooLow(
            f"cap of year {year}",
            found=[f"{cap:.4%}"],
            detail=f"areas below target may take {exact_sum(room):,.0f} of {new:,.0f}; "
            f"the lowest cap that works is {nearest:.4%}",
            limit="cap",
            nearest=nearest,
            year=year,
        )
    return filled(gap, np.zeros(len(gap)), room, min(new, exact_sum(room)))[0]


def _lowest_cap(now: Float64, gap: Float64, new: float, index: pd.Index) -> float:
    """Return the cap c at which `sum(min(gap, c now))` is the new money: a water level."""
    free = exact_sum(gap[now <= 0])
    has = now > 0
    level = water_filling(
        pd.Series(now[has], index[has]),
        total=new - free,
        ceiling=pd.Series(gap[has], index[has]),
    )
    return level.parameter


def _by_year(
    value: float | Sequence[float], name: str, years: int, other: object = None
) -> list[float]:
    if isinstance(value, Sequence):
        listed = [float(v) for v in value]
    else:
        n = len(other) if isinstance(other, Sequence) and years == 1 else years
        listed = [float(value)] * n
    if not 1 <= len(listed) <= MOST_YEARS or (years > 1 and len(listed) != years):
        detail = f"{len(listed)} figures for {years} years; at most {MOST_YEARS} years"
        raise ParameterOutOfRange(name, detail=detail)
    for figure in listed:
        check_range(name, figure, -1.0, 10.0)
    return listed


def _check_growth(growths: list[float]) -> None:
    falling = [f"year {year}: {rate:+.2%}" for year, rate in enumerate(growths, 1) if rate < 0]
    if falling:
        raise GrowthOnly("growth", found=falling)
