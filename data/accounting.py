"""What a scenario does to one area, line by line: the books behind a public account of it.

In: an `Allocation`, a level and an area of it. Out: what every line of money is there before and
after, in whole pence, and what of it may not be shown.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from budgets.ledger import Level
from budgets.suppressed import HIDDEN, ROUNDED, Masked
from data.scenarios import Allocation
from geo.codes import row_of

HERE = ["title", "agency", "grade", "before_pence", "after_pence", "change_pence", "flag"]


def lines_of(made: Allocation, level: str, code: str) -> pd.DataFrame:
    """Return what each line of money is in an area before and after, the largest change first.

    Where areas of a level overlap, money is counted in each of them. Lines that are nought before
    and after are left out.

    Returns
    -------
    DataFrame by stream: `title, agency, grade`, `before_pence, after_pence, change_pence` (Int64,
    missing where they may not be shown) and `flag`: "", "rounded" or "hidden".
    """
    before, was_flag = _shown(
        made.result.levels[level],
        None if made.result.masked is None else made.result.masked[1][level],
        code,
    )
    after, is_flag = _shown(
        made.levels[level], None if made.masked is None else made.masked[1][level], code
    )
    streams = made.outcome.ledger.streams
    gone = made.result.ledger.streams
    told = pd.concat([streams, gone[~gone.index.isin(streams.index)]])
    # What only one of the two ledgers has is nought in the other, and not unknown.
    before = before.reindex(told.index, fill_value=0)
    after = after.reindex(told.index, fill_value=0)
    flags = [flag.reindex(told.index, fill_value="") for flag in (was_flag, is_flag)]
    change = after - before
    table = pd.DataFrame(
        {
            "title": told["title"],
            "agency": told["agency"],
            "grade": told["grade"],
            "before_pence": before,
            "after_pence": after,
            "change_pence": change,
            "flag": _heavier(*flags),
        },
        index=told.index,
    )
    held = (before != 0).fillna(True) | (after != 0).fillna(True)
    order = change.abs().fillna(0).sort_values(ascending=False, kind="stable").index
    return table.reindex(order)[held.reindex(order).to_numpy(dtype=bool)][HERE]


def _shown(level: Level, masked: Masked | None, code: str) -> tuple[pd.Series, pd.Series]:
    """Return the pence of each stream in an area, missing where hidden, and its flag."""
    held = level.pence if level.counted_in_each is None else level.counted_in_each
    column = row_of(level.areas, code)
    ids = level.streams.index
    pence = pd.Series(held[:, column], index=ids, dtype="Int64")
    if masked is None:
        return pence, pd.Series("", index=ids)
    flag = masked.flag[code].reindex(ids).fillna("").astype("str")
    return pence.mask(flag != "", masked.shown[code].reindex(ids)), flag


def _heavier(one: pd.Series, other: pd.Series) -> np.ndarray:
    """Return of two flags a line the one that says more: hidden before rounded before nothing."""
    hidden = (one == HIDDEN) | (other == HIDDEN)
    rounded = (one == ROUNDED) | (other == ROUNDED)
    return np.where(hidden, HIDDEN, np.where(rounded, ROUNDED, ""))
