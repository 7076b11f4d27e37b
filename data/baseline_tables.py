"""The baseline as tables: money by grade, by line, what is eliminated, and by a second method.

In: a `Result`. Out: frames with a column for each figure, as they are written to files and shown.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pandas as pd

from budgets import baseline, movable, prices
from data import need_measures

if TYPE_CHECKING:
    from data.run import Result

PARTS = ("ring_fenced_pence", "entitlement_pence", "committed_pence")


def second_method(result: Result, *, by: str | None = None) -> baseline.Second:
    """Put the ledger beside the same money under a second method; see `budgets.baseline`.

    Parameters
    ----------
    by
        One method for all that is split (`people`, `households`, `need`), in place of the plainest
        rival of each.
    """
    return baseline.second_method(
        result.prepared,
        scores=None if result.index is None else result.index.scores,
        need_weight=result.need_weight,
        neediest_per_head=result.neediest_per_head,
        second=None if by is None else dict.fromkeys(baseline.SECOND, by),
        measures=need_measures.by_theme(result.place, result.index, result.prepared.people),
    )


def rivals(result: Result) -> list[str]:
    """Return the methods by which all money of a place could be split instead."""
    found = ["people"]
    if result.place.households is not None:
        found.append("households")
    if result.index is not None:
        found.append("need")
    return found


def grades(result: Result) -> pd.DataFrame:
    """Return one row a grade: what it means, how much money, where it falls."""
    return baseline.by_grade(result.ledger).reset_index()


def lines(result: Result, second: baseline.Second, *, prices_of: str | None = None) -> pd.DataFrame:
    """Return one row a line of money as it is spent in the end.

    Besides where it falls: what of it cannot move and until when, why it is split as it is, and
    how much would lie elsewhere under a second method. With a year, also the amount in its prices.

    Raises
    ------
    UnknownDeflator
        There is no price index for the year, or for that of a line.
    """
    table = baseline.by_stream(result.ledger)
    streams = result.ledger.streams
    table.insert(0, "title", streams["title"])
    words = ["use", "follows", "transfer_of", "ring_fence", "committed_until", "next_decision"]
    table = table.join(streams[[*PARTS, *words, "basis", "assumption"]])
    table = table.join(second.streams[["second_method", "moved_pence", "moved_share"]])
    if prices_of is not None:
        real, _ = prices.in_prices_of(streams, prices_of)
        table[f"pence_in_prices_of_{prices_of.replace('/', '-')}"] = real
    return table.reset_index()


def first_day(result: Result) -> dt.date:
    """Return the first day of the latest year of the lines: from April, a calendar year January."""
    latest = max(str(year) for year in result.ledger.streams["year"])
    return dt.date(int(latest[:4]), 4 if len(latest) > 4 else 1, 1)


def calendar(result: Result, *, on: dt.date | None = None) -> pd.DataFrame:
    """Return by when how much money can move, from the first day of the latest year of the lines.

    A day of today would give other files tomorrow; a decision names its own day, `on`.
    """
    day = first_day(result) if on is None else on
    return movable.calendar(result.ledger.streams, on=day).reset_index()


def moving(result: Result, *, on: dt.date) -> pd.DataFrame:
    """Return what of each line can move at a decision on a day, and what holds the rest of it."""
    streams = result.ledger.streams
    table = movable.movable(streams, on=on)
    words = ["title", "agency", "ring_fence", "committed_until", "next_decision", "statutory_basis"]
    return streams[[*words, "demand_led"]].join(table)


def eliminations(result: Result) -> pd.DataFrame:
    """Return one row a line as the agencies state it, with what is taken out of it."""
    table = result.eliminations.table
    order = ["stream", "agency", "kind", "transfer_of"]
    return table[[*order, *(name for name in table.columns if name not in order)]]


def second_areas(result: Result, second: baseline.Second) -> pd.DataFrame:
    """Return one row a base area: money by the first and by the second method."""
    table = second.areas.copy()
    layer = result.place.base_layer
    table.insert(0, "name", result.layers[layer]["name"].reindex(table.index))
    table.insert(1, "inside", result.inside.reindex(table.index))
    table.index = table.index.rename("area_code")
    return table.reset_index()


def second_at(result: Result, second: baseline.Second, layer: str) -> pd.DataFrame:
    """Return one row an area of a level: pence by the first and the second method, `Int64`.

    Missing, all three, where the money of an area may not be shown.
    """
    from data.scenarios import level_of  # scenarios are made of runs, which use these tables

    before, after = (level_of(result, layer, book) for book in (second.first, second.second))
    first = pd.Series(before.pence.sum(axis=0), before.areas)
    other = pd.Series(after.pence.sum(axis=0), after.areas)
    names = result.level_tables[layer]["name"]
    table = pd.DataFrame(
        {"first_pence": first, "second_pence": other, "difference_pence": other - first}
    ).astype("Int64")
    table = table.reindex(names.index)
    if result.masked is not None:
        flag = result.masked[1][layer].by_area()["flag"].reindex(table.index).fillna("")
        table = table.mask(flag != "")
    table.insert(0, "name", names)
    return table.rename_axis("area_code")
