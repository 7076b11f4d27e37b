"""Comparing ledgers and outcomes: what differs, and who gains and who loses.

In: two ledgers or two outcomes. Out: tables with both figures, their difference in pence and per
cent; by area with people and decile of need; and how many people live where money comes or goes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from budgets.errors import PenceLost
from budgets.ledger import PLACE_WIDE, Ledger
from budgets.money import format_pounds
from budgets.scenario import Outcome
from budgets.scenario_errors import UnknownName

BY = ("area", "stream", "level", "agency")
GAINS, LOSES, STAYS = "gains", "loses", "unchanged"
DECILES = 10


def compare(a: Outcome, b: Outcome, *, by: str) -> pd.DataFrame:
    """Compare two outcomes by area, stream, level or agency.

    By area the money is where it falls, with one row `place-wide`; by level and by agency it is
    with whoever holds it, devolved money included.

    Returns
    -------
    DataFrame `a_pence, b_pence, change_pence` int64 and `change_per_cent` (missing where there was
    nothing), index named `by`. Both columns of pence add up to the pot of their outcome.

    Raises
    ------
    UnknownName
        `by` is none of the four.
    """
    figures = {"area": _areas, "stream": _streams, "level": _levels, "agency": _agencies}
    if by not in figures:
        raise UnknownName("by", found=[by], detail=f"one of {', '.join(BY)}")
    first, second = figures[by](a), figures[by](b)
    for outcome, figure in ((a, first), (b, second)):
        if int(figure.sum()) != outcome.ledger.total:
            raise PenceLost(f"comparison by {by}", detail=repr(outcome))
    return difference(first, second, name=by)


def difference(a: pd.Series, b: pd.Series, *, name: str) -> pd.DataFrame:
    """Put two columns of pence side by side, by label; what only one of them has is nought there.

    Rows stand in the order of `a`, then those of `b` alone.
    """
    labels = a.index.append(b.index[~b.index.isin(a.index)]).rename(name)
    first = a.reindex(labels, fill_value=0).to_numpy(dtype=np.int64)
    second = b.reindex(labels, fill_value=0).to_numpy(dtype=np.int64)
    return pd.DataFrame(
        {
            "a_pence": first,
            "b_pence": second,
            "change_pence": second - first,
            "change_per_cent": _per_cent(first, second),
        },
        index=labels,
    )


def changes(
    before: Ledger, after: Ledger, *, people: pd.Series, decile: pd.Series | None = None
) -> pd.DataFrame:
    """Say for every base area what it has before and after, and whether it gains or loses.

    Parameters
    ----------
    people
        People by base area.
    decile
        Decile of need by base area, 1 the neediest; see `need_deciles`.

    Returns
    -------
    DataFrame by area: `people, decile` (Int64), `before_pence, after_pence, change_pence`,
    `change_per_cent`, `change_pence_per_person` (missing where nobody lives) and `result`.
    """
    first, second = before.pence.sum(axis=0), after.pence.sum(axis=0)
    count: np.ndarray = people.reindex(before.areas).to_numpy(dtype=np.float64)
    each = np.full(len(count), np.nan)
    np.divide(second - first, count, out=each, where=count > 0)
    result = np.where(second > first, GAINS, np.where(second < first, LOSES, STAYS))
    known = pd.Series(pd.NA, before.areas, dtype="Int64")
    if decile is not None:
        known = decile.reindex(before.areas).astype("Int64")
    return pd.DataFrame(
        {
            "people": count,
            "decile": known,
            "before_pence": first,
            "after_pence": second,
            "change_pence": second - first,
            "change_per_cent": _per_cent(first, second),
            "change_pence_per_person": each,
            "result": pd.Series(result, before.areas, dtype="str"),
        },
        index=before.areas,
    )


def who_gains(table: pd.DataFrame) -> pd.DataFrame:
    """Count by decile of need the areas, people and pence that gain and lose, with a row of all.

    Parameters
    ----------
    table
        What `changes` returns, or the part of it that is asked about.

    Returns
    -------
    DataFrame with the columns `decile` (text; `all` in the last row), `areas_gain, people_gain,
    gained_pence, areas_lose, people_lose, lost_pence, net_pence`.
    """
    label = table["decile"].astype("str").where(table["decile"].notna(), "none").to_numpy()
    change = table["change_pence"].fillna(0).to_numpy(dtype=np.int64)
    count = table["people"].to_numpy(dtype=np.float64)
    up, down = change > 0, change < 0
    # Columns summed at once: a count of its own for each decile costs more than the sharing out.
    parts = pd.DataFrame(
        {
            "areas_gain": up.astype(np.int64),
            "people_gain": np.where(up, count, 0.0),
            "gained_pence": np.where(up, change, 0),
            "areas_lose": down.astype(np.int64),
            "people_lose": np.where(down, count, 0.0),
            "lost_pence": np.where(down, -change, 0),
            "net_pence": change,
        }
    )
    sums = parts.groupby(label).sum()
    order = sorted(sums.index, key=lambda name: (not name.isdigit(), name.zfill(3)))
    rows = sums.reindex(order).rename_axis("decile").reset_index()
    return pd.concat([rows, pd.DataFrame([_count(table, "all")])], ignore_index=True)


def sentence(table: pd.DataFrame) -> str:
    """Say in one sentence who gains and who loses."""
    whole = _count(table, "all")
    return (
        f"{whole['areas_gain']:,} areas with {whole['people_gain']:,.0f} people gain "
        f"{format_pounds(whole['gained_pence'])}; {whole['areas_lose']:,} areas with "
        f"{whole['people_lose']:,.0f} people lose {format_pounds(whole['lost_pence'])}; "
        f"{len(table) - whole['areas_gain'] - whole['areas_lose']:,} areas are unchanged."
    )


def need_deciles(scores: pd.Series, *, among: pd.Series | None = None) -> pd.Series:
    """Return tenths of areas by need, 1 the neediest tenth; equal scores share the needier tenth.

    `decile = floor(10 (rank - 1) / n) + 1`, rank 1 the highest score, over the areas of `among`
    (bool by area) or all; missing elsewhere and where there is no score. These are deciles of the
    place itself, not of the country.
    """
    chosen = scores.notna()
    if among is not None:
        chosen &= among.reindex(scores.index, fill_value=False).astype(bool)
    mine = scores[chosen]
    rank = mine.rank(method="min", ascending=False)
    tenth = np.floor(DECILES * (rank - 1) / max(len(mine), 1)) + 1
    return pd.Series(tenth, mine.index).reindex(scores.index).astype("Int64").rename("decile")


def _count(table: pd.DataFrame, name: str) -> dict[str, Any]:
    up, down = table[table["change_pence"] > 0], table[table["change_pence"] < 0]
    return {
        "decile": name,
        "areas_gain": len(up),
        "people_gain": float(up["people"].sum()),
        "gained_pence": int(up["change_pence"].sum()),
        "areas_lose": len(down),
        "people_lose": float(down["people"].sum()),
        "lost_pence": -int(down["change_pence"].sum()),
        "net_pence": int(table["change_pence"].sum()),
    }


def _areas(outcome: Outcome) -> pd.Series:
    by_area = outcome.ledger.by_area()
    by_area.loc[PLACE_WIDE] = int(outcome.ledger.place_wide.sum())
    return by_area


def _streams(outcome: Outcome) -> pd.Series:
    return outcome.ledger.streams["amount_pence"]


def _levels(outcome: Outcome) -> pd.Series:
    return _held(outcome, "level")


def _agencies(outcome: Outcome) -> pd.Series:
    return _held(outcome, "agency")


def _held(outcome: Outcome, column: str) -> pd.Series:
    both = outcome.held["held_pence"] + outcome.held["devolved_pence"]
    return both.groupby(outcome.held[column], sort=False).sum()


def _per_cent(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the change in per cent of the size of what there was; missing where it was nought."""
    share = np.full(len(first), np.nan)
    np.divide(100.0 * (second - first), np.abs(first), out=share, where=first != 0)
    return share
