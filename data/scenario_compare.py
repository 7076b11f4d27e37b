"""Two allocations side by side: folders that were written, or two scenarios on one place.

In: two folders of `data.scenario_files`, or two scenario files and a run. Out: `Compared`: a table
by area, stream, level or agency that adds up to both pots, and sentences.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from budgets import compare as budget_compare
from budgets import scenario
from budgets.money import format_pounds
from budgets.scenario_errors import UnknownName
from data import folders
from data.errors import MissingChoice
from data.run import Result
from data.scenario_files import KIND, LOCK
from data.scenarios import TOOL, changes_of, context_of, read
from data.scenarios_errors import AllocationChanged, DifferentPlaces, NotAllocation
from geo import cells
from geo.errors import Faults


@dataclass(frozen=True, eq=False)
class Written:
    """An allocation as it stands in a folder."""

    folder: Path
    lock: dict[str, Any]

    @property
    def name(self) -> str:
        """Title of its scenario."""
        return str(self.lock["document"]["scenario"]["title"])

    def table(self, name: str) -> pd.DataFrame:
        """Read one of its tables; codes are text."""
        text = {"area_code": str, "stream": str, "level": str, "agency": str, "name": str}
        found = pd.read_csv(self.folder / name, dtype=text, keep_default_na=False, na_values=[""])
        return cells.restore(found)


def load(folder: str | Path) -> Written:
    """Open a folder that `write` wrote, and check that its files are what was written.

    Raises
    ------
    NotAllocation, AllocationChanged
    """
    folder = Path(folder)
    try:
        lock = json.loads((folder / LOCK).read_text(encoding="utf-8"))
        outputs, kind = dict(lock["outputs"]), lock["kind"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NotAllocation(str(folder), detail=str(error)) from None
    if kind != KIND or lock.get("tool") != TOOL:
        raise NotAllocation(str(folder), detail="its lock is of something else")
    faults = Faults(str(folder))
    absent = [name for name in outputs if not (folder / name).is_file()]
    if absent:
        faults.add(NotAllocation(str(folder), found=absent, detail="files are missing"))
    there = [name for name in outputs if name not in absent]
    changed = [name for name in there if folders.sha256(folder / name) != outputs[name]]
    if changed:
        faults.add(AllocationChanged(str(folder), found=changed))
    faults.raise_any()
    return Written(folder, lock)


def compare_folders(a: Written, b: Written, *, by: str) -> pd.DataFrame:
    """Compare two allocations of one place by area, stream, level or agency.

    Columns are those of `budgets.compare.compare`; by area with name, people and decile.

    Raises
    ------
    DifferentPlaces, UnknownName
    """
    if a.lock["place"]["id"] != b.lock["place"]["id"]:
        found = [a.lock["place"]["id"], b.lock["place"]["id"]]
        raise DifferentPlaces("compare", found=found)
    if by not in budget_compare.BY:
        raise UnknownName("--by", found=[by], detail=f"one of {', '.join(budget_compare.BY)}")
    table = budget_compare.difference(_sums(a, by), _sums(b, by), name=by)
    if by == "area":
        facts = b.table("changes.csv").set_index("area_code")[["name", "people", "decile"]]
        table = facts.reindex(table.index).join(table).rename_axis("area")
    return table


def notes(a: Written, b: Written) -> Iterator[str]:
    """Say what else than the scenario differs between two allocations."""
    if a.lock["content_hash"] != b.lock["content_hash"]:
        yield (
            "The two start from different files of the place: not every difference comes from "
            "the scenarios."
        )
    for key in ("need_weight", "neediest_per_head"):
        first, second = a.lock["parameters"][key], b.lock["parameters"][key]
        if first != second:
            yield f"{key} of the baseline is {first:g} in one and {second:g} in the other."


def _sums(written: Written, by: str) -> pd.Series:
    if by in ("area", "stream"):
        table = written.table("ledger.csv")
        column = "area_code" if by == "area" else "stream"
        return table.groupby(column, sort=False)["amount_pence"].sum()
    table = written.table("held.csv")
    both = table["held_pence"] + table["devolved_pence"]
    return both.groupby(table[by], sort=False).sum()


@dataclass(frozen=True, eq=False)
class Compared:
    """What differs between two allocations, a the first and b the second."""

    table: pd.DataFrame
    sentences: tuple[str, ...]

    def largest_first(self) -> pd.DataFrame:
        """Return the rows that differ, the largest differences first, for reading."""
        changed = self.table[self.table["change_pence"] != 0]
        order = changed["change_pence"].abs().sort_values(ascending=False, kind="stable").index
        return changed.loc[order].reset_index()


def compare(
    a: str | Path, b: str | Path, *, by: str = "area", result: Result | None = None
) -> Compared:
    """Compare two folders, or two scenario files on the place of a run.

    Raises
    ------
    UnknownName
        `by` is none of area, stream, level, agency.
    MissingChoice
        Scenario files are compared and no place is named.
    NotAllocation, AllocationChanged, DifferentPlaces
    """
    if by not in budget_compare.BY:
        raise UnknownName("--by", found=[by], detail=f"one of {', '.join(budget_compare.BY)}")
    a, b = Path(a), Path(b)
    if a.is_dir() and b.is_dir():
        return _folders(load(a), load(b), by)
    if a.is_dir() or b.is_dir():
        raise NotAllocation("compare", found=[a.name, b.name], detail="one of each kind")
    if result is None:
        raise MissingChoice("--place", detail="scenario files are compared on a place")
    return _scenarios(a, b, by, result)


def _folders(a: Written, b: Written, by: str) -> Compared:
    table = compare_folders(a, b, by=by)
    return Compared(table, (*_summary(a.name, b.name, table, by), *notes(a, b)))


def _scenarios(a: Path, b: Path, by: str, result: Result) -> Compared:
    context = context_of(result)
    faults = Faults("compare")
    found = []
    for path in (a, b):
        with faults.catch():
            found.append(scenario.apply(read(path)[0], result.ledger, context))
    faults.raise_any()
    first, second = found
    table = budget_compare.compare(first, second, by=by)
    names = (first.scenario.head.title, second.scenario.head.title)
    said = _summary(*names, table, by)
    if by == "area":
        facts = changes_of(result, second, None)[["name", "people", "decile"]]
        table = facts.reindex(table.index).join(table).rename_axis("area")
        both = budget_compare.changes(
            first.ledger,
            second.ledger,
            people=result.prepared.people,
            decile=facts["decile"],
        )
        said.append(budget_compare.sentence(both[result.inside.reindex(both.index)]))
    return Compared(table, tuple(said))


def _summary(a: str, b: str, table: pd.DataFrame, by: str) -> list[str]:
    """Say both pots and how much stands elsewhere."""
    pots = [format_pounds(int(table[name].sum())) for name in ("a_pence", "b_pence")]
    change = table["change_pence"]
    more, less = int(change[change > 0].sum()), -int(change[change < 0].sum())
    differs = (
        f"By {by}, {int((change > 0).sum()):,} rows have {format_pounds(more)} more in b and "
        f"{int((change < 0).sum()):,} rows {format_pounds(less)} less."
    )
    return [f"a: {a}, {pots[0]}. b: {b}, {pots[1]}.", differs]
