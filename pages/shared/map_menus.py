"""The choices of the Map page beyond level and area: figures, a second one, classes, a filter.

In: a shelf of figures and the link. Out: what was chosen, known before any widget is drawn, and the
widgets. The small menus make theirs when somebody opens them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.shared import classing, figures, filtering, links
from pages.shared.classing import SCHEMES, Classing
from pages.shared.figures import Figure
from pages.shared.figures_more import Shelf
from pages.shared.filtering import Filter

NONE = ""
MORE = "map.more"  # session: the figure beyond the usual four that was last looked at
WAYS = {"two": "Side by side", "one": "In one map"}


@dataclass(frozen=True)
class Pair:
    """A second figure by id, whether both stand in one map, and another level's borders."""

    other: str
    one_map: bool
    borders: str


def menu(title: str, name: str, icon: str) -> Any:
    """Return a small menu that fills itself when it is opened; its `open` says whether it is."""
    return st.popover(title, key=f"map.menu.{name}", icon=icon, on_change="rerun")


def figure(shelf: Shelf, link: links.Link) -> str:
    """Return which figure is looked at; one beyond the usual four stays offered beside them."""
    held = link.option("figure", options=shelf.ids, default=next(iter(shelf.usual)), what="figure")
    more = held if held in shelf.offers else st.session_state.get(MORE, NONE)
    st.session_state[MORE] = more if more in shelf.offers else NONE
    return held


def figures_offered(shelf: Shelf, link: links.Link) -> None:
    """Offer the usual four figures, and beside them the one that was last taken of the others."""
    more = st.session_state[MORE]
    st.segmented_control(
        "Figure",
        [*shelf.usual, *([more] if more else [])],
        format_func=lambda id: shelf.usual[id].title if id in shelf.usual else "Chosen below",
        key=link.key("figure"),
        required=True,
    )


def more_figures(shelf: Shelf, link: links.Link) -> None:
    """Offer all other figures in one list that can be searched."""

    def take() -> None:
        link.set("figure", st.session_state[MORE] or next(iter(shelf.usual)))

    if not shelf.offers:
        return
    st.selectbox(
        "More figures",
        [NONE, *shelf.offers],
        format_func=lambda id: shelf.title(id) if id else f"Choose from {len(shelf.offers)} more",
        key=MORE,
        on_change=take,
    )


def pair(shelf: Shelf, first: Figure, link: links.Link) -> Pair:
    """Return which second figure is looked at, how, and which borders lie over the map."""
    others, layers = _others(shelf, first), _layers(shelf)
    second = link.option("beside", options=others, default=NONE, what="second figure")
    way = link.option("way", options=WAYS, default="two", what="way to compare")
    over = link.option("over", options=layers, default=NONE, what="layer of borders")
    return Pair(second, bool(second) and way == "one", over)


def _others(shelf: Shelf, first: Figure) -> list[str]:
    return [NONE, *(id for id in shelf.ids if id != first.id)]


def _layers(shelf: Shelf) -> list[str]:
    return [NONE, *(name for name in figures.level_titles(shelf.result) if name != shelf.level)]


def compare(shelf: Shelf, first: Figure, chosen: Pair, link: links.Link) -> None:
    """Offer a second figure, beside the first or in one map, and the borders of another level."""
    titles = figures.level_titles(shelf.result)
    with menu("Compare", "compare", ":material/compare:") as opened:
        if not opened.open:
            return
        st.selectbox(
            "Second figure",
            _others(shelf, first),
            format_func=lambda id: shelf.title(id) if id else "None",
            key=link.key("beside"),
        )
        if chosen.other:
            st.segmented_control(
                "Both figures",
                list(WAYS),
                format_func=WAYS.__getitem__,
                key=link.key("way"),
                required=True,
            )
        st.selectbox(
            "Borders over it",
            _layers(shelf),
            format_func=lambda name: titles[name] if name else "None",
            key=link.key("over"),
        )


def classing_of(link: links.Link) -> Classing:
    """Return how values are put into classes; breaks of one's own stay for other figures too."""
    scheme = link.option("scheme", options=SCHEMES, default="quantiles", what="way of classing")
    count = link.number("k", low=classing.FEWEST, high=classing.MOST, default=classing.USUAL,
                        what="number of classes")  # fmt: skip
    fixed, _ = classing.read(link.words("breaks", default="", longest=80))
    return Classing(scheme, int(count), fixed)


def classes(figure: Figure, link: links.Link) -> None:
    """Offer how values are put into classes."""
    with menu("Classes", "classes", ":material/palette:") as opened:
        if not opened.open:
            return
        scheme = st.selectbox(
            "How areas are put into classes",
            list(SCHEMES),
            format_func=SCHEMES.__getitem__,
            key=link.key("scheme"),
        )
        if scheme == "fixed":
            unit = "pounds" if figure.money and not figure.diverging else figure.unit
            typed = st.text_input(f"Breaks, in {unit}", key=link.key("breaks"), max_chars=80,
                                  placeholder="10; 20; 40")  # fmt: skip
            fixed, fault = classing.read(typed)
            if fault:
                st.warning(figures.plain(fault))
            elif not fixed:
                st.caption("Without breaks, each class holds as many areas.")
        else:
            st.slider("How many classes", classing.FEWEST, classing.MOST, key=link.key("k"))
        st.caption("Two figures in one map always have three classes each.")


def found(shelf: Shelf, figure: Figure, link: links.Link) -> Filter:
    """Return which areas stand out."""
    filtering.settle(link)
    return filtering.chosen(shelf, figure, link)


def filtered(shelf: Shelf, figure: Figure, link: links.Link) -> None:
    """Offer which areas stand out."""
    with menu("Filter", "filter", ":material/filter_alt:") as opened:
        if opened.open:
            filtering.widgets(shelf, figure, link)
