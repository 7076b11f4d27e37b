"""Page: where need is and where the money falls, as a map, a table and the card of one area.

In: a level, a figure and perhaps an area, a second figure, another level's borders, classes and a
filter, from the widgets or from a link. Out: the map in classes, a table beside it with the same
figures, the chosen area's figures with what each one means, and all of it as files. What stands in
the four small menus is worked out when one of them is opened.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from data.run import Result
from pages.shared import (
    beside,
    blocks,
    cache,
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
from pages.shared.map_menus import Pair

WHOLE = ""  # no area is chosen


@dataclass(frozen=True)
class View:
    """What is looked at: figures of a level, an area, and how."""

    shelf: Shelf
    figure: Figure
    other: Figure | None
    pair: Pair
    found: Filter
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
    """Draw the page; a choice on it draws it anew without the frame around it.

    The map is what everybody waits for: it goes out first, and what stands above it after it.
    """
    result = blocks.opened()
    link = links.Link("map")
    view = settle(result, link)
    blocks.lead("Need and money on one map", "Choose what to show, then choose an area.")
    notes = st.container()
    places = [*st.columns([5, 8, 6], gap="medium"),
              *st.columns([8, 11], gap="medium", vertical_alignment="bottom")]  # fmt: skip
    # Always there, so that the map under it keeps its place and with it its zoom.
    before = st.container()
    _maps(view)
    choose(view, link, places)
    with before:
        _say(view.found, map_card.before_per_person(view.shelf, view.shown))
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


def settle(result: Result, link: links.Link) -> View:
    """Read from the link and the widgets what is looked at, before any of them is drawn."""
    titles = figures.level_titles(result)
    level = link.option("level", options=titles, default=next(iter(titles)), what="kind of area")
    shelf = Shelf.of(result, level)
    figure = shelf.figure(map_menus.figure(shelf, link))
    area = link.option("area", options=[WHOLE, *shelf.names], default=WHOLE, what="area")
    pair = map_menus.pair(shelf, figure, link)
    found = map_menus.found(shelf, figure, link)
    look = drawing.Look(map_menus.classing_of(link), pair.borders, found.kept)
    other = shelf.figure(pair.other) if pair.other else None
    return View(shelf, figure, other, pair, found, area, look, partial(link.set, "area"))


def choose(view: View, link: links.Link, places: Sequence[DeltaGenerator]) -> None:
    """Let a visitor choose what to look at, in three places above and two below them."""
    shelf, figure = view.shelf, view.figure
    titles = figures.level_titles(shelf.result)
    first, second, third, left, right = places
    with first:
        st.selectbox("Areas", list(titles), format_func=titles.__getitem__, key=link.key("level"))
    with second:
        map_menus.figures_offered(shelf, link)
    with third:
        choose_area(shelf, link)
    with left:
        map_menus.more_figures(shelf, link)
    with right, _row():
        map_menus.compare(shelf, figure, view.pair, link)
        map_menus.classes(figure, link)
        map_menus.filtered(shelf, figure, link)
        with map_menus.menu("Download", "download", ":material/download:") as opened:
            if opened.open:
                kept = view.found.kept
                downloads.buttons(shelf, view.shown, classing=view.look.classing, kept=kept)


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
    ahead = cache.light_shapes(shelf.result, shelf.level)
    if other is None or view.pair.one_map:
        map_column, side_column = st.columns([3, 2], gap="medium")
        with map_column:
            drawn = one(figure)
            if other is not None:
                drawn = drawing.both(shelf, figure, other, area=view.area, look=view.look)
            live_map(drawn, ahead=ahead, on_pick=view.pick)
        with side_column:
            map_card.show(shelf, view.area, view.shown)
            _table(view)
    else:
        left, right = st.columns(2, gap="medium")
        with left:
            live_map(one(figure), ahead=ahead, on_pick=view.pick)
        with right:
            live_map(one(other), key="map_beside", on_pick=view.pick)
    if other is not None:
        table = shelf.table(view.shown)
        title = "Where the two figures argue" if view.pair.one_map else "Where the two maps argue"
        blocks.said(title, beside.argue(shelf.result, table, figure, other))
    if other is not None and not view.pair.one_map:
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


def choose_area(shelf: Shelf, link: links.Link) -> None:
    """Offer every area by name: for the keyboard, and the quickest way for who knows a name."""
    names = shelf.names
    st.selectbox(
        "Find an area",
        [WHOLE, *names],
        format_func=lambda code: names[code] if code else "Type a name, or click the map",
        key=link.key("area"),
    )


show()
