"""Where the money falls today, and what of it a change in the strength of need would move.

In: a level, a line of money or all, how strongly money follows need, and how much more the neediest
area gets a head. Out: the pot as an equation that always holds, and the money at that level as a
table and a map.
"""

from __future__ import annotations

import streamlit as st

from data.run import Result
from pages.shared import blocks, cache, drawing, figures, ledgers, links
from pages.shared.cache_kept import kept
from pages.shared.figures_more import Shelf
from pages.shared.live_map import Drawing, live_map
from pages.shared.live_table import Written, live_table, written


def show(usual: Result, link: links.Link) -> None:
    """Draw this part of the Budget page."""
    level, line = choose_view(usual, link)
    result = choose_need(usual, link)
    ledgers.show_equation(result, level, line)

    st.header("Where it falls", anchor=False)
    table_column, map_column = st.columns([3, 2], gap="medium")
    with table_column:
        live_table(
            kept(
                result,
                "money by area",
                level,
                line,
                beside=usual,
                make=lambda: _written(result, usual, level, line),
            ),
            caption="Money by area",
            sorted_by="pounds" if ledgers.all_here(usual, level) else "",
            height=470,
            key="budget_areas",
        )
        blocks.download(result.levels[level].to_frame, f"{result.place.id}-{level}-ledger.csv")
    with map_column:
        about = ("money map", level, line)
        drawn = kept(result, *about, beside=usual, make=lambda: _drawn(result, usual, level, line))
        live_map(drawn, key="budget_map", on_pick=lambda code: None)


def _written(result: Result, usual: Result, level: str, line: str) -> Written:
    return written(ledgers.by_area(result, usual, level, line), ledgers.area_columns())


def _drawn(result: Result, usual: Result, level: str, line: str) -> Drawing:
    return drawing.shared_otherwise(
        usual,
        level,
        Shelf.of(usual, level).usual["per_person"],
        values=ledgers.pence_per_person(result, level, line),
        before=lambda: ledgers.pence_per_person(usual, level, line),
        line=line,
    )


def choose_view(usual: Result, link: links.Link) -> tuple[str, str]:
    """Offer the levels and the lines of money."""
    titles = figures.level_titles(usual)
    lines = kept(usual, "lines to choose from", make=lambda: _lines(usual))
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


def _lines(usual: Result) -> dict[str, str]:
    titles = usual.ledger.streams["title"].items()
    return {ledgers.ALL: "All lines together"} | {str(id): str(title) for id, title in titles}


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
    said = kept(result, "need", beside=usual, make=lambda: ledgers.in_words(result, usual))
    st.caption(said)
    return result
