"""Where the money falls today, and what of it a change in the strength of need would move.

In: a level, a line of money or all, how strongly money follows need, and how much more the neediest
area gets a head. Out: the pot as an equation that always holds, and the money at that level as a
table and a map.
"""

from __future__ import annotations

import streamlit as st

from data.run import Result
from pages.shared import blocks, cache, drawing, figures, ledgers, links
from pages.shared.live_map import live_map
from pages.shared.live_table import live_table


def show(usual: Result, link: links.Link) -> None:
    """Draw this part of the Budget page."""
    level, line = choose_view(usual, link)
    result = choose_need(usual, link)
    ledgers.show_equation(result, level, line)

    st.header("Where it falls", anchor=False)
    table_column, map_column = st.columns([3, 2], gap="medium")
    with table_column:
        live_table(
            ledgers.by_area(result, usual, level, line),
            ledgers.area_columns(),
            caption="Money by area",
            sorted_by="pounds",
            height=470,
            key="budget_areas",
        )
        blocks.download(result.levels[level].to_frame, f"{result.place.id}-{level}-ledger.csv")
    with map_column:
        drawn = drawing.of(
            result,
            level,
            figures.of(result, level)["per_person"],
            values=ledgers.pence_per_person(result, level, line),
            usual=ledgers.pence_per_person(usual, level, line),
            about=str(usual.ledger.streams.at[line, "title"]) if line else "",
        )
        live_map(drawn, key="budget_map", on_pick=lambda code: None)


def choose_view(usual: Result, link: links.Link) -> tuple[str, str]:
    """Offer the levels and the lines of money."""
    titles = figures.level_titles(usual)
    streams = usual.ledger.streams
    named = zip(streams.index.astype(str), streams["title"].astype(str), strict=True)
    lines = {ledgers.ALL: "All lines together", **dict(named)}
    link.option("level", options=titles, default=next(iter(titles)), what="kind of area")
    link.option("line", options=lines, default=ledgers.ALL, what="line of money")
    level_column, line_column = st.columns(2, gap="medium")
    with level_column:
        level = st.selectbox(
            "Areas",
            list(titles),
            format_func=titles.__getitem__,
            key=link.key("level"),
        )
    with line_column:
        line = st.selectbox(
            "Money", list(lines), format_func=lines.__getitem__, key=link.key("line")
        )
    return level, line or ledgers.ALL


def choose_need(usual: Result, link: links.Link) -> Result:
    """Let the visitor choose how strongly money follows need, and share it accordingly."""
    link.number(
        "need", low=0, high=100, default=round(100 * usual.need_weight), what="strength of need"
    )
    link.number(
        "times", low=1.0, high=10.0, default=float(usual.neediest_per_head), what="number of times"
    )
    weight_column, times_column = st.columns(2, gap="medium")
    with weight_column:
        weight = st.slider(
            "How much of the money shared by need follows need",
            0,
            100,
            step=5,
            format="%d%%",
            key=link.key("need"),
            help="The rest of it is shared equally by head.",
        )
    with times_column:
        times = st.slider(
            "The neediest area gets, for each person",
            1.0,
            10.0,
            step=0.5,
            format="%.1f times",
            key=link.key("times"),
            help="Times as much as the least needy area, of the part that follows need.",
        )
    result = cache.what_if(usual, need_weight=weight / 100, neediest_per_head=times)
    st.caption(ledgers.in_words(result, usual))
    return result
