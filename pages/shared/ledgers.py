"""The money as the Budget page shows it: by area of a level, and line by line.

In: a result, a level and perhaps one line of money. Out: tables in pounds and sentences. The
figures are sums of the ledger's whole pence; nothing is shared out or rounded here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from budgets.ledger import Level
from budgets.money import format_pounds
from data.run import Result
from pages.shared import figures
from pages.shared.blocks import Part, equation
from pages.shared.cache_kept import kept
from pages.shared.live_table import Column

ALL = ""  # every line of money together
BEYOND = "beyond it"
STATUSES = {"budget": "planned", "forecast": "foreseen", "outturn": "spent"}


def rows(level: Level, line: str) -> np.ndarray:
    """Return which rows of a level a line of money is: one, or all."""
    return np.ones(len(level.streams), bool) if line == ALL else level.streams.index == line


def show_equation(result: Result, level: str, line: str = ALL) -> None:
    """Show that a level's areas, what lies outside and what is not split make up the pot."""
    at = result.levels[level]
    pot, parts, each = kept(result, "equation", level, line, make=lambda: _terms(at, line))
    title = figures.level_titles(result)[level]
    equation(
        Part(pot, "the whole pot" if line == ALL else "this line of money", "pot"),
        [
            Part(parts[0], f"in these areas: {title}", "areas"),
            Part(parts[1], "outside these areas", "outside"),
            Part(parts[2], "for the whole place, not split", "wide"),
        ],
    )
    beyond = kept(result, "beyond", make=lambda: figures.beyond(result))
    if line == ALL and beyond:
        st.caption(figures.plain(beyond))
    if each is not None:
        st.caption(
            f"These areas overlap one another. Counted in each of them the money is "
            f"{figures.plain(format_pounds(each))}; only the figures above add up to the pot."
        )


def _terms(at: Level, line: str) -> tuple[int, tuple[int, int, int], int | None]:
    """Return the pot, what of it lies in, outside and over the areas, and what each counts."""
    at.check()
    taken = rows(at, line)
    pot = int(at.streams["amount_pence"].to_numpy()[taken].sum())
    parts = (at.pence[taken].sum(), at.outside[taken].sum(), at.place_wide[taken].sum())
    counted = at.counted_in_each
    each = None if counted is None else int(counted[taken].sum())
    return pot, (int(parts[0]), int(parts[1]), int(parts[2])), each


def by_area(result: Result, usual: Result, level: str, line: str = ALL) -> pd.DataFrame:
    """Return one row an area: name, pounds, pounds a person, and the change against the usual.

    The change is what other need settings than the place's own give or take. Most pounds come
    first, and areas beyond the place after all others.
    """
    at, before = result.levels[level], usual.levels[level]
    taken = rows(at, line)
    table = result.level_tables[level]
    pence = _aligned(at.pence[taken].sum(axis=0), at.areas, table.index)
    columns: dict[str, pd.Series | np.ndarray] = {"name": table["name"]}
    beyond = np.zeros(len(table), dtype=bool)
    if not all_here(usual, level):
        # Where an area lies does not follow from how money is shared.
        columns["where"] = kept(usual, "where", level, make=lambda: where(usual, level))
        beyond = np.asarray(columns["where"] == BEYOND)
    columns["people"] = table["people"]
    columns["pounds"] = pence / 100
    columns["per_person"] = pence_per_person(result, level, line).to_numpy() / 100
    if result is not usual:
        was = _aligned(before.pence[rows(before, line)].sum(axis=0), before.areas, table.index)
        columns["change"] = (pence - was) / 100
    frame = pd.DataFrame(columns, index=table.index)
    return frame.iloc[np.lexsort((-pence, beyond))]


def all_here(usual: Result, level: str) -> bool:
    """Say whether no area of a level lies beyond the place."""
    return bool(kept(usual, "compared", level, make=lambda: figures.here(usual, level).all()))


def _aligned(pence: np.ndarray, areas: pd.Index, index: pd.Index) -> np.ndarray:
    """Return pence in the order of another index of the same areas; NaN where there are none."""
    if areas is index or areas.equals(index):
        return pence.astype("float64")
    return pd.Series(pence, index=areas).reindex(index).to_numpy(dtype="float64")


def pence_per_person(result: Result, level: str, line: str = ALL) -> pd.Series:
    """Return the pence a head of each area of a level, for all lines of money or one.

    Where areas overlap, both money and people are counted in each of them.
    """
    at = result.levels[level]
    held = at.pence if at.counted_in_each is None else at.counted_in_each
    people = result.level_tables[level]["people"]
    pence = _aligned(held[rows(at, line)].sum(axis=0), at.areas, people.index)
    heads = people.to_numpy(dtype="float64")
    each = np.full(len(heads), np.nan)
    np.divide(pence, heads, out=each, where=heads > 0)
    return pd.Series(each, index=people.index)


def in_words(result: Result, usual: Result) -> str:
    """Say in one sentence what the need settings do, and whether they are the place's own."""
    streams = result.ledger.streams
    by_need = streams["method"] == "need"
    pence = int(streams.loc[by_need, "amount_pence"].sum())
    said = (
        f"This moves {int(by_need.sum())} of {len(streams)} lines, "
        f"{figures.plain(format_pounds(pence, whole=True))} in all: "
        f"{1 - result.need_weight:.0%} of it by head, {result.need_weight:.0%} by need, where the "
        f"neediest small area counts {result.neediest_per_head:g} times a head."
    )
    if result is usual:
        return said + " These are the settings that the place uses."
    return "**A what-if, not an agreed budget.** " + said


def where(result: Result, level: str) -> pd.Series:
    """Say of each area of a level whether it lies in the place, partly, or beyond it."""
    table = result.level_tables[level]
    share = table["people_inside"] / table["people"].where(table["people"] > 0)
    words = pd.Series("partly", index=table.index)
    words[share > 1 - result.place.tolerance] = "in the place"
    words[~figures.here(result, level)] = BEYOND
    return words


def area_columns() -> dict[str, Column]:
    """Return how the columns of `by_area` are called and written."""
    return {
        "name": Column("Area"),
        "where": Column("Where"),
        "people": Column("People", "{:,.0f}".format, "People who live here."),
        "pounds": Column("Pounds", "{:,.2f}".format, "What falls here, in pounds and pence."),
        "per_person": Column("A person", _or_dash("{:,.2f}"), "Pounds for each person."),
        "change": Column(
            "Change", "{:+,.2f}".format, "Pounds against the need settings the place uses."
        ),
    }


def lines(result: Result) -> pd.DataFrame:
    """Return one row a line of money, in the order of the place's table."""
    streams = result.ledger.streams
    assumed = streams["assumption"].str.strip() != ""
    return pd.DataFrame(
        {
            "title": streams["title"],
            "agency": streams["agency"],
            "pounds": streams["amount_pence"] / 100,
            "mark": np.where(
                assumed, "assumed", np.where(streams["amount_pence"] < 0, "income", "")
            ),
            "shared": [
                f"{figures.GRADES.get(grade, 'not graded')} ({grade})" for grade in streams["grade"]
            ],
            "held_at": [_title(result, layer) for layer in streams["held_at"]],
            "year": streams["year"].astype(str),
            "status": streams["status"].map(STATUSES),
            "source": streams["source"],
        }
    )


def line_columns() -> dict[str, Column]:
    """Return how the columns of `lines` are called and written."""
    return {
        "title": Column("Line of money"),
        "agency": Column("Who pays"),
        "pounds": Column("Pounds", "{:,.2f}".format),
        "mark": Column("Note", help="Assumed: see below. Income: a line below zero."),
        "shared": Column("How it is shared", help="From A, the surest way, to G, the least sure."),
        "held_at": Column("Decided at"),
        "year": Column("Year"),
        "status": Column(
            "Status", help="Planned: a budget. Foreseen: a forecast. Spent: an outturn."
        ),
        "source": Column("Source"),
    }


def below_zero(result: Result) -> list[tuple[str, str]]:
    """Return each line below zero with its amount, and the reason the place gives."""
    streams = result.ledger.streams
    return _told(streams[streams["amount_pence"] < 0], "reason")


def assumed(result: Result) -> list[tuple[str, str]]:
    """Return each assumption in words, with the lines of money that rest on it."""
    streams = result.ledger.streams
    told: dict[str, list[str]] = {}
    for line, words in _told(streams[streams["assumption"].str.strip() != ""], "assumption"):
        told.setdefault(words, []).append(line)
    return [(words[:1].upper() + words[1:], "; ".join(named)) for words, named in told.items()]


def _told(streams: pd.DataFrame, column: str) -> list[tuple[str, str]]:
    columns = (streams["title"], streams["amount_pence"], streams[column])
    return [
        (f"{title}, {format_pounds(int(pence))}", str(words))
        for title, pence, words in zip(*columns, strict=True)
    ]


def _or_dash(form: str) -> Callable[[Any], str]:
    """Return a writer that shows a missing number, which alone differs from itself, as such."""
    return lambda value: form.format(value) if value == value else figures.NO_DATA


def _title(result: Result, layer: str) -> str:
    known = {item.id: item.title for item in result.place.settings.layers}
    return known.get(str(layer), str(layer))
