"""Page: where need is and where the money falls, as a map, a table and the card of one area.

In: a level, a figure and perhaps an area, from the widgets or from a link. Out: the map in classes,
a table beside it with the same figures, and the chosen area's figures with what each one means.
"""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.shared import blocks, drawing, figures, ledgers, links
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

    map_column, side_column = st.columns([3, 2], gap="medium")
    with map_column:
        live_map(
            drawing.of(result, level, figure, area=area),
            on_pick=lambda code: link.set("area", code),
        )
    with side_column:
        if area:
            blocks.area_card(result, level, area, offered=offered, chosen=figure.id)
        else:
            blocks.figure_card(figure)
        live_table(
            table,
            figures.columns(offered, first=figure),
            caption=f"{figures.level_titles(result)[level]} with their figures",
            sorted_by=figure.column,
            picked=area,
            key="map_table",
            on_pick=lambda code: link.set("area", code),
        )
        blocks.download(lambda: table, f"{result.place.id}-{level}.csv")
    ledgers.show_equation(result, level)
    with notes:
        link.explain()
    link.keep()


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
