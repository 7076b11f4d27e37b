"""How sure the sharing of the money is: by grade, and beside the same money shared another way.

In: a result. Out: the money at each grade; what part of the picture is the choice of a way of
sharing, line by line and area by area; and the lines in the prices of one year.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from budgets import baseline, honesty, prices
from budgets.money import format_pounds
from budgets.streams_errors import UnknownDeflator
from data import baseline_tables
from data.run import Result
from pages.shared import blocks, cache, charts, figures, ledgers, links
from pages.shared.figures import percent, plain
from pages.shared.lines_bring import downloads
from pages.shared.lines_words import GRADE_WORDS, words_of
from pages.shared.live_table import Column, live_table

PLAINEST = "plainest"
RIVALS = {
    PLAINEST: "each the plainest other way",
    "people": "all by people",
    "households": "all by households",
    "need": "all by people and need",
}
_POUNDS = "{:,.2f}".format
_AS_IT_IS = ""


def show(result: Result, link: links.Link) -> None:
    """Draw the grades, every line with its way and source, and the second way beside the first."""
    _grades(result)
    live_table(
        ledgers.lines(result),
        ledgers.line_columns(),
        caption="Every line of public money, its source and how it is shared",
        height=430,
        key="budget_lines",
    )
    blocks.remarks("Lines below zero, and why", ledgers.below_zero(result))
    blocks.remarks("What is assumed", ledgers.assumed(result))
    st.header("The same money, shared another way", anchor=False)
    rivals = [PLAINEST, *baseline_tables.rivals(result)]
    levels = figures.level_titles(result)
    link.option("rival", options=rivals, default=PLAINEST, what="second way of sharing")
    link.option("level", options=levels, default=next(iter(levels)), what="kind of area")
    way_column, level_column = st.columns(2, gap="medium")
    with way_column:
        rival = st.selectbox(
            "Second way",
            rivals,
            format_func=RIVALS.__getitem__,
            key=link.key("rival"),
            help="By people where a count or need is used, and by need where people are.",
        )
    with level_column:
        level = st.selectbox(
            "Areas", list(levels), format_func=levels.__getitem__, key=link.key("level")
        )
    second = cache.second_method(result, "" if rival == PLAINEST else rival)
    st.markdown(
        f"**{second.share:.0%} of the money that is split, "
        f"{plain(format_pounds(second.moved_pence, whole=True))}, would lie in other small "
        "areas.** That much of the picture is the choice of a way of sharing."
    )
    lines_column, areas_column = st.columns(2, gap="medium")
    with lines_column:
        _lines(result, second)
    with areas_column:
        _areas(result, second, level)
    _take_away(result, second, link)


def _grades(result: Result) -> None:
    table = baseline.by_grade(result.ledger)
    found = honesty.recorded(result.ledger)
    assumed = table.index.isin([*honesty.ASSUMED, *honesty.SPENT])
    shares = [f"{grade} {percent(row['share'])}" for grade, row in table.iterrows() if row["share"]]
    known = f"{percent(found.share)} of it" if found.share else "None of it"
    charts.bars(
        pd.DataFrame(
            {
                "name": [f"{grade}: {GRADE_WORDS[str(grade)]}" for grade in table.index],
                "value": table["gross_pence"].to_numpy() / 100,
                "unsure": assumed,
            }
        ),
        title="How the money is shared, from the surest way to the least sure",
        unit="pounds",
        of="Way of sharing",
        alternative=f"Of all money, spending and income alike, {', '.join(shares)}. "
        f"{known} is shared by records of where it went or who used it (A, B and C).",
        write=lambda pounds: format_pounds(round(100 * pounds), whole=True),
    )
    if found.reason:
        st.info(plain(found.reason), icon=":material/info:")


def _lines(result: Result, second: baseline.Second) -> None:
    found = second.streams
    changed = found[found["method"] != found["second_method"]]
    streams = result.ledger.streams.loc[changed.index]
    live_table(
        pd.DataFrame(
            {
                "title": streams["title"],
                "first": changed["method"].map(words_of),
                "second": changed["second_method"].map(words_of),
                "moved": changed["moved_pence"] / 100,
                "share": 100 * changed["moved_share"],
            }
        ),
        {
            "title": Column("Line of money"),
            "first": Column("Shared"),
            "second": Column("Or else"),
            "moved": Column("Would move", _POUNDS, "Pounds that would lie in other small areas."),
            "share": Column("Of it", "{:.0f}%".format),
        },
        caption="What another way of sharing would move, line by line",
        sorted_by="moved",
        height=430,
        key="budget_second_lines",
    )


def _areas(result: Result, second: baseline.Second, level: str) -> None:
    table = baseline_tables.second_at(result, second, level)
    table = table[figures.here(result, level)]
    hidden = int(table["first_pence"].isna().sum())
    live_table(
        pd.DataFrame(
            {
                "name": table["name"],
                "first": _pounds(table["first_pence"]),
                "second": _pounds(table["second_pence"]),
                "change": _pounds(table["difference_pence"]),
            }
        ),
        {
            "name": Column("Area"),
            "first": Column("As it is shared", _or_not(_POUNDS)),
            "second": Column("The other way", _or_not(_POUNDS)),
            "change": Column("Difference", _or_not("{:+,.2f}".format)),
        },
        caption="Money of each area by both ways of sharing",
        sorted_by="change",
        height=430,
        key="budget_second_areas",
    )
    if hidden:
        areas = "area is" if hidden == 1 else "areas are"
        st.caption(f"{hidden} {areas} not shown: their money follows counts that are too small.")


def _take_away(result: Result, second: baseline.Second, link: links.Link) -> None:
    """Offer the lines as a file, where there is an index in the prices of one year."""
    found = _years(result)
    years = {_AS_IT_IS: "as they are", **{year: year for year in found}}
    link.option("prices", options=years, default=_AS_IT_IS, what="year of prices")
    wanted: str | None = None
    if found:
        year = st.selectbox(
            "Prices of the lines",
            list(years),
            format_func=years.__getitem__,
            key=link.key("prices"),
            help="In the prices of one year, by the price index that comes with Common Ground.",
        )
        wanted = year or None
    else:
        bases = ", ".join(dict.fromkeys(prices.price_bases(result.ledger.streams)))
        st.caption(
            f"These lines are in the prices of {plain(bases)}, for which there is no price index "
            "here: they cannot be brought to the prices of another year."
        )
    if wanted:
        real, said = prices.in_prices_of(result.ledger.streams, wanted)
        whole = plain(format_pounds(int(real.sum())))
        st.caption(f"All lines together: {whole}. {plain(' '.join(said))}")
    with st.container(horizontal=True, gap="medium"):
        downloads(
            lambda: baseline_tables.lines(result, second, prices_of=wanted),
            f"{result.place.id}-baseline",
            what="every line, in pence",
        )


def _years(result: Result) -> list[str]:
    """Return the years in whose prices all lines can be put, youngest first."""
    known = prices.deflators()
    calendar = [f"{year}-{(int(year) + 1) % 100:02d}" for year in known["calendar"]["index"]]
    asked = sorted({*map(str, known["financial"]["index"]), *calendar}, reverse=True)
    bases = list(dict.fromkeys(prices.price_bases(result.ledger.streams)))
    found = []
    for year in asked:
        with contextlib.suppress(UnknownDeflator):
            for base in bases:
                prices.real_terms(0, from_year=str(base), to_year=year)
            found.append(year)
    return found


def _pounds(pence: pd.Series) -> pd.Series:
    return pence.astype("Float64") / 100


def _or_not(write: Callable[[Any], str]) -> Callable[[Any], str]:
    return lambda value: figures.NO_DATA if pd.isna(value) else write(value)
