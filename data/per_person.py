"""Money per person in a place: each service by the people it is there for, unusual areas flagged.

In: a `Result`. Out: a table with a row for each area of a level, whom money is read by, and kind of
money; and sentences about what it does not hold.

The base table may have columns `registered`, `workday`, `students` and `prisoners` beside its
residents. Money that is read by people whom the place does not count has no figure per person.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from boundaries.crosswalk import Crosswalk
from budgets.ledger import Level
from budgets.money import Int64, format_pounds
from budgets.need_population import (
    BASES,
    Population,
    Purposes,
    per_person,
    read_purposes,
    unusual_areas,
)
from data.errors import UnknownLayer
from data.run import Result

REGISTERED, WORKDAY, STUDENTS, PRISONERS = "registered", "workday", "students", "prisoners"
EACH = {"resident": "resident", "registered": "registered person", "workday": "workday person"}
COLUMNS = (
    "area_code", "name", "basis", "kind", "streams", "people", "amount_pence", "pence_per_person",
    "flag",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class PerPerson:
    """Money per person at one level.

    Attributes
    ----------
    table
        Columns `COLUMNS`; `pence_per_person` is missing where nobody is or nobody is counted.
    flags
        By area, as `need_population.unusual_areas` returns it.
    sentences
        Whom each service is read by and why, what was flagged, what is left out.
    unchecked
        Flags for which the place has no count: of `student`, `prison`, `city-centre`.
    """

    table: pd.DataFrame
    flags: pd.DataFrame
    sentences: tuple[str, ...]
    unchecked: tuple[str, ...] = ()


def money_per_person(result: Result, level: str, *, purposes: Purposes | None = None) -> PerPerson:
    """Read the money of a level per person.

    Parameters
    ----------
    level
        Id of a level of the place.
    purposes
        Who each service is there for; the shipped file by default.

    Raises
    ------
    UnknownLayer
        The place has no such level.
    """
    if level not in result.levels:
        raise UnknownLayer("level", found=[level], detail=f"levels: {', '.join(result.levels)}")
    rules = purposes or read_purposes()
    held = result.levels[level]
    counts = _counts(result, result.crosswalks[level], held.areas)
    populations = {
        basis: Population(counts[name], basis, name)
        for basis, name in (("resident", "residents"), *((b, b) for b in BASES[1:]))
        if name in counts
    }
    flags = unusual_areas(
        populations["resident"],
        students=counts.get(STUDENTS),
        prisoners=counts.get(PRISONERS),
        workday=populations.get("workday"),
        limits=rules.flags,
    )
    reasons = _reasons(held.streams, rules)
    parts = [
        _part(result, held, level, (basis, kind), populations, flags, reasons)
        for basis in BASES
        for kind in dict.fromkeys(held.streams["kind"])
    ]
    parts = [part for part in parts if len(part)]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))
    wanted = {STUDENTS: "student", PRISONERS: "prison", WORKDAY: "city-centre"}
    unchecked = [words for name, words in wanted.items() if name not in counts]
    said = _said(held, reasons, populations, flags, unchecked)
    return PerPerson(table, flags, said, tuple(unchecked))


def _counts(result: Result, crosswalk: Crosswalk, areas: pd.Index) -> dict[str, pd.Series]:
    """Carry the people of every kind to the areas, everybody counted in each area they are in."""
    place = result.place
    given = {"residents": place.people}
    for name in (REGISTERED, WORKDAY, STUDENTS, PRISONERS):
        if name in place.base and pd.api.types.is_numeric_dtype(place.base[name]):
            given[name] = place.base[name]
    overlapping = bool((crosswalk.overlapping > place.tolerance).any())
    carried = {}
    for name, people in given.items():
        done = crosswalk.apply_extensive(
            people,
            uncovered="report",
            tolerance=place.tolerance,
            overlap="count-in-each" if overlapping else "refuse",
        )
        carried[name] = done.values.reindex(areas).fillna(0.0)
    return carried


def _reasons(streams: pd.DataFrame, rules: Purposes) -> pd.DataFrame:
    """Return by whom each stream is read, and why."""
    told = [
        rules.of(title, service, theme)
        for title, service, theme in zip(
            streams["title"], streams["service"], streams["theme"], strict=True
        )
    ]
    return pd.DataFrame(told, index=streams.index, columns=["basis", "reason"])


def _part(
    result: Result,
    held: Level,
    level: str,
    which: tuple[str, str],
    populations: dict[str, Population],
    flags: pd.DataFrame,
    reasons: pd.DataFrame,
) -> pd.DataFrame:
    """Return the rows of one basis and one kind of money."""
    basis, kind = which
    mine = ((reasons["basis"] == basis) & (held.streams["kind"] == kind)).to_numpy()
    if not mine.any():
        return pd.DataFrame()
    pence = pd.Series(_money(held)[mine].sum(axis=0), held.areas)
    if basis in populations:
        people = populations[basis]
        read = per_person(pence, people, basis=basis, flags=flags)
        each, note = read["pence_per_person"], read["flag"]
        count = people.people.to_numpy(dtype=np.float64)
    else:
        each = pd.Series(np.nan, held.areas)
        note = pd.Series(f"no count of {basis} people; nobody else stands in", held.areas)
        count = np.full(len(pence), np.nan)
    names = result.place.layers[level]["name"].reindex(held.areas)
    columns = {
        "area_code": held.areas,
        "name": names.to_numpy(),
        "basis": basis,
        "kind": kind,
        "streams": int(mine.sum()),
        "people": count,
        "amount_pence": pence.to_numpy(),
        "pence_per_person": each.to_numpy(),
        "flag": note.to_numpy(),
    }
    return pd.DataFrame(columns)


def _money(held: Level) -> Int64:
    return held.pence if held.counted_in_each is None else held.counted_in_each


def _said(
    held: Level,
    reasons: pd.DataFrame,
    populations: dict[str, Population],
    flags: pd.DataFrame,
    unchecked: list[str],
) -> tuple[str, ...]:
    said = []
    for (basis, reason), group in reasons.groupby(["basis", "reason"], sort=True):
        lines = f"{len(group):,} lines of money are" if len(group) > 1 else "One line of money is"
        said.append(f"{lines} read per {EACH[str(basis)]}: {reason}.")
    for basis in dict.fromkeys(reasons["basis"]):
        if basis not in populations:
            said.append(f"The place has no count of {basis} people, so that money has no figure.")
    for name, words in (
        ("student", "many students"),
        ("prison", "people in custody"),
        ("city_centre", "far more people by day than at home"),
    ):
        codes = list(flags.index[flags[name]])
        if codes:
            said.append(f"{len(codes):,} areas with {words}: {', '.join(codes[:5])}.")
    if unchecked:
        said.append(f"For want of a count, no area was checked for: {', '.join(unchecked)}.")
    left = int(held.outside.sum() + held.place_wide.sum())
    said.append(f"Not in it: {format_pounds(left)} outside the areas or held place-wide.")
    if held.counted_in_each is not None:
        said.append("Areas of this level overlap: money and people are counted in each.")
    return tuple(said)
