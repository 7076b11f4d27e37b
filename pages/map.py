"""Page: where need is and where the money falls, as a map, a table and the card of one area.

In: a level, a figure and perhaps an area, a second figure, another level's borders, classes and a
filter, from the widgets or from a link. Out: the map in classes, a table beside it with the same
figures, the chosen area's figures with what each one means, and all of it as files. What stands in
the four small menus is worked out when one of them is opened.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from data.run import Result
from pages.shared import (
    beside,
    blocks,
    downloads,
    drawing,
    figures,
    ledgers,
    links,
    map_card,
    map_menus,
    turns,
)
from pages.shared.figures import Figure
from pages.shared.figures_more import Shelf
from pages.shared.filtering import Filter
from pages.shared.live_map import live_map
from pages.shared.live_table import live_table

WHOLE = ""  # no area is chosen


@dataclass(frozen=True)
class View:
    """What is looked at: figures of a level, an area, and how."""

    shelf: Shelf
    figure: Figure
    other: Figure | None
    one_map: bool
    area: str
    look: drawing.Look
    pick: Callable[[str], None]

    @property
    def shown(self) -> list[Figure]:
        """The figures on the map."""
        return [self.figure] if self.other is None else [self.figure, self.other]


@st.fragment
@turns.in_turn
def show() -> None:
    """Draw the page; a choice on it draws it anew without the frame around it."""
    result = blocks.opened()
    link = links.Link("map")
    blocks.lead("Need and money on one map", "Choose what to show, then choose an area.")
    notes = st.container()
    view, found = choose(result, link)
    # Always there, so that the map under it keeps its place and with it its zoom.
    with st.container():
        _say(found, map_card.before_per_person(view.shelf, view.shown))
    _maps(view)
    behind = map_card.behind(view.shelf, view.area, view.shown)
    blocks.said("Programmes at work here", behind)
    map_card.spread(view.shelf, view.area, view.shown)
    if view.look.borders:
        fit = beside.borders(result, view.shelf.level, view.look.borders)
        blocks.said("How well these borders fit", fit)
    ledgers.show_equation(result, view.shelf.level)
    with notes:
        link.explain()
    link.keep()


def choose(result: Result, link: links.Link) -> tuple[View, Filter]:
    """Let a visitor choose what to look at."""
    titles = figures.level_titles(result)
    first, second, third = st.columns([5, 8, 6], gap="medium")
    link.option("level", options=titles, default=next(iter(titles)), what="kind of area")
    with first:
        level = st.selectbox(
            "Areas", list(titles), format_func=titles.__getitem__, key=link.key("level")
        )
    shelf = Shelf.of(result, level)
    with second:
        figure = shelf.figure(map_menus.figure(shelf, link))
    with third:
        area = choose_area(shelf, link)
    left, right = st.columns([8, 11], gap="medium", vertical_alignment="bottom")
    with left:
        map_menus.more_figures(shelf, link)
    with right, _row():
        pair = map_menus.compare(shelf, figure, link)
        other = shelf.figure(pair.other) if pair.other else None
        classing = map_menus.classes(figure, link)
        found = map_menus.filtered(shelf, figure, link)
        shown = [figure] if other is None else [figure, other]
        with map_menus.menu("Download", "download", ":material/download:") as opened:
            if opened.open:
                downloads.buttons(shelf, shown, classing=classing, kept=found.kept)
    look = drawing.Look(classing, pair.borders, found.kept)
    view = View(shelf, figure, other, pair.one_map, area, look, partial(link.set, "area"))
    return view, found


def _row() -> DeltaGenerator:
    return st.container(horizontal=True, gap="small", vertical_alignment="bottom", key="map_menus")


def _say(found: Filter, before: str) -> None:
    """Say which areas a filter keeps, and what to know before reading."""
    if found.fault:
        st.warning(figures.plain(found.fault), icon=":material/filter_alt_off:")
    elif found.said:
        st.caption(figures.plain(found.said))
    if before:
        st.caption(figures.plain(before))


def _maps(view: View) -> None:
    """Show one map beside the card and the table, or two maps above them."""
    shelf, figure, other = view.shelf, view.figure, view.other
    one = partial(drawing.on_map, shelf, area=view.area, look=view.look)
    if other is None or view.one_map:
        map_column, side_column = st.columns([3, 2], gap="medium")
        with map_column:
            drawn = one(figure)
            if other is not None:
                drawn = drawing.both(shelf, figure, other, area=view.area, look=view.look)
            live_map(drawn, on_pick=view.pick)
        with side_column:
            map_card.show(shelf, view.area, view.shown)
            _table(view)
    else:
        left, right = st.columns(2, gap="medium")
        with left:
            live_map(one(figure), on_pick=view.pick)
        with right:
            live_map(one(other), key="map_beside", on_pick=view.pick)
    if other is not None:
        table = shelf.table(view.shown)
        title = "Where the two figures argue" if view.one_map else "Where the two maps argue"
        blocks.said(title, beside.argue(shelf.result, table, figure, other))
    if other is not None and not view.one_map:
        left, right = st.columns(2, gap="medium")
        with left:
            map_card.show(shelf, view.area, view.shown)
        with right:
            _table(view)


def _table(view: View) -> None:
    """Show the areas with their figures; of a filter, only those that are kept."""
    shelf = view.shelf
    live_table(
        map_card.written(shelf, view.shown, view.look.kept),
        caption=f"{figures.level_titles(shelf.result)[shelf.level]} with their figures",
        sorted_by=view.figure.column,
        picked=view.area,
        key="map_table",
        on_pick=view.pick,
    )


def choose_area(shelf: Shelf, link: links.Link) -> str:
    """Offer every area by name: for the keyboard, and the quickest way for who knows a name."""
    names = shelf.names
    offered = [WHOLE, *names]
    link.option("area", options=offered, default=WHOLE, what="area")
    chosen = st.selectbox(
        "Find an area",
        offered,
        format_func=lambda code: names[code] if code else "Type a name, or click the map",
        key=link.key("area"),
    )
    return chosen or WHOLE


show()
