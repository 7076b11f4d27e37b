"""Where money, programmes and need of one place do not meet.

In: a `Result`, a level, a day. Out: `Report`: sentences for a board and the tables behind them:
money against need by theme, programmes at work, overlaps, gaps, fairness by level and its curves.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from boundaries.crosswalk import Crosswalk
from budgets import fairness, fairness_views, mismatch, mismatch_words, programmes
from budgets.honesty import recorded
from budgets.ledger import Ledger
from budgets.need import need_weighted
from budgets.streams import split_cover
from data import need_measures
from data.advice import Report, check_levels
from data.crosswalks import base_to
from data.errors import UnknownChoice
from data.run import Result
from data.scenarios import Allocation

# At least this part of an area's people live in the place, or it is a neighbour's.
INSIDE_SHARE = 0.5
HIDDEN = "not shown: small counts"


def mismatches(
    result: Result,
    *,
    level: str | None = None,
    theme: str | None = None,
    on: dt.date,
    allocation: Allocation | None = None,
) -> Report:
    """Set money against need, and programmes against both, at one level of a place.

    Parameters
    ----------
    level
        Layer id; by default the smallest level above the base layer.
    theme
        Only this theme of streams and programmes.
    on
        Programmes that ended before it are left out.
    allocation
        A scenario that was applied: fairness is then said before and after it.

    Raises
    ------
    UnknownChoice
        A level or theme that is not there.
    """
    layer = level_or_smallest(result, level)
    table = result.level_tables[layer]
    keep = table["people_inside"] >= INSIDE_SHARE * table["people"]
    place = result.place
    by_theme = need_measures.by_theme(place, result.index, result.prepared.people)
    found = mismatch.resources(
        result.levels[layer],
        people=table["people"],
        need=table["need"],
        keep=keep,
        need_weight=result.need_weight,
        neediest_per_head=result.neediest_per_head,
        measures=need_measures.at_level(place, by_theme, result.crosswalks[layer]),
    )
    found = _without_small_counts(found, result, layer)
    register = result.place.programmes
    themes = list(dict.fromkeys(found.table["theme"]))
    themes += [] if register is None else list(dict.fromkeys(register["theme"]))
    if theme is not None:
        if theme not in themes:
            detail = "there are " + ", ".join(dict.fromkeys(themes))
            raise UnknownChoice("--theme", found=[theme], detail=detail)
        found = mismatch.Resources(
            found.level,
            found.table[found.table["theme"] == theme],
            {key: why for key, why in found.reasons.items() if key == theme},
            found.shares,
        )
    names = table["name"]
    title = result.place.settings.layer(layer).title
    said = [
        f"Resources against needs at {title}, {result.place.name}.",
        mismatch_words.target_sentence(result.need_weight, result.neediest_per_head),
    ]
    said += [
        f"{money.capitalize()} is set against {measure.name}, as place.toml says."
        for money, measure in by_theme.items()
        if money in set(found.table["theme"])
    ]
    said += mismatch_words.money_sentences(found, names)
    shown = found.table.copy()
    shown.insert(1, "name", names.reindex(shown["area_code"]).to_numpy())
    tables = {"": shown}
    for part in (
        _programmes(result, layer, keep, theme, on),
        _fairness(result, allocation),
    ):
        said += part.sentences
        tables |= part.tables
    return Report(tuple(said), tables)


def _without_small_counts(
    found: mismatch.Resources, result: Result, layer: str
) -> mismatch.Resources:
    """Leave out figures that would give counts away which their source hides."""
    if result.masked is None:
        return found
    hidden = result.masked[1][layer].flag == "hidden"
    themes = result.ledger.streams["theme"]
    table = found.table.copy()
    figures = [
        "recorded_pence", "recorded_per_person", "money_class", "target_pence", "distance",
        "to_target_pence",
    ]  # fmt: skip
    table["recorded_pence"] = table["recorded_pence"].astype("Int64")
    for theme in dict.fromkeys(table["theme"]):
        rows = hidden if theme == mismatch.ALL_THEMES else hidden[(themes == theme).to_numpy()]
        codes = rows.columns[rows.any(axis=0)]
        at = (table["theme"] == theme) & table["area_code"].isin(codes)
        table.loc[at, figures] = pd.NA
        table.loc[at, "pair"] = ""
        table.loc[at, "note"] = HIDDEN
    return mismatch.Resources(found.level, table, found.reasons, found.shares)


def _programmes(
    result: Result, layer: str, keep: pd.Series, theme: str | None, on: dt.date
) -> Report:
    """Say where programmes are at work, overlap and are wanting."""
    if result.place.programmes is None:
        return Report(("No register of programmes is named in place.toml.",), {})
    register = result.place.programmes
    if theme is not None:
        register = register[register["theme"] == theme]
    whole = len(register)
    register = programmes.active(register, on=on)
    ended = whole - len(register)
    over = f"{ended} {'has' if ended == 1 else 'have'} ended"
    date = f"{on.day} {on:%B %Y}"
    if register.empty:
        return Report((f"No programme runs on {date}; {over}.",), {})
    said = [f"{len(register)} programmes and partnerships run on {date}; {over}."]
    said.append("Overlaps and gaps are of those that act on the ground, not of boards and forums.")
    every = _kept(at_work_in(result, layer, register), keep)
    acting = register[register["role"] == "operational"]
    at_work = _kept(at_work_in(result, layer, acting, themes=list(every["theme"])), keep)
    table = result.level_tables[layer]
    people, need = table["people"][keep], table["need"][keep]
    said += mismatch_words.programme_sentences(
        at_work, register, table["name"], people=people, need=need
    )
    tables = {
        "-programmes": every,
        "-overlaps": mismatch.overlaps(at_work),
        "-gaps": mismatch.gaps(at_work, people=people, need=need),
        "-matrix": programmes.matrix(register),
    }
    return Report(tuple(said), tables)


def _kept(table: pd.DataFrame, keep: pd.Series) -> pd.DataFrame:
    return table[table["area_code"].isin(keep.index[keep])].reset_index(drop=True)


def at_work_in(
    result: Result, layer: str, register: pd.DataFrame, *, themes: list[str] | None = None
) -> pd.DataFrame:
    """Return which programmes work in each area of a level: the data of their map."""
    covered = coverage_of(result, register)
    people = result.place.people.where(result.inside, 0.0)
    return programmes.at_level(
        register, covered, crosswalk=result.crosswalks[layer], people=people, themes=themes
    )


def coverage_of(result: Result, register: pd.DataFrame) -> pd.DataFrame:
    """Return which share of each base area each programme covers, programmes x base areas."""
    place = result.place
    wanted = dict.fromkeys(split_cover(part)[0] for parts in register["covers"] for part in parts)
    walks: dict[str, Crosswalk] = {
        other: result.crosswalks.get(other) or base_to(place, other)
        for other in wanted
        if other != place.base_layer
    }
    return programmes.coverage(register, covers=walks, areas=result.ledger.areas)


def _fairness(result: Result, allocation: Allocation | None) -> Report:
    """Say how recorded money lies against need, and between the areas of each level."""
    if result.index is None:
        return Report(("Fairness: the place has no index of need.",), {})
    people, scores = result.place.people, result.index.scores
    needs = need_weighted(
        people,
        scores.where(people > 0, np.nan),
        need_weight=result.need_weight,
        neediest_per_head=result.neediest_per_head,
    )
    found = fairness.assess(result.ledger, people=people, scores=scores, needs=needs)
    said = fairness_views.sentences(found)
    after = None if allocation is None else allocation.outcome.ledger
    if after is not None:
        change = fairness_views.before_and_after(result.ledger, after, people=people, scores=scores)
        said.append(change.sentence())
    if found.spend is None:
        return Report(tuple(said), {})
    inside = result.inside
    drawn = {"recorded money": _recorded(result.ledger, inside), "need": needs[inside]}
    if after is not None and change.spend is not None:
        drawn["recorded money after"] = _recorded(after, inside)
    curves = fairness_views.curves(people[inside], scores[inside], drawn)
    walks = {layer: result.crosswalks[layer] for layer in result.levels}
    parts = [
        fairness_views.by_level(money, people[inside], walks).reset_index().assign(money=name)
        for name, money in drawn.items()
        if name != "need"
    ]
    return Report(
        tuple(said), {"-curves": curves, "-by-level": pd.concat(parts, ignore_index=True)}
    )


def _recorded(ledger: Ledger, inside: pd.Series) -> pd.Series:
    """Return the recorded pence of the base areas of the place."""
    pence = recorded(ledger).pence
    return pence[inside.reindex(pence.index).to_numpy(dtype=bool)].astype("float64")


def day(text: str | None) -> dt.date:
    """Read a date like 2026-04-01; without one it is today.

    Raises
    ------
    UnknownChoice
        It is no date.
    """
    if text is None:
        return dt.date.today()
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        detail = "write year, month and day: 2026-04-01"
        raise UnknownChoice("--on", found=[text], detail=detail) from None


def level_or_smallest(result: Result, level: str | None) -> str:
    """Return a level of the place; without one that above the base layer with the most areas.

    Raises
    ------
    UnknownChoice
        The place has no such level.
    """
    if level is not None:
        check_levels("--level", [level], result)
        return level
    above = [layer for layer in result.levels if layer != result.place.base_layer]
    if not above:
        return result.place.base_layer
    inside = {
        layer: int((result.level_tables[layer]["people_inside"] > 0).sum()) for layer in above
    }
    return max(above, key=lambda layer: inside[layer])
