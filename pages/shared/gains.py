"""Who gains and who loses by the scenario that is worked on, before anybody decides.

In: the scenario, a level, perhaps an area, and whether doubt is asked for. Out: people and areas on
a map and in a table, tenths by need, fairness before and after, the years on the way, and who holds
the money then. Only the view that is open is worked out.
"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from budgets import doubtful
from data import gaining
from data.run import Result
from data.scenarios import Allocation
from geo.errors import CommonGroundError
from pages.shared import (
    blocks,
    cache,
    choices_outcome,
    figures,
    gains_map,
    gains_more,
    gains_words,
    links,
    working,
)
from pages.shared.figures import plain, text
from pages.shared.live_map import live_map
from pages.shared.live_table import Column, live_table

VIEWS = {
    "areas": "By area",
    "tenths": "By need",
    "fair": "Fairness",
    "years": "Year by year",
    "held": "Who holds it",
}
WHOLE = ""


def show(result: Result, link: links.Link) -> None:
    """Draw this part of the Budget page."""
    words = working.document(result)
    if not words.strip():
        blocks.hint("Nothing is changed yet, so nobody gains or loses.")
        st.button(
            "Make choices",
            key="gains.choices",
            type="primary",
            icon=":material/arrow_forward:",
            on_click=lambda: link.set("part", "choices"),
        )
        return
    try:
        made = cache.allocation(result, words, draws=0)
    except CommonGroundError as error:
        why = " ".join(plain(line) for line in choices_outcome.reason(error))
        st.error(
            f"**These choices cannot be kept, so nothing is changed.** {why}",
            icon=":material/error:",
        )
        st.button(
            "Go to the choices",
            key="gains.choices",
            on_click=lambda: link.set("part", "choices"),
        )
        return
    choices_outcome.balance(result, made, broken=False)
    st.html(choices_outcome.title("Who gains, who loses"))
    st.html(choices_outcome.people(made))
    link.option("view", options=VIEWS, default="areas", what="view")
    view = st.segmented_control(
        "View",
        list(VIEWS),
        format_func=VIEWS.__getitem__,
        key=link.key("view"),
        required=True,
        label_visibility="collapsed",
    )
    drawn: dict[str, Callable[[Result, Allocation, links.Link], None]] = {
        "areas": _areas,
        "tenths": gains_more.tenths,
        "fair": gains_more.fair,
        "years": gains_more.years,
        "held": gains_more.held,
    }
    drawn[view or "areas"](result, made, link)
    st.html(
        '<ul class="cg-said">'
        + "".join(f"<li>{text(note)}</li>" for note in gaining.notes(made))
        + "</ul>"
    )


def _areas(result: Result, made: Allocation, link: links.Link) -> None:
    """Show every area of a level on a map and in a table, and the chosen one in full."""
    titles = figures.level_titles(result)
    link.option("level", options=titles, default=next(iter(titles)), what="kind of area")
    first, second = st.columns([2, 3], gap="medium", vertical_alignment="bottom")
    with first:
        level = st.selectbox(
            "Areas", list(titles), format_func=titles.__getitem__, key=link.key("level")
        )
    if level == result.place.base_layer and result.index is not None:
        with second:
            made = _doubted(result, made)
    table = gaining.by_level(made, level)
    link.option("area", options=[WHOLE, *table.index], default=WHOLE, what="area")
    area = str(st.session_state[link.key("area")])
    found = gaining.touched(made)

    def pick(code: str) -> None:
        link.set("area", code if code in table.index else WHOLE)

    left, right = st.columns([2, 3], gap="medium")
    with left:
        drawing = gains_map.of(result, level, table, area=area, rankable=found.rankable)
        live_map(drawing, key="gains_map", on_pick=pick)
    with right:
        # Where most of the money is split by assumption the order is that of the names.
        order = ["pence_per_person"] if found.rankable else ["name"]
        live_table(
            table.sort_values(order, ascending=not found.rankable, kind="stable"),
            columns(result, decile="decile" in table and bool(table["decile"].notna().any())),
            caption=f"Who gains and who loses: {titles[level]}",
            sorted_by="pence_per_person" if found.rankable else "",
            picked=area,
            height=430,
            key="gains_table",
            on_pick=pick,
        )
        blocks.download(
            lambda: table.rename_axis("area_code"), f"{result.place.id}-{level}-who-gains.csv"
        )
    if area:
        _area(result, made, level, area, table)


def _doubted(result: Result, made: Allocation) -> Allocation:
    """Offer to count need in many ways, and say between what and what the money then lies."""
    asked = st.toggle(
        f"Say how sure: count need in {doubtful.DRAWS} ways",
        key="gains.doubt",
        help="It takes a moment. Each way ranks the areas anew and shares all money out again.",
    )
    if not asked:
        return made
    with st.spinner("Counting need anew …"):
        return cache.allocation(result, working.document(result), draws=doubtful.DRAWS)


def columns(result: Result, *, decile: bool) -> dict[str, Column]:
    """Return how the columns of a level's table are called and written."""
    pounds, signed = gains_words.pounds(result), gains_words.signed(result)
    fine = gains_words.fineness(result)
    found = {"name": Column("Area"), "people": Column("People", "{:,.0f}".format)}
    if decile:
        found["decile"] = Column(
            "Tenth by need",
            lambda value: "none" if pd.isna(value) else f"{value:.0f}",
            "1 is the neediest tenth of the place's areas.",
        )
    ways = f"of 95 of {doubtful.DRAWS} ways of counting need. {fine}"
    return found | {
        "before_pence": Column("Today", pounds, f"What falls here today. {fine}"),
        "after_pence": Column("Then", pounds, f"What falls here by these choices. {fine}"),
        "change_pence": Column("Change", signed, f"More or less than today. {fine}"),
        "pence_per_person": Column(
            "A person", gains_words.each, "Pounds more or less for each person who lives here."
        ),
        "change_per_cent": Column(
            "%",
            lambda value: gains_words.HIDDEN if pd.isna(value) else f"{value:+,.1f}",
            "Change in per cent of today.",
        ),
        "low_pence": Column("Then, at least", pounds, f"The low end {ways}"),
        "high_pence": Column("Then, at most", pounds, f"The high end {ways}"),
    }


def _area(result: Result, made: Allocation, level: str, area: str, table: pd.DataFrame) -> None:
    """Show what changes in one area, line by line."""
    row = table.loc[area]
    pounds = gains_words.pounds(result)
    sums = (("today", "before_pence"), ("then", "after_pence"), ("change", "change_pence"))
    told: dict[str, str] = {
        words: gains_words.HIDDEN if pd.isna(row[name]) else f"£{pounds(float(row[name]))}"
        for words, name in sums
    }
    said = ", ".join(f"{words} {value}" for words, value in told.items()).replace("£-", "-£")
    assumed = (
        " More than half of the change follows from how the money was assumed to be shared."
        if row["assumed"]
        else ""
    )
    st.html(
        f'<section class="cg-part"><h2 class="is-third">{text(row["name"])}</h2>'
        f"<p>{text(said)}.{assumed}</p></section>"
    )
    lines = gaining.lines(made, level, area)
    if lines.empty:
        st.caption(
            plain("No line of money changes here.")
            if made.masked is None
            else plain("What changes line by line may not be shown here.")
        )
        return
    live_table(
        lines,
        {
            "title": Column("Line of money"),
            "before_pence": Column("Today", pounds),
            "after_pence": Column("Then", pounds),
            "change_pence": Column("Change", gains_words.signed(result)),
            "shared": Column("How it is shared"),
        },
        caption=f"What changes in {row['name']}, line by line",
        height=240,
        key="gains_lines",
    )
