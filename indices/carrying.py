"""Carries indicators from small areas to any other area, and says how sure each figure is.

In: a `Basis`, and which share of each small area lies where. Out: `Carried`, one row a target and
one column an indicator: value, interval, error, counts and flags.

A small area that is split is the only place where something must be assumed: that its people are
spread evenly. How wrong that is follows from the data (`Basis.roughness`): the two halves of a
small area differ as two neighbouring small areas do, and by chance once more. An own rule; how
often the interval holds the truth is measured on the demo place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array

from boundaries.trust import ERROR_LIMITS, GRADES, Z95
from indices import intervals
from indices.basis import Basis
from indices.indicators import Indicator
from indices.profiles_errors import CountsNotOfTheArea

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Shares: TypeAlias = csr_array | Mapping[str, csr_array]
"""Share of each small area in each target, one table for all indicators or one for each."""

FEW_EVENTS = 10.0
"""Below this many events, or people without one, a rate is mostly chance (own rule)."""
EXACT = 1e-9


@dataclass(frozen=True, eq=False, repr=False)
class Carried:
    """Figures of some areas, one row an area and one column an indicator.

    Attributes
    ----------
    values, low, high
        In the unit of the indicator; the interval holds what chance leaves open and, for split
        small areas, how they may really divide. Without counts and splits there is none.
    error
        One standard deviation of what the splits leave open, in the unit; 0 without a split.
    events, people
        Counts, estimated where small areas are split.
    known
        Share of the small areas in it, parts counted as parts, that have a figure.
    hidden
        Whether a count that may not be shown is in the figure.
    small
        Whether so few events are behind the figure that it is mostly chance.
    """

    values: pd.DataFrame
    low: pd.DataFrame
    high: pd.DataFrame
    error: pd.DataFrame
    events: pd.DataFrame
    people: pd.DataFrame
    known: pd.DataFrame
    hidden: pd.DataFrame
    small: pd.DataFrame

    def __repr__(self) -> str:
        return f"<Carried {self.values.shape[1]} indicators to {self.values.shape[0]:,} areas>"

    def grades(self) -> pd.DataFrame:
        """Grade each figure by its error from splits, as `boundaries.trust` does: A to D."""
        grades = _graded(self.values.to_numpy(), self.error.to_numpy())
        return pd.DataFrame(grades, index=self.values.index, columns=self.values.columns)

    def grades_of(self, position: int) -> list[str]:
        """Grade the figures of one area, the indicators in their order."""
        value, error = (frame.iloc[position].to_numpy() for frame in (self.values, self.error))
        found: list[str] = _graded(value, error).tolist()
        return found


def _graded(values: np.ndarray, error: np.ndarray) -> np.ndarray:
    """Grade figures by their error, as texts in an array of the same shape."""
    value = np.abs(values)
    relative = np.where(error > 0, np.inf, 0.0)
    np.divide(error, value, out=relative, where=value > 0)
    step = np.searchsorted(np.array(ERROR_LIMITS) + EXACT, relative)
    step[np.isnan(value)] = len(ERROR_LIMITS)
    return np.array(GRADES, dtype=object)[step]


def carry(
    basis: Basis,
    shares: Shares,
    targets: pd.Index,
    *,
    spread: float = 0.0,
    tolerance: float = 0.0,
    exact: Mapping[str, tuple[float, float]] | None = None,
) -> Carried:
    """Carry every indicator to other areas.

    With shares w of the small areas, events e, people n and the ratio found R:
    `value = per sum(w e) / sum(w n)`,
    `error2 = per2 sum(w (1-w) (n2 h2 + spread2 (e - R n)2)) / sum(w n)2`, where h2 is by how much a
    half of a small area differs from the whole, `h2 = roughness/4 + r(1-r)/2n` (r/2n for events
    that are no part of the people). The interval joins the one of chance (Wilson, Byar) with 1.96
    errors by their squares on either side.

    Parameters
    ----------
    shares
        (n_small, n_target) sparse, settled, or by indicator id.
    targets
        Text codes of the targets.
    spread
        Error of the shares themselves as a part of sqrt(w (1-w)), as `boundaries.trust` finds it.
    tolerance
        Share of the small areas in a target that may lack a figure.
    exact
        Events and people of a single target by indicator id, where they are known without a split.

    Raises
    ------
    CountsNotOfTheArea
        `exact` was given for several targets.
    """
    if exact and len(targets) != 1:
        raise CountsNotOfTheArea("exact", found=list(exact), detail=f"{len(targets)} targets")
    names = ("events", "people", "doubt", "known", "hidden")
    found: dict[str, dict[str, Floats]] = {name: {} for name in names}
    for id in basis.indicators:
        table = shares if isinstance(shares, csr_array) else shares[id]
        row = _sums(basis, id, table, spread)
        if exact and id in exact:
            row = (np.array([exact[id][0]]), np.array([exact[id][1]]), *_certain())
        for name, values in zip(names, row, strict=True):
            found[name][id] = values
    ids = list(basis.indicators)
    frames = {name: pd.DataFrame(found[name], index=targets, columns=ids) for name in names}
    unknown = frames["known"].to_numpy() < 1.0 - tolerance - EXACT
    return _figures(basis, frames, unknown)


def place_wide(basis: Basis) -> Carried:
    """Return the figures of all small areas inside the place together."""
    column = basis.inside.to_numpy(dtype="float64")[:, None]
    return carry(basis, csr_array(column), pd.Index(["place"]), tolerance=1.0)


def _sums(basis: Basis, id: str, shares: csr_array, spread: float) -> tuple[Floats, ...]:
    """Add up one indicator over the targets: events, people, variance, known share, hidden."""
    indicator = basis.indicators[id]
    e, n = basis.events[id].to_numpy(), basis.people[id].to_numpy()
    gone = np.isnan(e) | np.isnan(n)
    e, n = np.where(gone, 0.0, e), np.where(gone, 0.0, n)
    events, people = shares.T @ e, shares.T @ n
    half = np.full(len(n), basis.roughness[id] / 4.0)
    if indicator.numerator is not None:
        r = np.divide(e, n, out=np.zeros(len(n)), where=n > 0)
        chance = r * (1.0 - r) if indicator.part_of_denominator and indicator.counted else r
        half += np.divide(chance, 2.0 * n, out=np.zeros(len(n)), where=n > 0)
    split = shares.copy()
    split.data = split.data * np.clip(1.0 - split.data, 0.0, None)
    doubt = split.T @ (n**2 * half)
    if spread > 0:
        ratio = np.divide(events, people, out=np.zeros(len(people)), where=people > 0)
        off = split.T @ e**2 - 2 * ratio * (split.T @ (e * n)) + ratio**2 * (split.T @ n**2)
        doubt = doubt + spread**2 * np.clip(off, 0.0, None)
    squared = shares.copy()
    squared.data = squared.data**2
    doubt = doubt + squared.T @ basis.unsure[id].to_numpy()
    touched = csr_array(shares > 0).astype(np.float64)
    of_all = np.asarray(touched.sum(axis=0)).ravel()
    # 1 where every count behind a figure is hidden: then the figure is, too.
    hidden = touched.T @ basis.hidden[id].to_numpy(dtype="float64") / np.maximum(of_all, 1.0)
    whole = np.asarray(shares.sum(axis=0)).ravel()
    known = np.divide(shares.T @ (~gone), whole, out=np.zeros(len(whole)), where=whole > 0)
    return events, people, doubt, known, hidden


def _certain() -> tuple[Floats, Floats, Floats]:
    return np.zeros(1), np.ones(1), np.zeros(1)


def _figures(basis: Basis, sums: Mapping[str, pd.DataFrame], unknown: Bools) -> Carried:
    """Turn sums into figures with their intervals."""
    unknown = unknown | (sums["hidden"].to_numpy() >= 1.0)
    events, people = sums["events"].mask(unknown), sums["people"].mask(unknown)
    people = people.where(people > 0)
    per = pd.Series({id: item.per for id, item in basis.indicators.items()})
    things = [id for id, item in basis.indicators.items() if item.kind == "count"]
    over = people.copy()
    over[things] = over[things].where(over[things].isna(), 1.0)
    values = events / over * per
    error = sums["doubt"].mask(unknown) ** 0.5 / over * per
    low, high = _intervals(basis, events, over, values, error)
    counted = [id for id, item in basis.indicators.items() if item.numerator is not None]
    small = pd.DataFrame(False, index=values.index, columns=values.columns)
    small[counted] = events[counted] < FEW_EVENTS
    parts = [id for id in counted if _is_part(basis.indicators[id])]
    small[parts] |= people[parts] - events[parts] < FEW_EVENTS
    shown = pd.DataFrame(np.nan, index=values.index, columns=values.columns)
    shown[counted] = events[counted]
    return Carried(
        values=values,
        low=low,
        high=high,
        error=error,
        events=shown,
        people=people,
        known=sums["known"],
        hidden=sums["hidden"] > 0,
        small=small,
    )


def _is_part(indicator: Indicator) -> bool:
    return indicator.counted and indicator.part_of_denominator


def _intervals(
    basis: Basis,
    events: pd.DataFrame,
    over: pd.DataFrame,
    values: pd.DataFrame,
    error: pd.DataFrame,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Join what chance leaves open with what the splits leave open."""
    value, off = values.to_numpy(), Z95 * error.to_numpy()
    # A published value has no counts: without a split nothing is known of its doubt.
    low = np.where(off > 0, value - off, np.nan)
    high = np.where(off > 0, value + off, np.nan)
    items = list(basis.indicators.values())
    counted = np.array([item.numerator is not None for item in items])
    part = np.array([_is_part(item) for item in items])
    per = np.array([item.per for item in items])
    for chosen, method in ((part, intervals.wilson), (counted & ~part, intervals.byar)):
        if not chosen.any():
            continue
        # All areas and indicators at once: one call costs as much as a thousand figures.
        r, n = (_stacked(frame.to_numpy()[:, chosen]) for frame in (events, over))
        found = method(r.clip(upper=n) if method is intervals.wilson else r, n)
        shape = (len(values), int(chosen.sum()))
        for name, end in (("low", low), ("high", high)):
            by_chance = found[name].to_numpy().reshape(shape) * per[chosen]
            side = (by_chance - value[:, chosen]) ** 2 + off[:, chosen] ** 2
            sign = -1.0 if name == "low" else 1.0
            end[:, chosen] = value[:, chosen] + sign * np.sqrt(side)
    top = np.where(part, per, np.inf)
    low = np.where(counted, np.maximum(low, 0.0), low)
    frames = (low, np.minimum(high, top))
    first, second = (pd.DataFrame(f, index=values.index, columns=values.columns) for f in frames)
    return first, second


def _stacked(table: Floats) -> pd.Series:
    flat = table.ravel()
    return pd.Series(flat, index=pd.RangeIndex(len(flat)).astype("str"))
