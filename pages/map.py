"""Page: where need is and where the money falls, as a map, a table and the card of one area.

In: a level, a figure and perhaps an area, a second figure and another level's borders, from the
widgets or from a link. Out: the map in classes, a table beside it with the same figures, the chosen
area's figures with what each one means; where two maps argue, and how well two layers' borders fit.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pandas as pd
import streamlit as st

from data.run import Result
from pages.shared import beside, blocks, drawing, figures, ledgers, links
from pages.shared.figures import Figure
from pages.shared.live_map import live_map
from pages.shared.live_table import live_table

WHOLE = ""  # no area is chosen


def show() -> None:
    """Draw the page."""
    result = blocks.opened()
    link = links.Link("map")
    blocks.lead("Need and money on one map", "Choose what to show, then choose an area.")
    notes = st.container()

    titles = figures.level_titles(result)
    first, second, third = st.columns([5, 8, 6], gap="medium")
    link.option("level", options=titles, default=next(iter(titles)), what="kind of area")
    with first:
        level = st.selectbox(
            "Areas",
            list(titles),
            format_func=titles.__getitem__,
            key=link.key("level"),
        )
    offered = figures.of(result, level)
    link.option("figure", options=offered, default=next(iter(offered)), what="figure")
    with second:
        figure = offered[choose_figure(offered, link)]
    table = result.level_tables[level][figures.here(result, level)]
    link.option("area", options=[WHOLE, *table.index], default=WHOLE, what="area")
    with third:
        area = choose_area(table, link)

    other, over = choose_beside(result, level, offered, figure, link)
    pick = partial(link.set, "area")
    if other is None:
        map_column, side_column = st.columns([3, 2], gap="medium")
        with map_column:
            live_map(drawing.of(result, level, figure, area=area, borders=over), on_pick=pick)
        with side_column:
            _card(result, level, area, offered, figure)
            _table(result, level, table, offered, figure, area=area, pick=pick)
    else:
        left, right = st.columns(2, gap="medium")
        with left:
            live_map(drawing.of(result, level, figure, area=area, borders=over), on_pick=pick)
        with right:
            drawn = drawing.of(result, level, other, area=area, borders=over)
            live_map(drawn, key="map_beside", on_pick=pick)
        blocks.said("Where the two maps argue", beside.argue(table, figure, other))
        left, right = st.columns(2, gap="medium")
        with left:
            _card(result, level, area, offered, figure)
        with right:
            _table(result, level, table, offered, figure, area=area, pick=pick)
    if over:
        blocks.said("How well these borders fit", beside.borders(result, level, over))
    ledgers.show_equation(result, level)
    with notes:
        link.explain()
    link.keep()


def _card(
    result: Result, level: str, area: str, offered: dict[str, Figure], figure: Figure
) -> None:
    if area:
        blocks.area_card(result, level, area, offered=offered, chosen=figure.id)
    else:
        blocks.figure_card(figure)


def _table(
    result: Result,
    level: str,
    table: pd.DataFrame,
    offered: dict[str, Figure],
    figure: Figure,
    *,
    area: str,
    pick: Callable[[str], None],
) -> None:
    live_table(
        table,
        figures.columns(offered, first=figure),
        caption=f"{figures.level_titles(result)[level]} with their figures",
        sorted_by=figure.column,
        picked=area,
        key="map_table",
        on_pick=pick,
    )
    blocks.download(lambda: table, f"{result.place.id}-{level}.csv")


def choose_beside(
    result: Result, level: str, offered: dict[str, Figure], figure: Figure, link: links.Link
) -> tuple[Figure | None, str]:
    """Offer a second map beside the first, and the borders of another level over both."""
    titles = figures.level_titles(result)
    others = [name for name in offered if name != figure.id]
    layers = [name for name in titles if name != level]
    link.option("beside", options=[WHOLE, *others], default=WHOLE, what="second figure")
    link.option("over", options=[WHOLE, *layers], default=WHOLE, what="layer of borders")
    first, second, _ = st.columns([5, 8, 6], gap="medium")
    with first:
        chosen = st.selectbox(
            "Beside it",
            [WHOLE, *others],
            format_func=lambda name: offered[name].title if name else "No second map",
            key=link.key("beside"),
        )
    with second:
        over = st.selectbox(
            "Borders over it",
            [WHOLE, *layers],
            format_func=lambda name: titles[name] if name else "No other borders",
            key=link.key("over"),
        )
    return (offered[chosen] if chosen else None), over or WHOLE


def choose_figure(offered: dict[str, Figure], link: links.Link) -> str:
    """Offer the figures of the level."""
    chosen = st.segmented_control(
        "Figure",
        list(offered),
        format_func=lambda name: offered[name].title,
        key=link.key("figure"),
        required=True,
    )
    return chosen or next(iter(offered))


def choose_area(table: pd.DataFrame, link: links.Link) -> str:
    """Offer every area by name: for the keyboard, and the quickest way for who knows a name."""
    names = table["name"].astype(str).to_dict()
    by_name = sorted(table.index, key=lambda code: (names[code].casefold(), code))
    chosen = st.selectbox(
        "Find an area",
        [WHOLE, *by_name],
        format_func=lambda code: names[code] if code else "Type a name, or click the map",
        key=link.key("area"),
    )
    return chosen or WHOLE


show()
