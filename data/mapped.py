"""One figure of a level for a map, with its interval and what must be said of it.

In: a `Result`, a level, one of `data.mappable.offers`, and for measures what the profiles of the
place have in common. Out: `Mapped`: the figure by area in the order of the level's table. Money
that its source hides is missing in every figure made from it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from budgets import honesty, mismatch, mismatch_words, programmes
from budgets.money import largest_remainder
from data import advice_mismatch
from data.mappable import (
    ALL,
    DISTANCE,
    DOMAIN,
    MEASURE,
    MONEY_OF,
    RECORDED,
    THEME,
    offers,
)
from data.mappable_errors import UnknownFigure
from data.profiling import Prepared
from data.run import Result

WITHHELD, FEW, ROUGH, ASSUMED = "withheld", "few cases", "rough estimate", "assumed"
"""What `Mapped.marks` may say of an area's figure; "" where nothing needs to be said."""


@dataclass(frozen=True, eq=False)
class Mapped:
    """One figure by area of a level.

    Attributes
    ----------
    values
        float64 by area in the order of the level's table, money in pence; missing where unknown.
    low, high
        The interval, where there is one.
    marks
        Text by area: `WITHHELD`, `FEW`, `ROUGH`, `ASSUMED` or "".
    names
        What stands behind the figure of each area, such as the programmes at work there.
    deciles
        1 to 10 by area, 1 the most deprived, where the edition's own are known.
    said
        What must be said of the figure at this level, as sentences.
    ranked
        Whether areas may be ranked by it: not where most of it follows from an assumption.
    """

    values: pd.Series
    marks: pd.Series
    said: tuple[str, ...]
    low: pd.Series | None = None
    high: pd.Series | None = None
    deciles: pd.Series | None = None
    names: pd.Series | None = None
    ranked: bool = True


def values(
    result: Result, level: str, id: str, *, prepared: Prepared | None = None, on: dt.date
) -> Mapped:
    """Return one figure at a level.

    Parameters
    ----------
    id
        One of `offers`.
    prepared
        What the profiles of the place have in common; measures need it.
    on
        The day for which programmes are counted.

    Raises
    ------
    UnknownFigure
        The place has no such figure.
    """
    if id not in offers(result):
        raise UnknownFigure(f"place {result.place.id}", found=[id])
    group, _, rest = id.partition(".")
    if group == DOMAIN:
        return _domain(result, level, rest)
    if group == MEASURE:
        if prepared is None:
            raise UnknownFigure(f"place {result.place.id}", found=[id], detail="without profiles")
        return _measure(result, prepared, level, rest)
    if group == DISTANCE:
        return _distance(result, level, rest)
    if group in (RECORDED, THEME):
        return _money(result, level, rest)
    return _programmes(result, level, rest, money=group == MONEY_OF, on=on)


def _unmarked(index: pd.Index) -> pd.Series:
    return pd.Series("", index=index, dtype="str")


def _domain(result: Result, level: str, id: str) -> Mapped:
    """Return a domain's score: of the small areas, or their average by people."""
    place, book = result.place, result.index
    assert book is not None  # domains are offered only where there is an index
    index = result.level_tables[level].index
    scores = book.domain_transformed[id]
    marks = _unmarked(index)
    if level == place.base_layer:
        said = ("The index comes without margins of error: areas with close scores do not differ.",)
        own = None if book.deciles is None else book.domain_deciles[id].reindex(index)
        return Mapped(scores.reindex(index).astype("float64"), marks, said, deciles=own)
    carried = result.crosswalks[level].apply_intensive(
        scores, place.people, uncovered="report", tolerance=place.tolerance
    )
    average = (
        "The average of the scores of the small areas in it, each counted by its people. It hides "
        "the differences between them."
    )
    return Mapped(carried.values.reindex(index).astype("float64"), marks, (average,))


def _measure(result: Result, prepared: Prepared, level: str, id: str) -> Mapped:
    """Return a measure with its interval, and where it is withheld or mostly chance."""
    index = result.level_tables[level].index
    found = prepared.level(level).figures
    value = found.values[id].reindex(index).astype("float64")
    low, high = (frame[id].reindex(index).astype("float64") for frame in (found.low, found.high))
    hidden = found.hidden[id].reindex(index, fill_value=False).to_numpy(dtype=bool)
    small = found.small[id].reindex(index, fill_value=False).to_numpy(dtype=bool)
    rough = found.grades()[id].reindex(index).isin(("C", "D")).to_numpy() & value.notna()
    gone = hidden & value.isna().to_numpy()
    words = np.select([gone, small, rough], [WITHHELD, FEW, ROUGH], "")
    marks = pd.Series(words, index=index, dtype="str")
    said = []
    if low.notna().any():
        said.append("Each figure has an interval: areas whose intervals overlap may be alike.")
    table = result.level_tables[level]
    ours = table["people_inside"] > result.place.tolerance * table["people"]
    for word, sentence in (
        (WITHHELD, "Withheld, so that nobody can be recognised, in {n:,} of {of:,} areas."),
        (FEW, "Few cases stand behind {n:,} of {of:,} areas: they jump from year to year."),
        (ROUGH, "A rough estimate in {n:,} of {of:,} areas, because borders cut the small areas."),
    ):
        n = int((marks[ours] == word).sum())
        said += [sentence.format(n=n, of=int(ours.sum()))] if n else []
    if hidden.any() and not gone.all():
        said.append("Some counts behind it are withheld; the figures are made from the others.")
    return Mapped(value, marks, tuple(said) or ("Counted, not estimated.",), low, high)


def _withheld(result: Result, level: str, chosen: np.ndarray) -> pd.Series:
    """Say in which areas some money of the chosen lines may not be shown."""
    index = result.level_tables[level].index
    if result.masked is None:
        return pd.Series(False, index=index)
    hidden = (result.masked[1][level].flag[chosen] == "hidden").any(axis=0)
    return hidden.reindex(index, fill_value=False).astype(bool)


def _money(result: Result, level: str, theme: str) -> Mapped:
    """Return pence a person of one theme, or of recorded money where no theme is named."""
    held, table = result.levels[level], result.level_tables[level]
    streams = held.streams
    grades = streams["grade"]
    chosen = (streams["theme"] == theme if theme else grades.isin(honesty.RECORDED)).to_numpy()
    pence = held.pence if held.counted_in_each is None else held.counted_in_each
    sums = pd.Series(pence[chosen].sum(axis=0), held.areas).reindex(table.index, fill_value=0)
    withheld = _withheld(result, level, chosen)
    people = table["people"].to_numpy(dtype="float64")
    each = np.full(len(table), np.nan)
    np.divide(sums.to_numpy(dtype="float64"), people, out=each, where=people > 0)
    only = pd.Series(chosen, streams.index)
    found = honesty.recorded(held, only=only)
    assumed = found.assumed_pence.reindex(table.index, fill_value=0)
    known = (found.pence + found.spent_pence).reindex(table.index, fill_value=0)
    marks = pd.Series(
        np.select([withheld, assumed > known], [WITHHELD, ASSUMED], ""), table.index, dtype="str"
    )
    said = f"{found.share:.0%} of it is recorded where people live or use the service."
    if not theme:
        whole = honesty.recorded(held).share
        said = (
            f"{whole:.0%} of all money is recorded; the rest follows from a rule and is left out."
        )
    elif not found.share:
        said = "None of it is recorded where people live: a rule shares it out."
    one = pd.Series(each, table.index).mask(withheld)
    return Mapped(one, marks, (said,), ranked=found.rankable)


def _distance(result: Result, level: str, theme: str) -> Mapped:
    """Return by how many per cent recorded money is above or below what need calls for."""
    table = result.level_tables[level]
    keep = table["people_inside"] >= advice_mismatch.INSIDE_SHARE * table["people"]
    found = mismatch.resources(
        result.levels[level],
        people=table["people"],
        need=table["need"],
        keep=keep,
        need_weight=result.need_weight,
        neediest_per_head=result.neediest_per_head,
    )
    rows = found.table[found.table["theme"] == theme].set_index("area_code")
    chosen = np.ones(len(result.ledger.streams), bool)
    if theme != ALL:
        chosen = (result.ledger.streams["theme"] == theme).to_numpy()
    withheld = _withheld(result, level, chosen)
    per_cent = 100 * rows["distance"].astype("float64").reindex(table.index)
    marks = pd.Series(np.where(withheld & keep, WITHHELD, ""), table.index, dtype="str")
    said = [mismatch_words.target_sentence(result.need_weight, result.neediest_per_head)]
    if theme in found.reasons:
        said.insert(0, found.reasons[theme])
    elif per_cent.isna().all():
        said.insert(0, "No target can be set here: need is not known, or money is below nought.")
    else:
        said.append(
            f"{found.shares[theme]:.0%} of the money is recorded, and only that is compared."
        )
    return Mapped(per_cent.mask(withheld), marks, tuple(said))


def _programmes(result: Result, level: str, theme: str, *, money: bool, on: dt.date) -> Mapped:
    """Return how many programmes are at work in each area, or the money stated for them."""
    index = result.level_tables[level].index
    register = result.place.programmes
    assert register is not None  # programmes are offered only where there are some
    whole = register[register["theme"] == theme] if theme else register
    running = programmes.active(whole, on=on)
    ended = len(whole) - len(running)
    over = f"{ended} {'has' if ended == 1 else 'have'} ended"
    said = [f"{len(running)} run on {on.day} {on:%B %Y}; {over}."]
    marks = _unmarked(index)
    if running.empty:
        return Mapped(pd.Series(0.0, index=index), marks, tuple(said))
    if not money:
        at_work = advice_mismatch.at_work_in(result, level, running)
        counts = at_work.groupby("area_code", sort=False)["programmes"].sum()
        names = _called(running, at_work).reindex(index, fill_value="")
        return Mapped(counts.reindex(index).astype("float64"), marks, tuple(said), names=names)
    stated = running[running["amount_pence"].notna()]
    silent = len(running) - len(stated)
    if silent:
        said.append(f"For {silent} of them no money is stated.")
    pence = _spread(result, level, stated)
    spread = pd.Series(ASSUMED, index=index, dtype="str")
    return Mapped(pence, spread, tuple(said), ranked=False)


def _called(register: pd.DataFrame, at_work: pd.DataFrame) -> pd.Series:
    """Return by area which programmes are at work there, who leads them and until when."""
    told = {
        str(id): f"{row['title']} ({row['lead']}{', until ' + row['ends'] if row['ends'] else ''})"
        for id, row in register.iterrows()
    }
    ids = at_work.groupby("area_code", sort=False)["ids"].agg(";".join)
    return ids.map(lambda some: "; ".join(told[id] for id in str(some).split(";") if id))


def _spread(result: Result, level: str, register: pd.DataFrame) -> pd.Series:
    """Spread the stated money of programmes over the people whom they cover, in whole pence."""
    index = result.level_tables[level].index
    covered = advice_mismatch.coverage_of(result, register)
    people = result.place.people.reindex(covered.columns).to_numpy(dtype="float64")
    walk = result.crosswalks[level]
    overlapping = result.levels[level].counted_in_each is not None
    settled = walk.shares(
        tolerance=result.place.tolerance, overlap="count-in-each" if overlapping else "refuse"
    )
    weights = settled.weights[walk.sources.get_indexer(covered.columns)]
    total = np.zeros(weights.shape[1], np.int64)
    for at, amount in enumerate(register["amount_pence"].astype("int64")):
        reached = covered.to_numpy()[at] * people
        if not reached.any():
            continue
        falls = np.asarray(weights.T @ reached).ravel() / reached.sum()
        if overlapping:
            total += np.rint(falls * amount).astype(np.int64)
        else:
            rest = max(1.0 - falls.sum(), 0.0)
            parts = largest_remainder([int(amount)], np.append(falls, rest))
            total += np.asarray(parts).ravel()[:-1]
    return pd.Series(total, walk.targets).reindex(index, fill_value=0).astype("float64")
