"""Tells a signal from chance: funnel limits across areas, and charts of one series over time.

In: events and people by area with the rate they are compared with, or a series of values. Out: the
limits within which chance alone would leave them, and which of them are beyond.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import bdtr, bdtrik, ndtr, ndtri, pdtr, pdtrik

from geo.errors import Faults
from indices import inputs
from indices.change_errors import SeriesTooShort
from indices.errors import (
    NegativeCount,
    NumeratorAboveDenominator,
    OptionUnknown,
    ZeroDenominator,
)

Floats = npt.NDArray[np.float64]
Limits = Literal["auto", "exact", "normal"]

# 19 of 20, and 998 of 1,000, of areas at the common rate lie within: worth a look, and a signal.
ALERT, ALARM = 1.96, 3.09
# Up to so many expected events (or non-events) limits are exact, which never alarm more often than
# they say. At 3.09 the upper normal limit alarms 4 times too often where 5 events are expected, 1.5
# times where 50 are, 1.2 times where 500 are.
EXACT_BELOW = 100.0
WINSORISED = 0.1
# Three standard deviations over the mean moving range of two normal values, 2 / sqrt(pi).
XMR_LIMIT = 3.0 * np.sqrt(np.pi) / 2.0
# Upper limit of the moving range over its mean: D4 for ranges of two.
RANGE_LIMIT = 3.267
RUN, TREND = 7, 7


@dataclass(frozen=True, eq=False, repr=False)
class Funnel:
    """Areas against a common rate.

    Attributes
    ----------
    table
        By area: `events`, `people`, `rate`, `z`; `alert_low`, `alert_high`, `alarm_low`,
        `alarm_high`, limits as shares; `signal`: `high alarm`, `high alert`, `low alert`,
        `low alarm`, or empty where chance explains it.
    centre
        The common rate.
    dispersion
        By how many times the areas vary more than chance alone; limits are wider by its root.
    """

    table: pd.DataFrame
    centre: float
    dispersion: float

    def __repr__(self) -> str:
        beyond = int((self.table["signal"] != "").sum())
        return f"<Funnel of {len(self.table):,} areas around {self.centre:.4g}, {beyond:,} beyond>"


def funnel(
    events: pd.Series,
    people: pd.Series,
    *,
    centre: float | None = None,
    part_of_people: bool = True,
    limits: Limits = "auto",
    overdispersion: bool = True,
) -> Funnel:
    """Compare areas with a common rate and name those that chance does not explain.

    Limits of a share are `p0 -+ z sqrt(p0 (1 - p0) / n)`, of other events `p0 -+ z sqrt(p0 / n)`,
    with z 1.96 (alert) and 3.09 (alarm). Where few events or few non-events are expected they are
    quantiles of the binomial (Poisson) distribution instead: the fewest and most events that leave
    no more than the tail of z outside. Where areas vary more than chance (`dispersion`) the
    normal limits are wider by its root, and exact ones move out by the same factor. Source:
    Spiegelhalter (2005), Funnel plots for comparing institutional performance, Statistics in
    Medicine 24. Status: common.

    Parameters
    ----------
    events, people
        By area; people above zero, missing stays missing and has no signal.
    centre
        The rate to compare with; by default that of all areas together.
    part_of_people
        Whether the events count a part of the people (binomial) or not (Poisson).
    limits
        `exact`, `normal`, or `auto`: exact up to 100 expected events or non-events.
    overdispersion
        Whether to widen the limits where areas vary significantly more than chance.

    Raises
    ------
    NegativeCount, ZeroDenominator, NumeratorAboveDenominator, NotANumber, OptionUnknown
        What is wrong with the input; several faults come together.
    """
    r, n = _checked(events, people, part_of_people, centre, limits)
    p0 = float(r[r.notna() & n.notna()].sum() / n[r.notna() & n.notna()].sum())
    p0 = p0 if centre is None else float(centre)
    variance = p0 * (1.0 - p0) if part_of_people else p0
    # Where nobody, or everybody, has the event there is no chance that could be measured.
    z = (r / n - p0) / np.sqrt(variance / n) if variance > 0 else pd.Series(np.nan, index=r.index)
    factor = dispersion(np.asarray(z.dropna(), dtype=float)) if overdispersion else 1.0
    table = pd.DataFrame({"events": r, "people": n, "rate": r / n, "z": z / np.sqrt(factor)})
    for name, width in (("alert", ALERT), ("alarm", ALARM)):
        low, high = _limits(n.to_numpy(), p0, width, part_of_people, limits, factor)
        table[f"{name}_low"], table[f"{name}_high"] = low, high
    table["signal"] = _signals(table)
    return Funnel(table, p0, factor)


def dispersion(z: Floats, *, winsorised: float = WINSORISED) -> float:
    """Return by how many times z-scores vary more than chance, 1 where that is not certain.

    The outermost tenth at each end is brought in to the tenth's border, so that true outliers do
    not widen their own limits; `phi = mean(z^2)` of what results, divided by the 0.679 that it is
    for standard normal values (for a tenth), because else limits come out too narrow. It counts
    only where it exceeds 1 by two standard errors. Source: Spiegelhalter (2005), who does not
    divide; that part is own.
    """
    if not 0 <= winsorised < 0.5:
        raise OptionUnknown("winsorised", found=[winsorised], detail="from 0 to less than a half")
    if len(z) < 2:
        return 1.0
    low, high = np.quantile(z, [winsorised, 1.0 - winsorised])
    expected, variance = _winsorised_moments(winsorised)
    phi = float(np.mean(np.clip(z, low, high) ** 2)) / expected
    threshold = 1.0 + 2.0 * np.sqrt(variance / len(z)) / expected
    return phi if phi > threshold else 1.0


def xmr(values: pd.Series, *, baseline: int | None = None) -> pd.DataFrame:
    """Chart one series: its limits of natural variation, and which points are signals.

    `centre = mean`, limits `centre -+ 2.66 mean(|x_t - x_(t-1)|)`. Signals: `outside` the limits;
    `run` of seven or more on one side of the centre; `trend` of seven or more that rise, or fall,
    each beyond the last; `near limit`, two of three beyond two thirds of the way on one side.
    Source: Wheeler (1993), Understanding variation; the run rules as NHS England's Making Data
    Count uses them. Status: common.

    Parameters
    ----------
    values
        In the order of time; missing points are passed over.
    baseline
        How many first points set the limits, so that a later change does not hide itself; all of
        them where absent.

    Returns
    -------
    By point: `value`, `centre`, `low`, `high`, `moving_range`, `range_high`, `signal` (empty where
    there is none; the first rule that holds).

    Raises
    ------
    SeriesTooShort
        Fewer than three points set the limits.
    """
    known = inputs.numbers(values, where="series").dropna()
    used = known if baseline is None else known.iloc[:baseline]
    if len(used) < 3:
        raise SeriesTooShort("series", detail=f"{len(used)} points at hand")
    ranges = known.diff().abs()
    mean_range = float(used.diff().abs().iloc[1:].mean())
    centre, reach = float(used.mean()), float(XMR_LIMIT) * mean_range
    table = pd.DataFrame({"value": known, "centre": centre})
    table["low"], table["high"] = centre - reach, centre + reach
    table["moving_range"], table["range_high"] = ranges, RANGE_LIMIT * mean_range
    # A value that differs from the centre by rounding only lies on it.
    off = (known - centre).to_numpy()
    off = np.where(np.abs(off) <= 1e-12 * max(1.0, abs(centre)), 0.0, off)
    table["signal"] = _chart_signals(off, reach)
    return table.reindex(values.index).assign(signal=lambda t: t["signal"].fillna(""))


def xmr_last(values: pd.DataFrame, *, fewest: int = 6) -> pd.DataFrame:
    """Judge the last column of many series, one a row, by the limits of the columns before it.

    The limits of `xmr` with all columns but the last as its baseline, without its run rules.

    Returns
    -------
    Columns `value`, `centre`, `low`, `high` of the rows that have a last value and at least
    `fewest` before it.
    """
    y = values.to_numpy(dtype=float)
    rows, table = [], []
    for row, series in enumerate(y):
        before = series[:-1][np.isfinite(series[:-1])]
        if not np.isfinite(series[-1]) or len(before) < max(fewest, 3):
            continue
        centre = before.mean()
        reach = XMR_LIMIT * np.abs(np.diff(before)).mean()
        rows.append(row)
        table.append((series[-1], centre, centre - reach, centre + reach))
    names = ["value", "centre", "low", "high"]
    return pd.DataFrame(table, index=values.index[rows], columns=names, dtype=float)


def _checked(
    events: pd.Series, people: pd.Series, part: bool, centre: float | None, limits: str
) -> tuple[pd.Series, pd.Series]:
    faults = Faults("funnel")
    inputs.check_codes(events.index, faults, where="events")
    if limits not in ("auto", "exact", "normal"):
        faults.add(OptionUnknown("limits", found=[limits], detail="auto, exact or normal"))
    if centre is not None and not 0 <= centre <= (1.0 if part else np.inf):
        faults.add(OptionUnknown("centre", found=[centre], detail="it is a rate of the people"))
    faults.raise_any()
    r = inputs.numbers(events, where="events")
    n = inputs.numbers(people, where="people").reindex(r.index)
    for name, column in (("events", r), ("people", n)):
        if (column < 0).any():
            faults.add(NegativeCount(name, found=column.index[column < 0]))
    if (n == 0).any():
        faults.add(ZeroDenominator("people", found=n.index[n == 0]))
    if part and (r > n).any():
        faults.add(NumeratorAboveDenominator("events", found=r.index[r > n]))
    faults.raise_any()
    return r, n


def _limits(
    n: Floats, p0: float, z: float, part: bool, limits: Limits, factor: float
) -> tuple[Floats, Floats]:
    """Return low and high limits as shares; a value on a limit is within."""
    spread = np.sqrt((p0 * (1.0 - p0) if part else p0) / n)
    low, high = p0 - z * np.sqrt(factor) * spread, p0 + z * np.sqrt(factor) * spread
    rare = n * (min(p0, 1.0 - p0) if part else p0)
    exact = (rare < EXACT_BELOW) if limits == "auto" else np.full(len(n), limits == "exact")
    exact &= ~np.isnan(n)
    if exact.any():
        tail, size = ndtr(-z), n[exact]
        ends = [_fewest(q, size, p0, part) / size for q in (tail, 1.0 - tail)]
        stretched = [p0 + np.sqrt(factor) * (end - p0) for end in ends]
        low[exact], high[exact] = stretched if factor > 1 else ends
    return np.clip(low, 0.0, None), np.clip(high, None, 1.0) if part else high


def _fewest(q: float, n: Floats, p0: float, part: bool) -> Floats:
    """Return the fewest events whose chance, or that of fewer, is at least q.

    From `scipy.special`: `scipy.stats` says the same and takes a second to load.
    """
    if part:
        of = np.round(n).astype(np.int64)
        most, chance = bdtrik(q, of, p0), lambda events: bdtr(events, of, p0)
    else:
        most, chance = pdtrik(q, n * p0), lambda events: pdtr(events, n * p0)
    found = np.ceil(most)
    fewer = np.maximum(found - 1, 0)  # what was solved for may lie a rounding above a whole number
    return np.asarray(np.where(chance(fewer) >= q, fewer, found), dtype=np.float64)


def _signals(table: pd.DataFrame) -> pd.Series:
    """Name the strongest limit that each area is beyond."""
    rate, slack = table["rate"], 1e-12
    conditions = [
        rate > table["alarm_high"] + slack,
        rate < table["alarm_low"] - slack,
        rate > table["alert_high"] + slack,
        rate < table["alert_low"] - slack,
    ]
    names = ["high alarm", "low alarm", "high alert", "low alert"]
    return pd.Series(np.select(conditions, names, ""), index=table.index, dtype="str")


def _winsorised_moments(q: float) -> tuple[float, float]:
    """Return mean and variance of a squared standard normal value winsorised at its quantile q.

    The variance is that of the influence of one value: the border c is itself estimated, and moves
    by 1/f(c) for each value that lies beyond it.
    """
    if q == 0:
        return 1.0, 2.0
    c = float(-ndtri(q))
    density = float(np.exp(-(c**2) / 2.0) / np.sqrt(2.0 * np.pi))
    inner2 = (1.0 - 2.0 * q) - 2.0 * c * density
    inner4 = 3.0 * inner2 - 2.0 * c**3 * density
    beyond = c**2 + 2.0 * c * q / density
    mean = inner2 + 2.0 * q * c**2
    variance = inner4 + 2.0 * q * beyond**2 - (inner2 + 2.0 * q * beyond) ** 2
    return mean, variance


def _chart_signals(off: Floats, reach: float) -> list[str]:
    """Return the first rule that holds for each point, from its distances to the centre."""
    size = len(off)
    side = np.sign(off)
    step = np.sign(np.diff(off))
    marks: list[str] = [""] * size
    for at in np.flatnonzero(np.abs(off) > reach * (1.0 + 1e-12)):
        marks[at] = "outside"
    for start in range(size - RUN + 1):
        if abs(side[start : start + RUN].sum()) == RUN:
            _mark(marks, range(start, start + RUN), "run")
    for start in range(size - TREND + 1):
        if abs(step[start : start + TREND - 1].sum()) == TREND - 1:
            _mark(marks, range(start, start + TREND), "trend")
    outer = np.where(np.abs(off) > reach * 2.0 / 3.0, side, 0.0)
    for start in range(size - 2):
        near = outer[start : start + 3]
        for way in (1.0, -1.0):
            if (near == way).sum() >= 2:
                _mark(marks, [start + k for k in range(3) if near[k] == way], "near limit")
    return marks


def _mark(marks: list[str], places: range | list[int], name: str) -> None:
    for place in places:
        marks[place] = marks[place] or name
