"""Two allocations of one place beside one another, as anybody may see them.

In: two `Allocation`s and what to compare by: the areas of a level, lines of money, who holds it at
which level, or agencies. Out: `Beside`: one row each with both figures and their difference, rows
for all that lies elsewhere, so that both columns add up to their pots, and sentences. What may not
be shown in one of them is shown in neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pandas as pd

from budgets import compare as budget_compare
from budgets.errors import PenceLost
from budgets.honesty import ASSUMED, recorded
from budgets.ledger import Ledger, Level
from budgets.money import format_pounds
from data.scenarios import Allocation

AREA, STREAM, LEVEL, AGENCY = budget_compare.BY
BEYOND, OUTSIDE, REST = "(beyond)", "(outside)", "(rest)"
ELSEWHERE: Final = {
    BEYOND: "Areas beyond the place",
    OUTSIDE: "Outside these areas",
    REST: "For the whole place, or not shown",
}


@dataclass(frozen=True, eq=False)
class Beside:
    """Two allocations side by side.

    Attributes
    ----------
    table
        `name, a_pence, b_pence, change_pence` (Int64, missing where not shown) and
        `change_per_cent`; by area also `people`, and `assumed`: more than half of the difference is
        in lines that are split by assumption (grades D and E). By area the last rows are those of
        `ELSEWHERE` that hold money; both columns with them add up to the pots.
    a_pot, b_pot
        Pence.
    hidden
        How many areas are not shown.
    unrankable
        Why areas may not be put in an order by their difference: too much of the money that
        differs is split by assumption. "" where they may.
    """

    table: pd.DataFrame
    a_pot: int
    b_pot: int
    hidden: int = 0
    unrankable: str = ""

    def own(self) -> pd.DataFrame:
        """Return the rows that are not elsewhere."""
        return self.table[~self.table.index.isin(list(ELSEWHERE))]

    def largest(self, number: int) -> pd.DataFrame:
        """Return the rows that differ most, the largest difference first."""
        own = self.own()
        changed = own[own["change_pence"].fillna(0) != 0]
        order = changed["change_pence"].astype("int64").abs()
        return changed.loc[order.sort_values(ascending=False, kind="stable").index[:number]]

    def sentence(self, *, rows: str) -> str:
        """Say how much stands elsewhere in the second than in the first; `rows` names the rows."""
        own = self.own()
        change = own["change_pence"].fillna(0).astype("int64")
        more, less = change[change > 0], change[change < 0]
        if more.empty and less.empty:
            return f"No difference in any of the {len(own):,} {rows}."
        parts = []
        for found, word in ((more, "more"), (less, "less")):
            if found.empty:
                continue
            people = self._people(found.index)
            amount = format_pounds(abs(int(found.sum())))
            parts.append(f"{len(found):,} of {len(own):,} {rows}{people} have {amount} {word}")
        same = len(own) - len(more) - len(less) - self.hidden
        end = f"; {same:,} the same" if same else ""
        hidden = f"; {self.hidden:,} are not shown" if self.hidden else ""
        return f"{' and '.join(parts)}{end}{hidden}."

    def _people(self, index: pd.Index) -> str:
        if "people" not in self.table:
            return ""
        return f" with {float(self.table.loc[index, 'people'].sum()):,.0f} people"


def compare(a: Allocation, b: Allocation, *, by: str, layer: str = "") -> Beside:
    """Compare two allocations by `area` (of the level `layer`), `stream`, `level` or `agency`.

    Raises
    ------
    UnknownName
        `by` is none of the four.
    PenceLost
        A column does not add up to its pot.
    """
    pots = (a.outcome.ledger.total, b.outcome.ledger.total)
    hidden, unrankable = 0, ""
    if by == AREA and layer:
        table, hidden = _areas(a, b, layer)
        unrankable = _unrankable(a.outcome.ledger, b.outcome.ledger)
    else:
        table = budget_compare.compare(a.outcome, b.outcome, by=by)
        table = table.astype(dict.fromkeys(("a_pence", "b_pence", "change_pence"), "Int64"))
        table.insert(0, "name", _names(a, b, by).reindex(table.index).fillna(""))
    for column, pot in zip(("a_pence", "b_pence"), pots, strict=True):
        if int(table[column].fillna(0).sum()) != pot:
            raise PenceLost(f"comparison by {by}", detail=f"{column} of {pot:,}")
    # Two lines, or two areas, may have one name; whoever reads must be able to tell them apart.
    twice = table["name"].duplicated(keep=False)
    codes = pd.Series([f" ({code})" for code in table.index], table.index)
    table["name"] = table["name"].where(~twice, table["name"] + codes)
    return Beside(table, *pots, hidden, unrankable)


def _names(a: Allocation, b: Allocation, by: str) -> pd.Series:
    """Return what the rows are called."""
    if by == STREAM:
        titles = [side.outcome.ledger.streams["title"] for side in (b, a)]
        years = pd.concat([side.outcome.ledger.streams["year"] for side in (b, a)])
        both = pd.concat(titles).astype(str)
        recurs = both[~both.index.duplicated()].duplicated(keep=False).reindex(both.index)
        both = both.where(~recurs.to_numpy(), both + ", " + years.astype(str))
        return both[~both.index.duplicated()]
    held = pd.concat([side.outcome.held[by] for side in (a, b)]).astype(str)
    codes = pd.Index(held.unique())
    titled = {layer.id: layer.title for layer in a.result.place.settings.layers}
    return pd.Series([titled.get(code, code) for code in codes], codes)


def _areas(a: Allocation, b: Allocation, layer: str) -> tuple[pd.DataFrame, int]:
    """Put the areas of a level side by side, then what lies elsewhere."""
    facts = a.result.level_tables[layer]
    here = facts["people_inside"] > a.result.place.tolerance * facts["people"]
    (first, first_outside), (second, second_outside) = (_shown(side, layer) for side in (a, b))
    hidden = (first.isna() | second.isna()).reindex(facts.index, fill_value=False)
    columns, pots = {}, (a.outcome.ledger.total, b.outcome.ledger.total)
    sides = (("a_pence", first, first_outside), ("b_pence", second, second_outside))
    for (name, values, outside), pot in zip(sides, pots, strict=True):
        mine = values.reindex(facts.index).mask(hidden)
        own, beyond = mine[here], int(mine[~here].fillna(0).sum())
        rest = pot - int(own.fillna(0).sum()) - beyond - outside
        ends = pd.Series({BEYOND: beyond, OUTSIDE: outside, REST: rest}, dtype="Int64")
        columns[name] = pd.concat([own, ends])
    table = pd.DataFrame(columns)
    table = table.drop([end for end in ELSEWHERE if (table.loc[end] == 0).all()])
    table["change_pence"] = table["b_pence"] - table["a_pence"]
    before = table["a_pence"].astype("Float64")
    share = 100.0 * table["change_pence"].astype("Float64") / before.abs().where(before != 0)
    table["change_per_cent"] = share.astype("float64")
    names = pd.concat([facts["name"].astype(str), pd.Series(ELSEWHERE)])
    table.insert(0, "name", names.reindex(table.index))
    table.insert(1, "people", facts["people"].reindex(table.index))
    size, unsure = _differing(a.levels[layer], b.levels[layer])
    table["assumed"] = ((2 * unsure > size) & (size > 0)).reindex(table.index, fill_value=False)
    return table.rename_axis(layer), int((hidden & here).sum())


def _differing(a: Level, b: Level) -> tuple[pd.Series, pd.Series]:
    """Return by area how many pence differ, line by line, and how many of them by assumption."""
    sides = [pd.DataFrame(of.pence, of.streams.index, of.areas) for of in (a, b)]
    first, second = sides[0].align(sides[1], fill_value=0)
    grades = pd.concat([b.streams["grade"], a.streams["grade"]])
    grades = grades[~grades.index.duplicated()].reindex(first.index)
    size = (second - first).abs()
    return size.sum(axis=0), size[grades.isin(ASSUMED)].sum(axis=0)


def _unrankable(a: Ledger, b: Ledger) -> str:
    """Say why areas may not be put in an order by what differs between two ledgers."""
    sides = [pd.DataFrame(of.pence, of.streams.index, of.areas) for of in (a, b)]
    moved = (sides[1] - sides[0].reindex(sides[1].index)).fillna(1).ne(0).any(axis=1)
    found = recorded(b, only=moved if moved.any() else pd.Series(True, b.streams.index))
    return "" if found.rankable else found.reason


def _shown(allocation: Allocation, layer: str) -> tuple[pd.Series, int]:
    """Return the pence of each area that may be shown, and of what lies outside the level."""
    if allocation.masked is None:
        level = allocation.levels[layer]
        pence = pd.Series(level.pence.sum(axis=0), level.areas, dtype="Int64")
        return pence, int(level.outside.sum())
    masked = allocation.masked[1][layer]
    return masked.by_area()["amount_pence"], int(masked.outside.fillna(0).sum())
