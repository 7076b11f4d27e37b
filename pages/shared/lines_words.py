"""What the columns of a table of lines are called on a page, and what may stand in them.

In: a place and its lines. Out: everyday titles, one sentence of help a column, the columns that
belong together, and how the grid lets each be typed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

import pandas as pd
import streamlit as st

from budgets.streams import ALL_AREAS, split_cover
from budgets.streams_columns import KINDS, METHODS, STATUSES, TIERS
from data.lines_table import KNOWN
from data.place import Place
from pages.shared.figures import plain

# Column -> its title and what stands in it.
COLUMNS: Mapping[str, tuple[str, str]] = {
    "id": ("Short name", "Unique; made from the line's title where it is left empty."),
    "title": ("Line of money", "What people call it."),
    "agency": ("Agency", "Who answers for the money in this table's totals."),
    "service": ("Service", "The service it pays for."),
    "theme": ("Theme", "Lines of one theme are read together and follow one measure of need."),
    "amount": ("Amount", "Net, in the unit beside it: spending above nought, income below."),
    "unit": ("Unit", "Of every amount of the line; pounds where it is empty."),
    "covers": (
        "Covers",
        "Areas by name or as kind:code, several with a semicolon; kind:* for all of a kind.",
    ),
    "method": ("Shared by", "How the money is shared among small areas."),
    "use": ("Counted use", "The count by which it is shared; several as visits@12.50;stays@410."),
    "held_at": ("Decided at", "The kind of area whose body decides on the money."),
    "tier": ("Tier", "National, regional, county, single, district or parish."),
    "year": ("Year", "A financial year like 2025-26."),
    "kind": ("Kind", "Revenue, capital, housing account or benefit."),
    "status": ("Status", "Budget: a plan. Forecast. Outturn: what was spent."),
    "price_base": ("Prices of", "Cash, or the year in whose prices the amount is."),
    "source": ("Source", "Where the figure was published."),
    "assumption": ("Assumed", "What is assumed about the figure itself, if anything."),
    "basis": ("Why shared so", "Why this way of sharing was chosen."),
    "reason": ("Why below zero", "Needed where the amount is below nought."),
    "follows": ("Follows", "The short name of the line with which this income or saving goes."),
    "transfer_of": ("Paid from", "The short name of the line of which this is the same pound."),
    "gross": ("Gross", "Spending before income."),
    "income": ("Income", "Income of the line itself."),
    "overhead": ("Overheads", "Part of gross: an amount, 12%, or all."),
    "ring_fence": ("Ring-fenced for", "The purpose that the money is bound to."),
    "ring_fence_areas": ("Ring-fenced to", "The areas it is bound to, written like Covers."),
    "ring_fenced": ("Ring-fenced", "How much is: an amount, 40%, or all."),
    "entitlement": ("Entitlement", "How much people have a right to: an amount, 40%, or all."),
    "committed": ("Committed", "How much is under contract: an amount, 40%, or all."),
    "committed_until": ("Committed until", "The last day of the contract, like 2027-03-31."),
    "next_decision": ("Next decision", "The day from which it can be decided anew."),
    "demand_led": ("Follows demand", "Yes where spending cannot be capped."),
    "statutory_basis": ("Law", "The act or regulation."),
    "confirmed_by": ("Confirmed by", "Who confirmed the figures."),
    "funder": ("Comes from", "Where the money comes from."),
    "accountable_body": ("Signs for it", "Who signs for the money."),
    "commissioner": ("Commissions", "Who decides what is bought."),
    "provider": ("Provides", "Who does the work."),
}
TITLES = {name: title for name, (title, _) in COLUMNS.items()}
VIEWS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "main": (
        "The essentials",
        (
            *("title", "amount", "unit", "method", "covers", "agency", "theme", "year", "kind"),
            "status",
        ),
    ),
    "shared": (
        "How it is shared",
        (
            *("title", "amount", "unit", "covers", "method", "use", "follows", "held_at", "tier"),
            *("basis", "assumption", "reason"),
        ),
    ),
    "bound": (
        "What binds it",
        (
            *("title", "amount", "unit", "ring_fence", "ring_fenced", "ring_fence_areas"),
            *("entitlement", "committed", "committed_until", "next_decision", "demand_led"),
            "statutory_basis",
        ),
    ),
    "hands": (
        "Whose hands",
        (
            *("title", "amount", "unit", "agency", "transfer_of", "funder", "accountable_body"),
            *("commissioner", "provider", "source", "confirmed_by"),
        ),
    ),
    "all": ("Everything", KNOWN),
}
METHOD_WORDS: Mapping[str, str] = {
    "recorded": "where it is recorded (A)",
    "activity": "by use times unit cost (B)",
    "client-group": "by the people who use it (C)",
    "need": "by people and need (D)",
    "people": "by people (E)",
    "households": "by households (E)",
    "asset": "where it is spent (F)",
    "place-wide": "not split: whole place (G)",
}
UNITS = ("pounds", "thousands", "pence")
GRADE_WORDS: Mapping[str, str] = {
    "A": "where it is recorded",
    "B": "by use times unit cost",
    "C": "by the people who use it",
    "D": "by people and need",
    "E": "by people or households",
    "F": "where it is spent",
    "G": "not split: whole place",
}
AREAS = ("covers", "ring_fence_areas")  # columns that hold areas as kind:code
_NAMED = re.compile(r".*\(([^():;]+:[^();]+)\)", flags=re.S)  # a name and, in brackets, kind:code
_BROAD = ("title", "agency", "covers", "theme", "use")
_WIDE = ("source", "assumption", "basis", "reason", "statutory_basis")


def words_of(method: str) -> str:
    """Return a way of sharing in words; one that is not known is shown as it was typed."""
    return METHOD_WORDS.get(method, method)


def choices(place: Place) -> dict[str, tuple[str, ...]]:
    """Return what may stand in the columns that hold one of a few words."""
    return {
        "unit": UNITS,
        "method": tuple(METHODS),
        "held_at": tuple(layer.id for layer in place.settings.layers),
        "tier": TIERS,
        "kind": KINDS,
        "status": STATUSES,
        "demand_led": ("yes", "no"),
    }


def layer_titles(place: Place) -> dict[str, str]:
    """Return the title of every kind of area by its short name."""
    return {layer.id: layer.title for layer in place.settings.layers}


def in_words(place: Place, frame: pd.DataFrame) -> pd.DataFrame:
    """Return lines as the grid shows them: areas by name and code, kinds of area by title."""
    titles = layer_titles(place)
    once = {id: title for id, title in titles.items() if list(titles.values()).count(title) == 1}
    told = {
        **{name: [_named(place, str(text)) for text in frame[name]] for name in AREAS},
        "held_at": [once.get(str(text), str(text)) for text in frame["held_at"]],
    }
    return frame.assign(**{name: pd.array(texts, dtype="str") for name, texts in told.items()})


def _named(place: Place, text: str) -> str:
    """Write `town:T` as `Town (town:T)`; what names no area of the place stays as it was typed."""
    found = []
    for part in text.split(";"):
        layer, code = split_cover(part)
        areas = place.layers.get(layer)
        if areas is not None and code == ALL_AREAS:
            name = f"all of {layer_titles(place)[layer]}"
        elif areas is not None and code in areas.index:
            name = str(areas.at[code, "name"])
        else:
            found.append(part)
            continue
        found.append(f"{name.replace(';', ',')} ({layer}:{code})")
    return "; ".join(part.strip() for part in found)


def understood(place: Place, column: str, text: str) -> str:
    """Return what somebody typed as a table of lines writes it: a code, where it was a name."""
    if column == "held_at":
        by_title = {title.casefold(): id for id, title in layer_titles(place).items()}
        return text if text in place.layers else by_title.get(text.casefold(), text)
    if column not in AREAS:
        return text
    return ";".join(_code(place, part.strip()) for part in text.split(";"))


def _code(place: Place, part: str) -> str:
    """Return `town:T` of `Town (town:T)`, or of a name that only one area of the place has."""
    named = _NAMED.fullmatch(part)
    if named and split_cover(named[1])[0] in place.layers:
        return named[1]
    if not part or ":" in part:
        return part
    found = [
        f"{id}:{code}"
        for id, areas in place.layers.items()
        for code in areas.index[areas["name"].astype("str").str.casefold() == part.casefold()]
    ]
    return found[0] if len(found) == 1 else part


def columns(place: Place, frame: pd.DataFrame) -> dict[str, Any]:
    """Return how the grid calls each column and what it says of it.

    Every column takes text: a list of choices would drop a pasted word that is not among them
    without a sound, where a text stays and is named as a fault.
    """
    found: dict[str, Any] = {"_index": st.column_config.NumberColumn("Line", width=50)}
    offered = choices(place)
    for name in frame.columns:
        title, help_ = COLUMNS.get(name, (name, ""))
        if name in offered:
            help_ = f"{help_} One of: {', '.join(offered[name])}."
        width: Literal["medium", "large"] | int = 105
        if name in _BROAD:
            width = "medium"
        elif name in _WIDE:
            width = "large"
        found[name] = st.column_config.TextColumn(title, help=plain(help_) or None, width=width)
    return found


def coded(place: Place, frame: pd.DataFrame) -> pd.DataFrame:
    """Return lines in which what a page says stands as a table of lines writes it.

    Whoever copies "by people (E)", the title of a kind of area or the name of an area from a page
    means `people`, the layer and the area's code.
    """
    methods = {word.casefold(): method for method, word in METHOD_WORDS.items()}
    made = {
        name: [understood(place, name, str(text)) for text in frame[name]]
        for name in (*AREAS, "held_at")
    }
    made["method"] = [
        str(text) if text in METHODS else methods.get(str(text).casefold(), str(text))
        for text in frame["method"]
    ]
    return frame.assign(**{name: pd.array(texts, dtype="str") for name, texts in made.items()})
