"""What can move: the part of each stream that a decision can reach, and from when.

In: streams, and the date of the decision. Out: a table in which ring-fenced, entitled, committed
and movable money add up to the amount of every stream; and how much more can move when.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

HELD = ("ring_fenced_pence", "entitlement_pence", "committed_pence")


def movable(streams: pd.DataFrame, *, on: dt.date) -> pd.DataFrame:
    """Return what of each stream can move at a decision on a date.

    `movable = amount - ring-fenced - entitlement - committed` [common]. Money whose next decision
    lies after the date is committed until then, and money committed until a date is free from the
    day after it. A negative line cannot be moved by itself: it counts as committed, because it
    goes where its service goes.

    Parameters
    ----------
    streams
        As `streams.read` returns them.
    on
        The date of the decision.

    Returns
    -------
    DataFrame indexed like the streams: `amount_pence, ring_fenced_pence, entitlement_pence,
    committed_pence, movable_pence` int64, which add up in every row, and `free_from`, the ISO date
    from which all that is neither ring-fenced nor an entitlement can move; empty where it never
    can, or where no date is known.
    """
    amount = streams["amount_pence"].to_numpy(dtype=np.int64)
    fenced = streams["ring_fenced_pence"].to_numpy(dtype=np.int64)
    entitled = streams["entitlement_pence"].to_numpy(dtype=np.int64)
    left = amount - fenced - entitled
    day = on.isoformat()
    until = streams["committed_until"].to_numpy(dtype=object)
    decision = streams["next_decision"].to_numpy(dtype=object)
    # ISO dates sort like text. A commitment without an end goes on.
    lasts = np.array([end == "" or day <= end for end in until])
    waits = np.array([day < date for date in decision])
    committed = np.where(lasts, streams["committed_pence"].to_numpy(dtype=np.int64), 0)
    committed = np.where(waits | (amount < 0), left, committed)
    stated = streams["committed_pence"].to_numpy(dtype=np.int64)
    free = [
        _free_from(day, *row) for row in zip(amount, left, stated, until, decision, strict=True)
    ]
    return pd.DataFrame(
        {
            "amount_pence": amount,
            "ring_fenced_pence": fenced,
            "entitlement_pence": entitled,
            "committed_pence": committed,
            "movable_pence": left - committed,
            "free_from": pd.array(free, dtype="str"),
        },
        index=streams.index,
    )


def calendar(streams: pd.DataFrame, *, on: dt.date) -> pd.DataFrame:
    """Return how much can move by which date: the money that each coming decision frees.

    Returns
    -------
    DataFrame indexed by ISO date, the first being `on`, each later one a date on which more money
    comes free: `freed_pence` on that date, `movable_pence` by then, both int64, and `streams`, the
    number of streams that are freed in part or in whole.
    """
    dates = {on.isoformat()}
    for date in streams["next_decision"]:
        dates.add(date)
    for end in streams["committed_until"]:
        if end:
            dates.add(_day_after(end))
    days = sorted(date for date in dates if date >= on.isoformat())
    tables = [movable(streams, on=dt.date.fromisoformat(day))["movable_pence"] for day in days]
    rows = []
    before = pd.Series(0, index=streams.index)
    for day, now in zip(days, tables, strict=True):
        freed = now - before
        if day == days[0] or bool((freed != 0).any()):
            rows.append((day, int(freed.sum()), int(now.sum()), int((freed != 0).sum())))
        before = now
    names = ["date", "freed_pence", "movable_pence", "streams"]
    return pd.DataFrame(rows, columns=names).set_index("date")


def _free_from(day: str, amount: int, left: int, stated: int, until: str, decision: str) -> str:
    """Return from when all that is not held for good can move."""
    if amount <= 0 or left <= 0 or (stated > 0 and until == ""):
        return ""
    dates = [day, decision]
    if stated > 0:
        dates.append(_day_after(until))
    return max(dates)


def _day_after(day: str) -> str:
    return (dt.date.fromisoformat(day) + dt.timedelta(days=1)).isoformat()
