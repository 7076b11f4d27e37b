"""What the names in a scenario mean: streams, pots, themes, levels, measures and the day.

In: a scenario and the streams it is about. Out: positions of streams, or every name that means
nothing or two things, at once. Only `budgets.scenario` uses it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import numpy as np
import pandas as pd

from budgets.money import Int64
from budgets.scenario_books import EVERYTHING, Context
from budgets.scenario_document import Scenario
from budgets.scenario_errors import AmbiguousName, DateMissing, UnknownName
from geo.errors import Faults

KINDS = ("stream", "pot", "theme")
# A share that names this takes the measure of need of its streams' own theme.
THEME = "theme"


def check_names(scenario: Scenario, streams: pd.DataFrame, context: Context) -> None:
    """Check that every name means one thing that is there.

    Raises
    ------
    UnknownName, AmbiguousName, together as `SeveralFaults`.
    """
    faults = Faults(f"scenario {scenario.id}")
    joined = [
        f"[[join]] number {number}: stream {stream}"
        for number, join in enumerate(scenario.join, 1)
        for stream in join.stream
        if stream not in streams.index
    ]
    if joined:
        faults.add(UnknownName(faults.where, found=joined))
    for table in ("change", "share", "devolve"):
        for number, entry in enumerate(getattr(scenario, table), 1):
            spot = f"{faults.where}, [[{table}]] number {number}, of"
            with faults.catch():
                meaning(entry.of, scenario, streams, where=spot)
    for number, share in enumerate(scenario.share, 1):
        spot = f"{faults.where}, [[share]] number {number}"
        _one_of(share.measure, [*context.measures, THEME], f"{spot}, measure", faults)
        if share.match_with is not None:
            with faults.catch():
                meaning(share.match_with, scenario, streams, where=f"{spot}, match_with")
        if share.by == "need" and not context.measures:
            faults.add(UnknownName(spot, detail="the place has no measure of need"))
    for number, devolve in enumerate(scenario.devolve, 1):
        spot = f"{faults.where}, [[devolve]] number {number}, to"
        _one_of(devolve.to, context.levels, spot, faults)
    faults.raise_any()


def meaning(
    name: str, scenario: Scenario, streams: pd.DataFrame, *, where: str = "of"
) -> tuple[str, str]:
    """Return the kind (`stream`, `pot`, `theme` or `*`) and the id that a name means.

    Raises
    ------
    UnknownName, AmbiguousName
    """
    if name == EVERYTHING:
        return EVERYTHING, name
    ids = {
        "stream": set(streams.index),
        "pot": {join.pot for join in scenario.join if join.pot},
        "theme": {str(theme) for theme in streams["theme"] if theme},
    }
    kind, colon, rest = name.partition(":")
    found = [(at, name) for at in KINDS if name in ids[at]]
    if colon and kind in KINDS and rest in ids[kind]:
        found.append((kind, rest))
    if not found:
        known = {at: ", ".join(sorted(ids[at])[:5]) for at in KINDS}
        detail = "; ".join(f"{at}s: {listed}" for at, listed in known.items() if listed)
        raise UnknownName(where, found=[name], detail=detail)
    if len(found) > 1:
        kinds = [f"{at}:{id}" for at, id in found]
        raise AmbiguousName(where, found=kinds)
    return found[0]


def members(name: str, scenario: Scenario, streams: pd.DataFrame) -> Int64:
    """Return the positions of the streams that a name means."""
    kind, id = meaning(name, scenario, streams)
    if kind == EVERYTHING:
        return np.arange(len(streams))
    if kind == "stream":
        return np.array([streams.index.get_loc(id)])
    if kind == "theme":
        return np.flatnonzero((streams["theme"] == id).to_numpy())
    named = [stream for join in scenario.join if join.pot == id for stream in join.stream]
    return np.flatnonzero(streams.index.isin(named))


def takes_effect(scenario: Scenario, streams: pd.DataFrame) -> dt.date:
    """Return the day for which a scenario asks what can move.

    It is `takes_effect`; else the first day of the financial year `year`; else the first day of the
    latest financial year of the streams. A year is the one in which it begins, on 1 April.
    """
    if scenario.head.takes_effect is not None:
        return dt.date.fromisoformat(scenario.head.takes_effect)
    years = [scenario.head.year] if scenario.head.year else list(streams["year"])
    begins = [int(year[:4]) for year in years if year[:4].isdigit()]
    if not begins or not 1 <= max(begins) <= 9999:
        raise DateMissing(f"scenario {scenario.id}")
    return dt.date(max(begins), 4, 1)


def _one_of(name: str | None, known: Iterable[str], spot: str, faults: Faults) -> None:
    listed = list(known)
    if name is not None and name not in listed:
        faults.add(UnknownName(spot, found=[name], detail=f"known: {', '.join(listed)}"))
