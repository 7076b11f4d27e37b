"""The baseline as tables: money by grade, by line, what is eliminated, and by a second method.

In: a `Result`. Out: frames with a column for each figure, as they are written to files and shown.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pandas as pd

from budgets import baseline, movable, prices

if TYPE_CHECKING:
    from data.run import Result

PARTS = ("ring_fenced_pence", "entitlement_pence", "committed_pence")


def second_method(result: Result) -> baseline.Second:
    """Put the ledger beside the same money under a second method; see `budgets.baseline`."""
    return baseline.second_method(
        result.prepared,
        scores=None if result.index is None else result.index.scores,
        need_weight=result.need_weight,
        neediest_per_head=result.neediest_per_head,
    )


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


def calendar(result: Result) -> pd.DataFrame:
    """Return by when how much money can move, from the first day of the latest year of the lines.

    A day of today would give other files tomorrow; a decision names its own day.
    """
    streams = result.ledger.streams
    latest = max(str(year) for year in streams["year"])
    # Calendar years begin in January, financial years in April.
    day = dt.date(int(latest[:4]), 4 if len(latest) > 4 else 1, 1)
    return movable.calendar(streams, on=day).reset_index()


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
