"""What a place is made of: every set of figures, with its source, its date and its age.

In: a result and today's date. Out: a table in which nothing is missing that a figure on another
page stands on, and an example of what may be typed.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import streamlit as st

from data.run import Result
from geo.points import NOWHERE, locate
from pages.shared import figures
from pages.shared.cache_kept import kept
from pages.shared.live_table import Column, live_table

NOT_STATED = "not stated"
OLD = 5  # years after which borders or counts are worth a second look


def show(result: Result, *, today: dt.date) -> None:
    """Show the table."""
    found = table(result, today=today)
    st.caption(figures.plain(in_short(found)))
    live_table(
        found,
        {
            "name": Column("Called"),
            "what": Column("What"),
            # A phone shows three columns at once: the age must be among them.
            "age": Column("Age"),
            "date": Column("As of"),
            "source": Column("Source"),
            "holds": Column("Holds"),
        },
        caption="What is loaded, with source and age",
        height=420,
        key="start_loaded",
    )


def table(result: Result, *, today: dt.date) -> pd.DataFrame:
    """Return one row a set of figures: `what, name, holds, source, date, age`."""
    place, rows = result.place, []
    for layer in place.settings.layers:
        number = len(result.layers[layer.id])
        count = f"{number:,} area" + ("" if number == 1 else "s")
        rows.append(("Borders", layer.title, count, layer.source, layer.date or layer.vintage))
    known, said = place.postcodes, place.settings.postcodes
    if known is not None and said is not None:
        count = f"{len(known):,} postcodes"
        rows.append(("Postcodes", "Postcodes", count, said.source, said.date or ""))
    if result.index is not None:
        made = result.index.definition
        rows.append(
            ("Need", made.title, f"{len(made.domains)} domains", made.reference, made.edition)
        )
    moved = place.settings.change
    if moved is not None:
        count = f"{moved.areas:,} {moved.among}"
        named = f"{moved.title}, {moved.earlier} to {moved.later}"
        rows.append(("Change", named, count, moved.source, moved.later))
    for item in place.settings.indicators:
        rows.append(("Measure", item.title, item.unit, item.source, item.date or ""))
    streams = result.ledger.streams
    for agency, mine in streams.groupby("agency", sort=True):
        years = " and ".join(sorted(set(mine["year"])))
        sources = "; ".join(dict.fromkeys(s for s in mine["source"] if str(s).strip()))
        count = f"{len(mine)} line" + ("s" if len(mine) > 1 else "")
        rows.append(("Money", str(agency), count, sources, years))
    frame = pd.DataFrame(rows, columns=["what", "name", "holds", "source", "date"])
    frame["source"] = frame["source"].map(lambda value: str(value).strip() or NOT_STATED)
    frame["age"] = [age(str(value), today) for value in frame["date"]]
    frame["date"] = frame["date"].map(lambda value: str(value) if value else NOT_STATED)
    return frame.set_index(pd.RangeIndex(len(frame)).astype("str"))


def in_short(found: pd.DataFrame) -> str:
    """Say of what age each kind of figures is: the oldest and the newest date of it."""
    parts = []
    for kind, mine in found.groupby("what", sort=False):
        dates = sorted(date for date in mine["date"] if date != NOT_STATED)
        ends = " to ".join(dict.fromkeys([dates[0], dates[-1]])) if dates else "a date not stated"
        named = "measures" if kind == "Measure" else str(kind).lower()
        parts.append(f"{named} of {ends}")
    old = int(found["age"].str.contains("worth a second look").sum())
    said = f"{len(found):,} sets of figures: {', '.join(parts)}."
    return f"{said} {old:,} of them are worth a second look." if old else said


def age(date: str, today: dt.date) -> str:
    """Say how old figures of a date are: of a day, a month, a year or a financial year."""
    parts = date.replace("/", "-").split("-")
    if not parts[0].isdigit() or len(parts[0]) != 4:
        return ""
    year = int(parts[0])
    financial = len(parts) == 2 and parts[1].isdigit() and int(parts[1]) == (year + 1) % 100
    if financial and int(parts[1]) > 12:
        # A financial year is over at the end of March.
        months = (today.year - year - 1) * 12 + today.month - 4
        if months < 0:
            return "this financial year" if today >= dt.date(year, 4, 1) else "still to come"
    else:
        month = int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 12
        months = (today.year - year) * 12 + today.month - min(max(month, 1), 12)
    years = months // 12
    if years < 1:
        return "less than a year"
    words = "1 year" if years == 1 else f"{years} years"
    return f"{words}: worth a second look" if years >= OLD else words


def example_postcode(result: Result) -> str:
    """Return something to type: a postcode in the place itself; nothing where none is known."""
    return kept(result, "example postcode", make=lambda: _example(result))


def _example(result: Result) -> str:
    points = result.place.postcodes
    if points is None:
        return ""
    home = result.layers[result.place.settings.base.inside]
    inside = locate(points[["x", "y"]].to_numpy(np.float64), home) != NOWHERE
    return f"such as {figures.text(points.index[int(np.argmax(inside))])}" if inside.any() else ""
