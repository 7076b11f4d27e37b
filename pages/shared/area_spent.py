"""What is spent in an area: by whom, decided where, and how much of it is recorded.

In: a result and the money of an area. Out: a section as HTML. What is withheld is said and looks
different from nothing; what follows from an assumption is hatched.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from budgets.money import format_pounds
from budgets.suppressed import HIDDEN, ROUNDED
from data import near_money
from data.run import Result
from pages.shared import area_html
from pages.shared.area_money import KNOWN, AreaMoney
from pages.shared.figures import GRADES, RECORDED, percent, text

AGENCY, LEVEL, HOW, POUNDS = "Spent by", "Decided at", "How its place is known", "Pounds"


def spent(result: Result, money: AreaMoney) -> str:
    """Say what is spent here, by whom, who decides on it, and how much of it is recorded."""
    rows = "".join(_line(row) for row in area_html.records(money.lines))
    heads = ["Line of money", AGENCY, LEVEL, HOW, POUNDS]
    whole = money.pence
    assumed = [words for words, letters in KNOWN.items() if letters != "".join(RECORDED)]
    return area_html.section(
        "<h3>What is spent here, and by whom</h3>",
        area_html.paragraphs(
            [_falls(money), _kinds(money), _kept_back(money), _wide(result, money)]
        ),
        '<div class="cg-three">',
        area_html.bars("By who spends it", money.by("agency"), whole),
        area_html.bars("By the level at which it is decided", money.by("held_at"), whole),
        area_html.bars("By how its place is known", money.by("known"), whole, hatched=assumed),
        "</div>",
        area_html.table(heads, rows, label="Lines of money"),
    ) + _own(money)


def _own(money: AreaMoney) -> str:
    """Say what a neighbourhood decides itself, and how a line is known to be of it."""
    near = money.lines[money.lines["near"]]
    pence = int(near["pence"].sum())
    share = pence / money.pence if money.pence else 0.0
    known = int(near.loc[near["grade"].isin(RECORDED), "pence"].sum())
    head = (
        f"{format_pounds(pence, whole=True)} of it, {percent(share)}, is decided near here: by a "
        f"parish, a ward or a neighbourhood. {format_pounds(known, whole=True)} of that is "
        "recorded, the rest is shared out within the areas it is for."
        if len(near)
        else "Nothing of it is known to be decided by a parish, a ward or a neighbourhood."
    )
    rules = [f"{kind.title}: {kind.rule}." for kind in near_money.KINDS]
    source = (
        "A parish council's precept: Local Government Finance Act 1992, section 41. The "
        "neighbourhood portion of the levy: Community Infrastructure Levy Regulations 2010, "
        "regulations 59A to 59F."
    )
    items = "".join(f"<li>{text(sentence)}</li>" for sentence in money.own)
    return area_html.section(
        "<h3>What is the neighbourhood’s own to decide</h3>",
        area_html.paragraphs([head]),
        f"<ul>{items}</ul>",
        area_html.folded("How a line is known to be of a kind", [*rules, source]),
    )


def _falls(money: AreaMoney) -> str:
    head = money.pence / money.people if money.people > 0 else float("nan")
    each = "" if pd.isna(head) else f", {format_pounds(round(head), whole=True)} a person"
    least = "At least " if money.withheld else ""
    count = len(money.lines)
    return (
        f"{least}{format_pounds(money.pence, whole=True)} falls here{each}, in {count} "
        f"{'line' if count == 1 else 'lines'}. {percent(money.recorded_share)} of it is recorded "
        "where people live or use a service; the rest follows from how it was assumed to be shared."
    )


def _kinds(money: AreaMoney) -> str:
    """Say which kinds of money are in the sum, where there is more than one."""
    kinds = money.by("kind")
    if len(kinds) < 2:
        return ""
    parts = ", ".join(f"{format_pounds(int(p), whole=True)} {kind}" for kind, p in kinds.items())
    return f"Different kinds of money are in this sum: {parts}."


def _kept_back(money: AreaMoney) -> str:
    """Say what is withheld or rounded, and why."""
    parts = []
    if money.withheld:
        parts.append(f"Withheld here, or in a part of it: {', '.join(money.withheld)}.")
    if money.rounded:
        parts.append(f"Rounded here: {', '.join(money.rounded)}.")
    why = "It follows counts so small that they could point to a person."
    return " ".join([*parts, why]) if parts else ""


def _wide(result: Result, money: AreaMoney) -> str:
    if not money.share_wide:
        return ""
    also = ", or withheld," if result.masked is not None else ""
    return (
        f"Another {format_pounds(money.share_wide, whole=True)} is for {result.place.name} as a "
        f"whole{also} and is in no area."
    )


def _line(row: dict[Any, Any]) -> str:
    pence = format_pounds(int(row["pence"]), whole=True)
    if row["flag"] == HIDDEN:
        pence = (
            '<span class="cg-hidden">withheld</span>' if not row["pence"] else f"at least {pence}"
        )
    elif row["flag"] == ROUNDED:
        pence = f"about {pence}"
    how = GRADES.get(str(row["grade"]), "")
    cells = [(AGENCY, row["agency"]), (LEVEL, row["held_at"]), (HOW, how)]
    told = [(head, text(value)) for head, value in cells]
    unsure = str(row["grade"]) not in RECORDED
    return area_html.row(str(row["title"]), [*told, (POUNDS, pence)], unsure=unsure)
