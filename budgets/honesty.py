"""Honesty about assumptions: how much of a picture of money is recorded, and what may be ranked.

In: a ledger or a level of it. Out: the money at grades A to C by area, what is assumed beside it,
and whether areas may be ranked at all, with the reason where they may not.

A stream split by need looks fair because we assumed so. Distance from target, mismatches and
fairness are therefore computed on recorded money only [own rule, circularity].
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from budgets.ledger import Ledger, Level

RECORDED = ("A", "B", "C")
ASSUMED = ("D", "E")
SPENT = ("F",)
KEPT_APART = {"recorded_pence": RECORDED, "assumed_pence": ASSUMED, "spent_here_pence": SPENT}
ENOUGH_RECORDED = 0.5
LABEL = "follows from our assumption"


@dataclass(frozen=True, eq=False)
class Recorded:
    """What of a ledger, or of some of its streams, is recorded.

    Attributes
    ----------
    pence
        int64 by area: money at grades A to C. Only this is compared, and ranked if at all.
    assumed_pence
        int64 by area: money at grades D and E, to be hatched and labelled `LABEL`.
    spent_pence
        int64 by area: money at grade F, where it is spent, which says nothing of who benefits.
    share
        Part of the money that is at grades A to C, 0 to 1, counting income and spending alike
        without their signs.
    rankable
        Whether areas may be ranked: at least half of the money is recorded.
    reason
        Why not, as a sentence; empty where they may.
    """

    pence: pd.Series
    assumed_pence: pd.Series
    spent_pence: pd.Series
    share: float
    rankable: bool
    reason: str


def recorded(
    book: Ledger | Level, *, only: pd.Series | None = None, called: str = "this money"
) -> Recorded:
    """Split the money of a ledger or level into recorded, assumed and spent-here by area.

    Parameters
    ----------
    only
        bool by stream: the streams that are looked at (a theme, an agency); all by default.
    called
        What `reason` calls the money that is looked at.
    """
    chosen = np.ones(len(book.streams), bool)
    if only is not None:
        chosen = only.reindex(book.streams.index, fill_value=False).to_numpy(dtype=bool)
    grades = book.streams["grade"].to_numpy(dtype=object)
    known, whole = _sizes(book.streams["amount_pence"].to_numpy(dtype=np.int64) * chosen, grades)
    share = known / whole if whole else 0.0
    rankable = whole > 0 and 2 * known >= whole
    return Recorded(
        pence=_of(book, chosen, grades, RECORDED),
        assumed_pence=_of(book, chosen, grades, ASSUMED),
        spent_pence=_of(book, chosen, grades, SPENT),
        share=share,
        rankable=rankable,
        reason="" if rankable else _reason(known, whole, called),
    )


def share(pence: np.ndarray, grades: np.ndarray) -> float:
    """Return which part of some money is recorded, 0 to 1; 0 where there is none.

    Parameters
    ----------
    pence, grades
        By stream: what of it is looked at, such as what falls in one area, and its grade. Income
        and spending count alike, without their signs, as in `Recorded.share`.
    """
    known, whole = _sizes(pence, grades)
    return known / whole if whole else 0.0


def _sizes(pence: np.ndarray, grades: np.ndarray) -> tuple[int, int]:
    """Return the recorded and all money: a line of income takes the grade of its service."""
    size = np.abs(np.asarray(pence, dtype=np.int64))
    return int(size[np.isin(np.asarray(grades, dtype=object), RECORDED)].sum()), int(size.sum())


def by_area(book: Ledger | Level) -> pd.DataFrame:
    """Return `recorded_pence, assumed_pence, spent_here_pence` by area, which add up to its money.

    Money that is held place-wide (grade G) has no area.
    """
    every = np.ones(len(book.streams), bool)
    grades = book.streams["grade"].to_numpy(dtype=object)
    return pd.DataFrame({name: _of(book, every, grades, of) for name, of in KEPT_APART.items()})


def outside(level: Level) -> dict[str, int]:
    """Return the same three sums for what no area of a level holds."""
    grades = level.streams["grade"].to_numpy(dtype=object)
    return {name: int(level.outside[np.isin(grades, of)].sum()) for name, of in KEPT_APART.items()}


def _reason(known: int, whole: int, called: str) -> str:
    if whole == 0:
        return "There is no money here, so that there is nothing to rank."
    if known == 0:
        return (
            f"None of {called} is split by records of where it went or who used it, so "
            "that nothing is ranked."
        )
    # Rounded down: 49.9 % must not be shown as the half that would be enough.
    share = 100 * known // whole
    said = f"Only {share}%" if share else "Less than 1%"
    return (
        f"{said} of {called} is split by records of where it went or who used it; the rest "
        "follows from our assumption, so that nothing is ranked."
    )


def _of(
    book: Ledger | Level, chosen: np.ndarray, grades: np.ndarray, wanted: tuple[str, ...]
) -> pd.Series:
    rows = chosen & np.isin(grades, wanted)
    pence = book.pence[rows].sum(axis=0, dtype=np.int64)
    return pd.Series(pence, index=book.areas, name="amount_pence")
