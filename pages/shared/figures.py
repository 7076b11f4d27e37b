"""The one way a figure is shown: its value in words, unit, definition, source, vintage, how sure.

In: a result and a level. Out: the figures that level can show, each with everything a reader may
ask about it, and texts that are safe to put on a page. A name from a file is never markup: `text`
escapes it for HTML, `plain` for Markdown.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from budgets import honesty
from budgets.money import format_pounds
from pages.shared.live_table import Column

if TYPE_CHECKING:
    from data.run import Result

NO_DATA = "no data"
MOST_DEPRIVED = "decile 1 = most deprived"
GRADES = {
    "A": "recorded where the person lives",
    "B": "by use times unit cost",
    "C": "by the people who use it",
    "D": "by people and need",
    "E": "by people",
    "F": "where it is spent",
    "G": "not split: whole place",
}
RECORDED = honesty.RECORDED


@dataclass(frozen=True)
class Figure:
    """One figure of a level: where it stands in the level's table and what a reader must know.

    `ranked` is False where areas must not be ranked by it. `turned` says that the
    lowest value is the darkest, `diverging` that it has a middle, which is nought.
    `group` is the kind of figure it is, in words; "" for the four that every level has.
    """

    id: str
    title: str
    column: str
    unit: str
    darker: str
    definition: str
    source: str
    vintage: str
    sure: str
    write: Callable[[float], str]
    after: str = ""
    money: bool = False
    ranked: bool = True
    turned: bool = False
    diverging: bool = False
    group: str = ""

    def show(self, value: Any) -> str:
        """Return the value with its unit as everyone reads it, or "no data"."""
        return NO_DATA if _is_missing(value) else self.write(float(value)) + self.after

    def bare(self, value: Any) -> str:
        """Return the value as a table shows it, where the head says the unit."""
        return NO_DATA if _is_missing(value) else self.write(float(value))


def _is_missing(value: Any) -> bool:
    """Say whether a value is not known; `pd.isna` takes five times as long, for every cell."""
    return value is None or value is pd.NA or bool(value != value)


def of(result: Result, level: str) -> dict[str, Figure]:
    """Return the figures of a level by id, in the order they are offered."""
    makers = (_need, _people, _money, _per_person)
    made = [maker(result, level) for maker in makers]
    return {figure.id: figure for figure in made if figure is not None}


def _need(result: Result, level: str) -> Figure | None:
    if result.index is None:
        return None
    definition = result.index.definition
    base = level == result.place.base_layer
    how = (
        "A score that joins several kinds of deprivation (such as income, work, health and "
        "crime). A higher score means more need."
    )
    if not base:
        how = (
            "The average of the deprivation scores of the small areas in it, each counted by "
            "its people. A higher score means more need."
        )
    doubt = "The index comes without margins of error: areas with close scores do not differ."
    if not base:
        doubt = "An average hides the differences between the small areas inside. " + _split(
            result, level
        )
    return Figure(
        id="need",
        title="Need",
        column="need",
        unit="score from 0 to 100",
        darker=f"darker = more need; {MOST_DEPRIVED}",
        definition=how,
        source=f"{definition.title}; {definition.reference}",
        vintage=definition.edition,
        sure=doubt,
        write=lambda value: f"{value:.1f}",
    )


def _people(result: Result, level: str) -> Figure:
    base = result.place.settings.base
    counted = base.people.replace("_", " ")
    base_level = level == result.place.base_layer
    return Figure(
        id="people",
        title="People",
        column="people",
        unit="people",
        darker="darker = more people",
        definition=f"People who live here ({counted}), counted once.",
        source=base.source or "the place's own table of people",
        vintage=base.date or "no date stated",
        sure="Counted, not estimated." if base_level else _split(result, level),
        write=lambda value: f"{value:,.0f}",
    )


def _money(result: Result, level: str) -> Figure:
    # Where every line is in whole thousands its source is, and no area's share is known better.
    amounts = result.ledger.streams["amount_pence"].to_numpy(dtype=np.int64)
    step = 100_000 if len(amounts) and not (amounts % 100_000).any() else 100
    return Figure(
        id="money",
        title="Money",
        column="amount_pence",
        unit="pounds, to the nearest thousand" if step == 100_000 else "pounds",
        darker="darker = more money",
        definition="Public money that falls to the people here, as the lines of the budget say "
        "it is shared. Money for the whole place is not in it.",
        source=f"{len(result.ledger.streams)} lines of public money, each with its own source on "
        "the Budget page",
        vintage=years(result),
        sure=_recorded(result, level),
        write=lambda value: format_pounds(round(value / step) * step, whole=True),
        money=True,
    )


def _per_person(result: Result, level: str) -> Figure:
    money = _money(result, level)
    return Figure(
        id="per_person",
        title="Money per person",
        column="pence_per_person",
        unit="pounds a person",
        darker="darker = more money a person",
        definition="The money that falls to the people here, divided by how many they are.",
        source=money.source,
        vintage=money.vintage,
        sure=money.sure,
        write=lambda value: format_pounds(round(value), whole=True),
        after=" a person",
        money=True,
    )


def years(result: Result) -> str:
    """Return the years that the lines of money belong to, in words."""
    found = sorted({str(year) for year in result.ledger.streams["year"] if str(year).strip()})
    return " and ".join(found) if found else "not stated"


def _recorded(result: Result, level: str) -> str:
    """Say how much of the money in a level's compared areas is recorded, how much by a rule."""
    areas = here(result, level).reindex(result.levels[level].areas, fill_value=False).to_numpy()
    placed = result.levels[level].pence[:, areas].sum(axis=1)
    if not placed.any():
        return "No money falls here."
    share = honesty.share(placed, result.ledger.streams["grade"].to_numpy(dtype=object))
    if share == 0:
        return (
            "None of it is recorded where people live: all of it is shared out by a rule, so it "
            "shows what the rule says and not what was spent in this street."
        )
    return (
        f"{percent(share)} of what falls in these areas is recorded where people live or use the "
        "service; the rest is shared out by a rule."
    )


def percent(share: float) -> str:
    """Write a share without turning a little into nothing."""
    return "less than 1%" if 0 < share < 0.01 else f"{share:.0%}"


def _split(result: Result, level: str) -> str:
    """Say how many people live in small areas that this level's borders cut."""
    crosswalk = result.crosswalks[level]
    weights = crosswalk.weights
    largest = np.asarray(weights.max(axis=1).todense()).ravel()
    touched = np.asarray(weights.sum(axis=1)).ravel() > 0
    cut = touched & (largest < 1 - result.place.tolerance)
    people = result.place.people.reindex(crosswalk.sources).to_numpy(dtype=float)
    share = people[cut].sum() / people[touched].sum() if people[touched].sum() else 0.0
    if share == 0:
        return "Added up from whole small areas."
    return (
        f"{share:.0%} of the people live in small areas that these borders cut; those are split "
        f"by {'land' if crosswalk.unit == 'm2' else crosswalk.unit}."
    )


# -- a level's figures, ready for the map, the table and the card ----------------------------------


def level_titles(result: Result) -> dict[str, str]:
    """Return what each level is called, by id, small areas first."""
    settings = result.place.settings
    return {level: settings.layer(level).title for level in result.levels}


def here(result: Result, level: str) -> pd.Series:
    """Say which areas of a level the place has a part in: more than its tolerance of their people.

    Some lines of money reach beyond the place, so its layers do. Areas beyond it know only those
    lines: to compare their money with that of the place's own areas would mislead.
    """
    table = result.level_tables[level]
    return table["people_inside"] > result.place.tolerance * table["people"]


def beyond(result: Result) -> str:
    """Say how much of the pot falls beyond the place; "" where nothing does."""
    pence = int(result.ledger.pence[:, ~result.ledger.inside].sum())
    if pence == 0:
        return ""
    return (
        f"{format_pounds(pence)} of the pot falls to people beyond {result.place.name}, because "
        "some lines of money cover more than this place."
    )


def reaches_beyond(result: Result, level: str) -> pd.Series:
    """Say which areas of a level have more than the place's tolerance of their people beyond it."""
    table = result.level_tables[level]
    return table["people"] - table["people_inside"] > result.place.tolerance * table["people"]


def fills_the_place(result: Result, level: str) -> bool:
    """Say whether a level's areas hold the people of the place and, within tolerance, no others."""
    inside = result.level_tables[level]["people_inside"].sum()
    whole = result.place.people[result.inside].sum()
    complete = inside >= (1 - result.place.tolerance) * whole
    return bool(complete and not reaches_beyond(result, level).any())


def straddling(result: Result, level: str, code: str) -> str:
    """Say so where an area reaches beyond the place; "" where it does not."""
    table = result.level_tables[level]
    people, inside = float(table["people"][code]), float(table["people_inside"][code])
    if not people - inside > result.place.tolerance * people:
        return ""
    share = inside / people
    return (
        f"{share:.0%} of its people live in {result.place.name}. For the others only the lines of "
        "money that reach beyond it are known."
    )


def labels(figure: Figure, values: Iterable[float], ours: Sequence[bool]) -> list[str]:
    """Return what the hover card says of each area; nothing for those beyond the place."""
    return [figure.show(value) if own else "" for value, own in zip(values, ours, strict=True)]


def class_labels(figure: Figure, breaks: Sequence[float], *, open_ends: bool = False) -> list[str]:
    """Return the legend's words for classes with these breaks, upper ends included.

    `open_ends` is for breaks that were set by other values: some may lie off either end.
    """
    words = [
        figure.write(low) if low == high else f"{figure.write(low)} to {figure.write(high)}"
        for low, high in pairwise(breaks)
    ]
    if open_ends and len(words) > 1:
        words[0] = f"up to {figure.write(breaks[1])}"
        words[-1] = f"over {figure.write(breaks[-2])}"
    return words


def standing(figure: Figure, values: pd.Series, code: str) -> str:
    """Say where an area stands among the others, 1 = highest; "" where it has no value."""
    value = values[code]
    if pd.isna(value):
        return ""
    numbers = values.to_numpy(dtype="float64", na_value=np.nan)
    place = int((numbers > value).sum()) + 1
    before = "" if place == 1 else f"{ordinal(place)} "
    return f"{before}highest of {int((~np.isnan(numbers)).sum()):,}"


def summary(figure: Figure, table: pd.DataFrame) -> str:
    """Describe a map in words, for whoever cannot see it."""
    values = table[figure.column].to_numpy(dtype="float64", na_value=np.nan)
    return summary_of(figure, table["name"].tolist(), values)


def summary_of(figure: Figure, names: Sequence[str], values: np.ndarray) -> str:
    """Describe a map in words by the names of its areas and their values."""
    order = np.argsort(-values, kind="stable")  # what is not known comes last
    missing = int(np.isnan(values).sum())
    known = len(values) - missing
    if not known:
        return f"No area has a value for {figure.title.lower()}."
    order = order[:known]

    def tell(part: np.ndarray) -> str:
        return "; ".join(f"{names[at]}, {figure.show(values[at])}" for at in part.tolist())

    words = f"{figure.title}, {figure.unit}, for {known:,} areas. Highest: {tell(order[:3])}."
    if known > 3:
        words += f" Lowest: {tell(order[:-4:-1])}."
    return words + (f" {missing:,} without data." if missing else "")


def columns(offered: Mapping[str, Figure], *, first: Figure) -> dict[str, Column]:
    """Return how the columns of a level's table are called and written, the chosen figure first."""
    order = [first, *(figure for figure in offered.values() if figure.id != first.id)]
    found = {"name": Column("Area")}
    for figure in order:
        title = "Per person" if figure.id == "per_person" else figure.title
        help_ = f"{figure.definition} In {figure.unit}."
        found[figure.column] = Column(title, write=figure.bare, help=help_)
    return found


def deprivation(result: Result, level: str, code: str) -> str:
    """Say an area's decile and rank; always with what 1 means. "" above the small areas."""
    if result.index is None or level != result.place.base_layer or code not in result.index.scores:
        return ""
    index = result.index
    if index.deciles is None or index.ranks is None:
        ours = index.scores[result.inside]
        place = int((ours > index.scores[code]).sum()) + 1
        return (
            f"Need: {ordinal(place)} most deprived of the {len(ours):,} small areas of "
            f"{result.place.name} (1st = most deprived). Ranks in all of the edition's "
            f"{index.n:,} areas need all of them."
        )
    return (
        f"Need: decile {int(index.deciles[code])} of 10 ({MOST_DEPRIVED}), rank "
        f"{int(index.ranks[code]):,} of {index.n:,} (1 = most deprived)."
    )


# -- texts that are safe on a page -----------------------------------------------------------------


def text(value: object) -> str:
    """Return a value as HTML text: markup in a name is shown and never obeyed."""
    return html.escape(str(value), quote=True)


_MARKS = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&])")


def plain(value: object) -> str:
    """Return a value as Markdown text: marks and HTML in a name are shown as written."""
    return _MARKS.sub(r"\\\1", str(value).replace("\n", " "))


def ordinal(number: int) -> str:
    """Return 1st, 2nd, 3rd, 11th ..."""
    tail = (
        "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    )
    return f"{number:,}{tail}"
