"""The account for people: what changed for whom in the place, or line by line in one area.

In: an `Allocation`, and perhaps an area. Out: sections as HTML in which every text from a file is
escaped. Areas are put in an order only where enough of the money that was touched is recorded;
what may not be shown looks different from nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from budgets.money import format_pounds
from budgets.suppressed import HIDDEN, ROUNDED
from data import accounting, gaining
from data.scenarios import NOT_SHOWN, Allocation
from pages.shared import area_html, figures
from pages.shared.figures import GRADES, RECORDED, text

MOST = 5
LITTLE = "Too little of the money that changes is recorded; how little is said below."
WITHHELD = '<span class="cg-hidden">withheld</span>'
TENTHS = {"1": "1 (neediest)", "10": "10 (least needy)", "all": "All", "none": "No index of need"}


def for_whom(made: Allocation) -> list[str]:
    """Return the section on who gains and who loses: by tenth of need, and the areas."""
    heads = ["Tenth of areas by need", "Gain", "People in them", "Lose", "People", "In all"]
    assumed = gaining.by_tenth(made)["assumed"]
    rows = "".join(
        _tenth(row, heads, unsure=bool(assumed.get(_number(row), False)))
        for row in made.winners.to_dict("records")
    )
    touched = gaining.touched(made)
    section = area_html.section(
        "<h3>What changed for whom</h3>",
        area_html.paragraphs([made.sentences[len(made.outcome.steps)], _elsewhere(made)]),
        area_html.table(heads, rows, label="Who gains, who loses"),
        '<p class="cg-kind">In italics: more than half of the change follows from an assumption '
        "on how the money is shared.</p>"
        if bool(assumed.any())
        else "",
    )
    return [section, _areas(made) if touched.rankable else _unordered(made)]


def for_area(made: Allocation, level: str, code: str) -> list[str]:
    """Return the section on one area: what it has before and after, in all and line by line."""
    row = gaining.by_level(made, level).loc[[code]].to_dict("records")[0]
    name, kind = str(row["name"]), figures.level_titles(made.result)[level]
    lines = accounting.lines_of(made, level, code)
    changed = lines[(lines["change_pence"] != 0).fillna(True)]
    heads = ["Line of money", "Spent by", "How its place is known", "Before", "After", "Change"]
    rows = "".join(_line(found, heads) for found in changed.to_dict("records"))
    same = len(lines) - len(changed)
    also = "another line stays as it is" if same == 1 else f"{same:,} other lines stay as they are"
    if changed.empty:
        also = f"Nothing changes here: all {same:,} lines stay as they are"
    return [
        area_html.section(
            f"<h3>What changed for {text(name)}</h3>",
            f'<p class="cg-kind">{text(kind)}, {text(code)}: about {row["people"]:,.0f} people</p>',
            area_html.paragraphs(_in_all(row)),
            area_html.table(heads, rows, label=f"Lines that change for {name}") if rows else "",
            area_html.paragraphs([f"{also[:1].upper()}{also[1:]}."] if same else []),
        )
    ]


def _in_all(row: Mapping[Any, Any]) -> list[str]:
    """Say what an area has before and after, and how sure that is."""
    if pd.isna(row["change_pence"]):
        why = "a part of it follows counts so small that they could point to a person"
        return [f"What all lines together are here is withheld: {why}."]
    change = int(row["change_pence"])
    each = row["pence_per_person"]
    person = "" if pd.isna(each) else f", {_each(each)} a person"
    had, has = _pounds(row["before_pence"]), _pounds(row["after_pence"])
    said = [f"It had {had} and has {has}: {_pounds(change, sign=True)}{person}."]
    if pd.notna(row.get("low_pence")):
        said.append(
            f"However need is counted, it then has between {_pounds(row['low_pence'])} and "
            f"{_pounds(row['high_pence'])}."
        )
    held = row["devolved_pence"]
    if pd.notna(held) and int(held):
        said.append(f"{_pounds(held)} of it is then decided here.")
    if bool(row["assumed"]):
        said.append("More than half of the change follows from an assumption on how it is shared.")
    return said


def _line(row: dict[Any, Any], heads: list[str]) -> str:
    cells = [row["agency"], GRADES.get(str(row["grade"]), "")]
    pence = [
        _cell(row["before_pence"], row["flag"]),
        _cell(row["after_pence"], row["flag"]),
        _cell(row["change_pence"], row["flag"], sign=True),
    ]
    pairs = list(zip(heads[1:], [*(text(cell) for cell in cells), *pence], strict=True))
    return area_html.row(str(row["title"]), pairs, unsure=str(row["grade"]) not in RECORDED)


def _cell(pence: Any, flag: str, *, sign: bool = False) -> str:
    if pd.isna(pence):
        return WITHHELD if flag == HIDDEN else text(NOT_SHOWN)
    return ("about " if flag == ROUNDED else "") + _pounds(pence, sign=sign)


def _tenth(row: dict[Any, Any], heads: list[str], *, unsure: bool) -> str:
    name = str(row["decile"])
    cells = [
        f"{int(row['areas_gain']):,}: {_pounds(row['gained_pence'])}",
        f"{row['people_gain']:,.0f}",
        f"{int(row['areas_lose']):,}: {_pounds(row['lost_pence'])}",
        f"{row['people_lose']:,.0f}",
        _pounds(row["net_pence"], sign=True),
    ]
    pairs = [(head, text(cell)) for head, cell in zip(heads[1:], cells, strict=True)]
    return area_html.row(TENTHS.get(name, name), pairs, unsure=unsure)


def _number(row: dict[Any, Any]) -> int:
    return int(row["decile"]) if str(row["decile"]).isdigit() else 0


def _elsewhere(made: Allocation) -> str:
    """Say where the rest of the change is, where these areas do not make up all of it."""
    net = made.winners["net_pence"].iloc[-1]
    pot = made.outcome.ledger.total - made.outcome.baseline.total
    if pd.isna(net) or int(net) == pot:
        return ""
    grown = "is the same" if pot == 0 else f"changes by {_pounds(pot, sign=True)}"
    return (
        f"Together these areas change by {_pounds(net, sign=True)} while the pot {grown}: some "
        "lines of money reach beyond the place, or are for all of it and in no area."
    )


def _areas(made: Allocation) -> str:
    """Name the areas that gain and lose most a person."""
    shown = made.changes[made.changes["inside"] & made.changes["change_pence"].notna()]
    order = shown.sort_values("change_pence_per_person", kind="stable")
    return area_html.section(
        _listed("Gain most a person", order.iloc[::-1], above=True),
        _listed("Lose most a person", order, above=False),
    )


def _listed(title: str, rows: pd.DataFrame, *, above: bool) -> str:
    mine = rows[(rows["change_pence"] > 0) if above else (rows["change_pence"] < 0)].head(MOST)
    if mine.empty:
        return ""
    items = "".join(
        f"<li>{text(row['name'])}: {_whole(_pounds(row['change_pence'], sign=True))}, "
        f"{_whole(_each(row['change_pence_per_person']))} a person" + _between(row) + "</li>"
        for row in mine.to_dict("records")
    )
    return f"<h4>{text(title)}</h4><ul>{items}</ul>"


def _whole(words: str) -> str:
    """Keep an amount in one line: a sign is otherwise parted from its pounds."""
    return f'<span class="cg-whole">{words}</span>'


def _between(row: dict[Any, Any]) -> str:
    if pd.isna(row.get("low_pence")):
        return ""
    low, high = _pounds(row["low_pence"]), _pounds(row["high_pence"])
    return f" (all of its money is then between {low} and {high}, however need is counted)"


def _unordered(made: Allocation) -> str:
    """Say why no area is named as the one that gains or loses most."""
    count = gaining.people(made)
    hidden = f" Of {count.hidden:,} areas it may not be shown." if count.hidden else ""
    return area_html.section(
        area_html.paragraphs([f"Which areas gain or lose most is not said. {LITTLE}{hidden}"])
    )


def _pounds(pence: Any, *, sign: bool = False) -> str:
    """Write an amount in whole pounds; one that may not be shown says so."""
    if pd.isna(pence):
        return NOT_SHOWN
    written = format_pounds(round(float(pence)), whole=True)
    return f"+{written}" if sign and pence > 0 else written


def _each(pence: Any) -> str:
    """Write what one person gains or loses, to the penny."""
    rounded = round(float(pence))
    return f"{'+' if rounded > 0 else ''}{format_pounds(rounded)}"
