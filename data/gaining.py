"""Who gains and who loses by a scenario: people, tenths of need, areas of a level, years, fairness.

In: an `Allocation`. Out: tables in whole pence, and sentences. What may not be shown is missing in
every one of them. What follows from an assumption is marked, and `rankable` says whether areas may
be put in an order by it at all: only where at least half of the money that was touched is recorded.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from budgets import fairness_views
from budgets.compare import GAINS, LOSES, STAYS
from budgets.honesty import ASSUMED, SPENT, Recorded, recorded
from budgets.ledger import OUTSIDE, PLACE_WIDE, Ledger, Level
from budgets.need import need_weighted
from data.scenario_files import level_frame
from data.scenarios import ALL_MONEY, NOT_SHOWN, Allocation
from geo.codes import row_of


@dataclass(frozen=True)
class Row:
    """Areas, the people in them, and by how much their money changes."""

    areas: int
    people: float
    pence: int


@dataclass(frozen=True)
class Counted:
    """How many people live where money comes, goes and stays; `hidden` areas are in none."""

    gain: Row
    lose: Row
    stay: Row
    hidden: int


def people(made: Allocation) -> Counted:
    """Count the people inside the place by whether their small area gains."""
    inside = made.changes[made.changes["inside"]]
    rows = {}
    for result in (GAINS, LOSES, STAYS):
        mine = inside[inside["result"] == result]
        pence = int(mine["change_pence"].sum())
        rows[result] = Row(len(mine), float(mine["people"].sum()), pence)
    hidden = int((inside["result"] == NOT_SHOWN).sum())
    return Counted(rows[GAINS], rows[LOSES], rows[STAYS], hidden)


def by_tenth(made: Allocation) -> pd.DataFrame:
    """Return the change by tenth of need, 1 the neediest; empty where the place has no index.

    Returns
    -------
    DataFrame indexed by `decile`: `areas, people, change_pence`, `pence_per_person` (missing where
    nobody lives) and `assumed`: more than half of the change is in lines that are split by
    assumption (grades D and E).
    """
    table = made.changes
    mine = table[table["inside"] & table["decile"].notna() & (table["result"] != NOT_SHOWN)]
    size, unsure = _changed(made.result.ledger, made.outcome.ledger)
    sums = pd.DataFrame(
        {
            "decile": mine["decile"].astype("int64"),
            "areas": 1,
            "people": mine["people"],
            "change_pence": mine["change_pence"].astype("int64"),
            "size": size.reindex(mine.index),
            "unsure": unsure.reindex(mine.index),
        }
    )
    found = sums.groupby("decile").sum()
    found["pence_per_person"] = found["change_pence"] / found["people"].where(found["people"] > 0)
    found["assumed"] = 2 * found["unsure"] > found["size"]
    return found[["areas", "people", "change_pence", "pence_per_person", "assumed"]]


def touched(made: Allocation) -> Recorded:
    """Say how much of the money that changes place or amount is recorded, and what may be ranked.

    Without any change it is the whole ledger that is looked at.
    """
    before, after = made.result.ledger, made.outcome.ledger
    moved = (before.pence != after.pence).any(axis=1) | (before.place_wide != after.place_wide)
    if not moved.any():
        return recorded(after, called=ALL_MONEY)
    only = pd.Series(moved, after.streams.index)
    return recorded(after, only=only, called="the money that changes")


def notes(made: Allocation) -> list[str]:
    """Return what else must be known of the allocation, one sentence each."""
    said = list(made.sentences[len(made.outcome.steps) + 1 :])
    reason = touched(made).reason
    return [*said, *([reason] if reason and reason not in said else [])]


def by_level(made: Allocation, level: str) -> pd.DataFrame:
    """Return what every area of a level has before and after, for the areas the place has part in.

    Returns
    -------
    DataFrame by area: `name, people, before_pence, after_pence, change_pence` (Int64, missing where
    it may not be shown), `change_per_cent`, `pence_per_person`, `devolved_pence`, and `assumed` as
    in `by_tenth`; of small areas also `decile`, and `low_pence, high_pence` where doubt was asked.
    """
    frame = level_frame(made, level).set_index("area_code").drop(index=[OUTSIDE, PLACE_WIDE])
    tolerance = made.result.place.tolerance
    frame = frame[frame["people_inside"] > tolerance * frame["people"]]
    before, after = made.result.levels[level], made.levels[level]
    size, unsure = (part.reindex(frame.index) for part in _changed(before, after))
    was = frame["before_pence"].astype("Int64")
    change = frame["change_pence"].astype("Int64")
    known = change.to_numpy(dtype=np.float64, na_value=np.nan)
    head = frame["people"].where(frame["people"] > 0)
    table = pd.DataFrame(
        {
            "name": frame["name"],
            "people": frame["people"],
            "before_pence": was,
            "after_pence": frame["amount_pence"].astype("Int64"),
            "change_pence": change,
            "change_per_cent": 100
            * known
            / np.abs(was.where(was != 0).to_numpy(dtype=np.float64, na_value=np.nan)),
            "pence_per_person": _each(made, level, change).reindex(frame.index) / head,
            "devolved_pence": frame["devolved_pence"].astype("Int64"),
            "assumed": (2 * unsure > size) & (size > 0),
        }
    )
    if level == made.result.place.base_layer:
        more = [name for name in ("decile", "low_pence", "high_pence") if name in made.changes]
        table = table.join(made.changes[more])
    return table


def lines(made: Allocation, level: str, area: str) -> pd.DataFrame:
    """Return the lines of money that change in an area of a level, largest change first.

    Returns
    -------
    DataFrame by stream: `title, before_pence, after_pence, change_pence, shared`. Empty where some
    of the place's money may not be shown: a line by itself would tell what its sum hides.
    """
    before, after = made.result.levels[level], made.levels[level]
    names = ["title", "before_pence", "after_pence", "change_pence", "shared"]
    if made.masked is not None or area not in after.areas:
        return pd.DataFrame(columns=names)
    at = row_of(after.areas, area)
    was, now = before.pence[:, at], after.pence[:, at]
    moved = np.flatnonzero(was != now)
    moved = moved[np.argsort(-np.abs(now - was)[moved], kind="stable")]
    streams = after.streams
    words = dict.fromkeys(ASSUMED, "assumed") | dict.fromkeys(SPENT, "where it is spent")
    return pd.DataFrame(
        {
            "title": streams["title"].to_numpy()[moved],
            "before_pence": was[moved],
            "after_pence": now[moved],
            "change_pence": now[moved] - was[moved],
            "shared": [words.get(str(grade), "recorded") for grade in streams["grade"].iloc[moved]],
        },
        index=streams.index[moved],
    )


def _each(made: Allocation, level: str, change: pd.Series) -> pd.Series:
    """Return the change that the people of each area have, as float.

    Where areas overlap, money and people are both counted in each of them.
    """
    before, after = made.result.levels[level], made.levels[level]
    known = pd.Series(change.to_numpy(dtype=np.float64, na_value=np.nan), change.index)
    if after.counted_in_each is None or before.counted_in_each is None:
        return known
    delta = (after.counted_in_each - before.counted_in_each).sum(axis=0)
    each = pd.Series(delta, after.areas, dtype="float64").reindex(known.index)
    return each.where(known.notna())


def _changed(before: Ledger | Level, after: Ledger | Level) -> tuple[pd.Series, pd.Series]:
    """Return by area how many pence changed, up or down, and how many of them by assumption."""
    delta = np.abs(after.pence - before.pence)
    grades = after.streams["grade"].to_numpy(dtype=object)
    unsure = delta[np.isin(grades, ASSUMED)].sum(axis=0)
    return pd.Series(delta.sum(axis=0), after.areas), pd.Series(unsure, after.areas)


# -- fairness --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fair:
    """How recorded money lies against need before and after; `curves` is empty where it is not."""

    sentences: tuple[str, ...]
    curves: pd.DataFrame


def fairness(made: Allocation) -> Fair:
    """Compare how recorded money leans to need before and after.

    Curves: `curve, people_share, amount_share`, 0 to 1 from the neediest area, for the recorded
    money before and after and for need. Only recorded money (grades A to C) is looked at.
    """
    result = made.result
    if result.index is None:
        return Fair(("The place has no index of need to compare money with.",), pd.DataFrame())
    if made.masked is not None:
        # A point of the curve is the money of one area: the curves would give away what is hidden.
        said = "Fairness is not shown where some of the money of an area may not be shown."
        return Fair((said,), pd.DataFrame())
    count, scores = result.place.people, result.index.scores
    needs = need_weighted(
        count,
        scores.where(count > 0, np.nan),
        need_weight=result.need_weight,
        neediest_per_head=result.neediest_per_head,
    )
    before, after = result.ledger, made.outcome.ledger
    change = fairness_views.before_and_after(
        before, after, people=count, scores=scores, needs=needs
    )
    if change.spend is None:
        return Fair((change.sentence(),), pd.DataFrame())
    inside = result.inside
    curves = fairness_views.curves(
        count[inside],
        scores[inside],
        {
            "Need": needs[inside],
            "Recorded money today": _recorded(before, inside),
            "Recorded money after": _recorded(after, inside),
        },
    )
    said_after = fairness_views.sentences(change.after)
    return Fair((change.sentence(), *said_after), curves)


def _recorded(ledger: Ledger, inside: pd.Series) -> pd.Series:
    pence = recorded(ledger).pence
    return pence[inside.reindex(pence.index).to_numpy(dtype=bool)].astype("float64")


# -- years -----------------------------------------------------------------------------------------


def paths(made: Allocation) -> list[int]:
    """Return the numbers of the `[[share]]` entries that go over several years; none if masked."""
    return [] if made.masked is not None else sorted(made.outcome.paths)


def path(made: Allocation, number: int) -> pd.DataFrame:
    """Return what an entry shares out year by year, for the areas inside the place.

    Returns
    -------
    DataFrame by area: `name, people, decile` and the columns `0` (today), `1`, ... in pence, the
    money that can move and no other.
    """
    inside = made.changes[made.changes["inside"]]
    years = made.outcome.paths[number].reindex(inside.index)
    years.columns = years.columns.astype(str)
    return inside[["name", "people", "decile"]].join(years)


def path_by_tenth(made: Allocation, number: int) -> pd.DataFrame:
    """Return a path in pence a person by tenth of need, tidy: `decile, year, pence_per_person`.

    Without an index of need there is one row a year, `decile` missing.
    """
    table = path(made, number)
    years = [name for name in table.columns if name.isdigit()]
    groups = table["decile"].fillna(0).astype("int64")
    sums = table[["people", *years]].groupby(groups).sum()
    each = sums[years].div(sums["people"].where(sums["people"] > 0), axis=0)
    tidy = each.rename_axis("decile").reset_index()
    tidy = tidy.melt(id_vars="decile", var_name="year", value_name="pence_per_person")
    tidy["year"] = tidy["year"].astype("int64")
    tidy["decile"] = tidy["decile"].astype("Int64").mask(tidy["decile"] == 0)
    return tidy.sort_values(["decile", "year"], kind="stable").reset_index(drop=True)
