"""Making a scenario choice by choice: what may be chosen, and the document with one thing changed.

In: a result, and a scenario or none. Out: other scenarios, each checked as a whole before it is
handed back; the names, measures, levels and years that a place offers, in words; and a first entry
of each kind that does something. Nothing here shares money out.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from budgets import scenario
from budgets.movable import movable
from budgets.scenario import Scenario
from budgets.scenario_books import EVERYTHING
from budgets.scenario_document import PARTS
from budgets.scenario_names import THEME, members, takes_effect
from data.choosing_errors import NoSuchEntry
from data.run import Result
from data.scenarios import measures_of

FIRST: Final = "new"  # id of what has not been saved under a name yet
UNTITLED: Final = "A new scenario"
NOT_EXPLAINED: Final = "not explained yet"
YEARS: Final = 7  # financial years that are offered, from the one that the money is of
ABOUT_NEED: Final = "index"
OF_A_POT: Final = ("host", "agreement", "risk_share")


@dataclass(frozen=True)
class Name:
    """Something a choice can be about: all money, a theme, a pot or one line.

    Attributes
    ----------
    id
        How a scenario names it.
    pence, movable_pence
        What is spent on it, and what of it can move on the day; income below nought is in neither.
    """

    id: str
    title: str
    kind: str
    pence: int
    movable_pence: int


@dataclass(frozen=True)
class Year:
    """A financial year from which choices may hold, and what can move on its first day."""

    year: str
    first_day: str
    movable_pence: int
    spent_pence: int


@dataclass(frozen=True)
class Offered:
    """What a place offers whatever was chosen: years, measures of need with titles, agencies."""

    years: tuple[Year, ...]
    measures: dict[str, str]
    agencies: tuple[str, ...]

    @classmethod
    def of(cls, result: Result) -> Offered:
        """Look it up once for all choices."""
        return cls(tuple(years(result)), measure_titles(result), tuple(agencies(result)))


# -- the document with one thing changed -----------------------------------------------------------


def blank(result: Result) -> Scenario:
    """Return a scenario without entries, from the first year to come in which money can move."""
    later = years(result)[1:]
    free = [one for one in later if one.movable_pence > 0]
    head = {"id": FIRST, "title": UNTITLED}
    if later:
        head["year"] = (free or later)[0].year
    return Scenario.model_validate({"scenario": head})


def with_head(chosen: Scenario, **values: str | None) -> Scenario:
    """Return the scenario with other values in its head; None takes one out.

    Raises
    ------
    CommonGroundError
        Whatever `scenario.parse` refuses; nothing is changed then.
    """
    raw = chosen.to_dict()
    raw["scenario"] = {k: v for k, v in (raw["scenario"] | values).items() if v is not None}
    return _checked(raw)


def with_entry(
    chosen: Scenario, part: str, number: int | None, entry: Mapping[str, Any]
) -> Scenario:
    """Return the scenario with an entry in the place of another, or added last for None.

    Parameters
    ----------
    part
        `change`, `join`, `share` or `devolve`.
    number
        Which entry of its kind, counted from 1 as messages do.

    Raises
    ------
    NoSuchEntry
        There is no such entry.
    CommonGroundError
        Whatever `scenario.parse` refuses; nothing is changed then.
    """
    raw, listed = _listed(chosen, part, number)
    if number is None:
        listed.append(dict(entry))
    else:
        listed[number - 1] = dict(entry)
    return _checked(raw | {part: listed})


def with_join(chosen: Scenario, number: int, entry: Mapping[str, Any]) -> Scenario:
    """Return the scenario with another `[[join]]` entry, and what speaks of its pot in step.

    All entries of a pot say the same about it, and what shares or devolves it goes by its name.

    Raises
    ------
    NoSuchEntry
        There is no such entry.
    CommonGroundError
        Whatever `scenario.parse` refuses; nothing is changed then.
    """
    raw, listed = _listed(chosen, "join", number)
    before, after = listed[number - 1].get("pot"), entry.get("pot")
    said = {key: entry[key] for key in ("as", "pot", *OF_A_POT) if key in entry}
    for at, other in enumerate(listed):
        if at == number - 1:
            listed[at] = dict(entry)
        elif after is not None and other.get("pot") in (before, after):
            listed[at] = {"stream": other["stream"]} | said
    raw["join"] = listed
    if before is not None and after is not None and before != after:
        for part in ("change", "share", "devolve"):
            for item in raw.get(part, []):
                for key in ("of", "match_with"):
                    if item.get(key) in (before, f"pot:{before}"):
                        item[key] = str(item[key]).replace(str(before), str(after))
    return _checked(raw)


def without(chosen: Scenario, part: str, number: int) -> Scenario:
    """Return the scenario without one entry.

    Raises
    ------
    NoSuchEntry
    """
    raw, listed = _listed(chosen, part, number)
    del listed[number - 1]
    return _checked({k: v for k, v in (raw | {part: listed}).items() if v != []})


def raised(chosen: Scenario, part: str, number: int) -> Scenario:
    """Return the scenario with an entry applied before the one that stood before it.

    Raises
    ------
    NoSuchEntry
    """
    raw, listed = _listed(chosen, part, number)
    if number > 1:
        listed[number - 2 : number] = reversed(listed[number - 2 : number])
    return _checked(raw | {part: listed})


def entry(chosen: Scenario, part: str, number: int) -> dict[str, Any]:
    """Return an entry as plain values: the keys that were written and no others.

    Raises
    ------
    NoSuchEntry
    """
    _, listed = _listed(chosen, part, number)
    found: dict[str, Any] = listed[number - 1]
    return found


def _listed(
    chosen: Scenario, part: str, number: int | None
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    raw = chosen.to_dict()
    if part not in PARTS:
        raise NoSuchEntry(part)
    listed = [dict(item) for item in raw.get(part, [])]
    if number is not None and not 1 <= number <= len(listed):
        raise NoSuchEntry(f"[[{part}]]", found=[number])
    return raw, listed


def _checked(raw: dict[str, Any]) -> Scenario:
    return scenario.parse(json.dumps(raw, ensure_ascii=False))


# -- what may be chosen ----------------------------------------------------------------------------


def names(result: Result, chosen: Scenario, *, shared: bool = False) -> list[Name]:
    """Return what a choice can be about: pots first, then all money, themes and single lines.

    Parameters
    ----------
    shared
        Only what can be shared out over areas.
    """
    streams = result.ledger.streams
    amount = streams["amount_pence"].to_numpy(dtype=np.int64)
    free = np.where(amount > 0, _movable(result, takes_effect(chosen, streams)), 0)
    usable = amount > 0
    if shared:
        usable &= streams.index.isin(shareable(result))
    found = []

    def offer(id: str, title: str, kind: str) -> None:
        at = members(id, chosen, streams)
        at = at[usable[at]]
        if len(at):
            found.append(Name(id, title, kind, int(amount[at].sum()), int(free[at].sum())))

    ids = {str(id) for id in streams.index}
    themes = list(dict.fromkeys(str(theme) for theme in streams["theme"] if theme))
    named_pots = list(dict.fromkeys(join.pot for join in chosen.join if join.pot))
    for pot in named_pots:
        offer(f"pot:{pot}" if pot in ids or pot in themes else pot, pot, "pot")
    offer(EVERYTHING, "All lines of money", EVERYTHING)
    for theme in themes:
        twice = theme in ids or theme in named_pots
        offer(f"theme:{theme}" if twice else theme, theme, "theme")
    for id, title in zip(streams.index, streams["title"], strict=True):
        twice = id in themes or id in named_pots
        offer(f"stream:{id}" if twice else str(id), str(title), "stream")
    return found


def shareable(result: Result) -> list[str]:
    """Return the ids of the lines that can be shared out over areas."""
    return [str(result.prepared.streams.index[row]) for row in result.prepared.shared]


def years(result: Result) -> list[Year]:
    """Return the financial years from which choices may hold; the first is the money's own."""
    streams = result.ledger.streams
    known = [int(str(year)[:4]) for year in streams["year"] if str(year)[:4].isdigit()]
    if not known:
        return []
    amount = streams["amount_pence"].to_numpy(dtype=np.int64)
    spends = amount > 0
    found = []
    for first in range(max(known), max(known) + YEARS):
        day = dt.date(first, 4, 1)
        free = int(_movable(result, day)[spends].sum())
        year = f"{first}-{(first + 1) % 100:02d}"
        found.append(Year(year, day.isoformat(), free, int(amount[spends].sum())))
    return found


def measure_titles(result: Result) -> dict[str, str]:
    """Return the measures of need that money may follow, by id, with what they are called."""
    titles = {}
    index = None if result.index is None else result.index.definition
    domains = {} if index is None else {item.id: item.title for item in index.domains}
    items = {item.id: item.title for item in result.place.settings.indicators}
    for id, measure in measures_of(result).items():
        if index is not None and id == ABOUT_NEED:
            titles[id] = f"Need as a whole: {index.title}"
        elif id in domains:
            titles[id] = f"One side of it: {domains[id]}"
        elif measure.kind == "clients":
            titles[id] = f"People counted: {id.replace('_', ' ')}"
        else:
            titles[id] = items.get(id, id.replace("_", " "))
    if titles:
        titles[THEME] = "Each theme by its own measure"
    return titles


def agencies(result: Result) -> list[str]:
    """Return the agencies of the lines of money, each once."""
    return sorted({str(name) for name in result.ledger.streams["agency"]})


def putters(result: Result, chosen: Scenario, number: int) -> list[str]:
    """Return the agencies that put money into the pot of a `[[join]]` entry."""
    pot = chosen.join[number - 1].pot
    # Without its risk shares a pot can always be put together.
    plain = [join.model_copy(update={"risk_share": ()}) for join in chosen.join]
    streams = result.ledger.streams
    ids = [id for join in plain if join.pot == pot for id in join.stream]
    return sorted({str(streams.at[id, "agency"]) for id in ids if id in streams.index})


# -- a first entry of each kind --------------------------------------------------------------------


def suggested(result: Result, chosen: Scenario, part: str) -> dict[str, Any]:
    """Return an entry to begin with that fits the place: about the line most of which can move.

    Raises
    ------
    NoSuchEntry
        There is no such kind of entry, or no line of money that it could be about.
    """
    lines = [item for item in names(result, chosen, shared=part == "share") if _is_line(item)]
    lines.sort(key=lambda item: -item.movable_pence)
    if not lines or part not in PARTS:
        raise NoSuchEntry(part)
    of = lines[0].id
    if part == "change":
        return {"of": of, "per_cent": 0.0, "reason": NOT_EXPLAINED}
    if part == "share":
        if not measures_of(result):
            return {"of": of, "by": "people"}
        times = float(result.neediest_per_head)
        return {"of": of, "by": "need", "need_weight": 1.0, "neediest_per_head": times}
    if part == "join":
        taken = {id for join in chosen.join for id in join.stream}
        free = [item.id.removeprefix("stream:") for item in lines]
        free = [id for id in free if id not in taken][:2]
        if not free:
            raise NoSuchEntry(part, detail="every line has joined already")
        return {"stream": free, "as": "aligned", "pot": suggested_pot(result, chosen)}
    line = str(lines[0].id).removeprefix("stream:")
    return {"of": of, "to": _nearer_level(result, line), "share": 0.1}


def _is_line(item: Name) -> bool:
    return item.kind == "stream"


def suggested_pot(result: Result, chosen: Scenario) -> str:
    """Return a name for a pot that nothing else of the place or the scenario has."""
    streams = result.ledger.streams
    taken = {str(name) for name in (*streams.index, *streams["theme"])}
    taken |= {join.pot or "" for join in chosen.join}
    number = 1
    while f"community budget {number}" in taken:
        number += 1
    return f"community budget {number}"


def _nearer_level(result: Result, line: str) -> str:
    """Return the level with the most areas that does not hold a line already."""
    held = str(result.ledger.streams.at[line, "held_at"])
    others: Sequence[str] = [level for level in result.levels if level != held]
    # The small areas are for counting; those of the next level have people who can decide.
    higher = [level for level in others if level != result.place.base_layer] or list(others)
    return max(higher, key=lambda level: len(result.levels[level].areas))


def _movable(result: Result, day: dt.date) -> np.ndarray:
    found = movable(result.ledger.streams, on=day)["movable_pence"]
    return found.to_numpy(dtype=np.int64)
