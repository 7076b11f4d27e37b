"""Finds figures that cannot be right, so that no flag is raised on a slip of the data.

In: events and people, or values, by area and year. Out: a list of what was found, with the reason,
and the figures without it. A value that jumps and stays, or that is the last one, is news and not
an anomaly: only what is impossible, or came back the year after, is taken out.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from indices.measures import Measure

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

COLUMNS = ("measure", "code", "year", "value", "reason")
# A value that differs from its neighbours in time by this many of the usual differences, and
# whose neighbours agree, is a spike. Normal values pass 8 (of 1.4826 MAD) once in 10^15.
SPIKE = 8.0
NORMAL_MAD = 1.4826
# A hundredfold slip is 25 times off or more, and within a factor of two once put right.
SLIP_FROM, SLIP_TO = 25.0, 2.0
# A denominator that leaves by half or more for one year and returns belongs to other borders.
PEOPLE_JUMP = 1.5
# The same count of so many events out of the same people was not counted again.
REPEATED_FROM = 30.0


def impossible(
    measure: Measure, parts: dict[str, pd.DataFrame], values: pd.DataFrame
) -> pd.DataFrame:
    """List figures that no area can have; columns as `COLUMNS`."""
    rows: list[tuple[str, str, int, float, str]] = []
    for name, table in parts.items():
        rows += _rows(measure, table, table < 0, f"{name} is negative")
    if measure.counted:
        r, n = parts[str(measure.numerator)], parts[str(measure.denominator)]
        rows += _rows(measure, n, n == 0, f"{measure.denominator} is zero")
        if measure.part_of_denominator:
            more = f"{measure.numerator} is more than {measure.denominator}"
            rows += _rows(measure, r, (r > n) & (n > 0), more)
    else:
        low, high = measure.bounds
        rows += _rows(measure, values, (values < low) | (values > high), f"outside {measure.unit}")
    return as_table(rows)


def unlikely(
    measure: Measure, parts: dict[str, pd.DataFrame], values: pd.DataFrame
) -> pd.DataFrame:
    """List figures that came and went, slipped by a factor of 100, or were not counted again."""
    rows: list[tuple[str, str, int, float, str]] = []
    slipped = _slips(values.to_numpy(dtype=float))
    slip = "a hundred times too large or too small beside the years around it"
    rows += _rows(measure, values, slipped, slip)
    kept = values.mask(slipped)
    rows += _rows(measure, values, _spikes(kept), "left for one year and came back")
    if measure.counted:
        r, n = parts[str(measure.numerator)], parts[str(measure.denominator)]
        moved = _returned(n.to_numpy(dtype=float))
        rows += _rows(measure, n, moved, f"{measure.denominator} left for one year and came back")
        again = (r.diff(axis=1) == 0) & (n.diff(axis=1) == 0) & (r >= REPEATED_FROM)
        rows += _rows(measure, r, again, "the same count of the same people as the year before")
    return as_table(rows)


def as_table(rows: list[tuple[str, str, int, float, str]]) -> pd.DataFrame:
    """Return rows of anomalies as a table, one row a figure with its first reason."""
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    first = table.drop_duplicates(["measure", "code", "year"])
    return first.sort_values(["measure", "code", "year"], ignore_index=True)


def _rows(
    measure: Measure, table: pd.DataFrame, where: pd.DataFrame | Mask, reason: str
) -> Iterator[tuple[str, str, int, float, str]]:
    values = table.to_numpy(dtype=float)
    for row, column in np.argwhere(np.asarray(where, dtype=bool)):
        value = float(values[row, column])
        yield measure.id, str(table.index[row]), int(table.columns[column]), value, reason


def _slips(values: Floats) -> Mask:
    """Say which values are a hundredth or the hundredfold of the series' middle, at any year."""
    positive = np.where(values > 0, values, np.nan)
    known = np.isfinite(positive).sum(axis=1) >= 3
    found = np.zeros(values.shape, dtype=bool)
    if not known.any():
        return found
    ratio = positive[known] / np.nanmedian(positive[known], axis=1, keepdims=True)
    for turned in (ratio, 1.0 / ratio):
        right = np.abs(np.log(turned / 100.0)) <= np.log(SLIP_TO)
        found[known] |= (turned >= SLIP_FROM) & right
    return found


def _spikes(values: pd.DataFrame) -> Mask:
    """Say which values left the line between the years around them, and which years agree again.

    The usual difference is the median one of all areas and years. The greatest of an area is taken
    out and the rest looked at again, because a spike also moves the line of its neighbours.
    """
    y = values.to_numpy(dtype=float).copy()
    found = np.zeros(y.shape, dtype=bool)
    years = values.columns.to_numpy(dtype=float)
    usual = NORMAL_MAD * _middle(np.abs(_off_line(y, years)))
    if not usual > 0:
        return found
    for _ in range(y.shape[1]):
        off = np.abs(_off_line(y, years))
        off = np.where(np.isnan(off), 0.0, off)
        worst = off.argmax(axis=1)
        beyond = off[np.arange(len(y)), worst] > SPIKE * usual
        if not beyond.any():
            break
        rows = np.flatnonzero(beyond)
        found[rows, worst[rows]] = True
        y[rows, worst[rows]] = np.nan
    # What stays gone is a step: the years on both sides must be nearer to each other than to it.
    before, after = _around(y)
    gap = np.abs(values.to_numpy(dtype=float) - (before + after) / 2.0)
    return found & (np.abs(after - before) <= gap / 2.0)


def _off_line(y: Floats, years: Floats) -> Floats:
    """Return by how much each value is off the line through the known ones on either side."""
    at = np.where(np.isfinite(y), years[None, :], np.nan)
    left, right = _around(y)
    first, last = _around(at)
    share = (at - first) / (last - first)
    return y - ((1.0 - share) * left + share * right)


def _around(y: Floats) -> tuple[Floats, Floats]:
    """Return the nearest known value before and after each place."""
    frame = pd.DataFrame(y)
    before = frame.ffill(axis=1).shift(1, axis=1).to_numpy()
    after = frame.bfill(axis=1).shift(-1, axis=1).to_numpy()
    return before, after


def _returned(people: Floats) -> Mask:
    """Say which denominators differ from both neighbours by half or more, the two being alike."""
    with np.errstate(divide="ignore", invalid="ignore"):
        log = np.log(np.where(people > 0, people, np.nan))
    before, after = _around(log)
    jump = np.log(PEOPLE_JUMP)
    same_way = np.sign(log - before) == np.sign(log - after)
    far = np.minimum(np.abs(log - before), np.abs(log - after)) >= jump
    return far & same_way & (np.abs(after - before) < jump / 2.0)


def _middle(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else 0.0
