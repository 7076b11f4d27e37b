"""The live map: values of areas onto shapes that the browser already holds.

In: the address of a prepared shape file and, in its order, a class and a label for each area.
Out: the map on the page, and the code of the area that a visitor clicked or chose with the keys.
Drawing happens in `js/live_map.js`; this module only says what is to be drawn. Under `AppTest` no
browser runs and nothing is ever picked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from pages.shared import scripts

NO_DATA = -1  # classes that are no class; the same numbers stand in live_map.js
BEYOND = -2
FAILED = "The map could not be drawn. The table beside it holds the same figures."

_component = scripts.component("live_map", scripts.LEAFLET_STYLE)


@dataclass(frozen=True)
class Legend:
    """The legend: a title with its unit, a note on direction, one label a class, then the rest.

    `beyond` names the areas that are drawn but not compared, `outline` the line around the place,
    `borders` another layer's borders, `hatched` what hatching means; "" where there are none.
    """

    title: str
    note: str
    labels: Sequence[str]
    no_data: str = "No data"
    beyond: str = ""
    outline: str = ""
    borders: str = ""
    hatched: str = ""


@dataclass(frozen=True)
class Drawing:
    """What is to be drawn.

    Attributes
    ----------
    geometry
        Address of the prepared shapes.
    classes
        For each area, in the order of the shapes, a position in `palette`, `NO_DATA` or `BEYOND`.
    labels
        What the hover card says of each area after the name of the figure.
    figure, title, summary, credit
        The figure; what the map shows; the same in words for who cannot see it; where the borders
        come from.
    picked
        Position of the chosen area, or -1.
    outline
        Address of the shape of the place itself, where areas do not just fill it; else "".
    overlapping
        Whether areas lie on one another; then one is seen through the other.
    borders
        Address of the shapes of another layer, whose borders are drawn over these; else "".
    hatched
        Positions of areas whose figure follows from an assumption.
    """

    geometry: str
    classes: Sequence[int]
    labels: Sequence[str]
    palette: Sequence[str]
    legend: Legend
    figure: str
    title: str
    summary: str
    credit: str = ""
    picked: int = -1
    outline: str = ""
    overlapping: bool = False
    borders: str = ""
    hatched: Sequence[int] = ()


def live_map(drawing: Drawing, *, key: str = "live_map", on_pick: Callable[[str], None]) -> None:
    """Draw the map and call `on_pick` with the code of an area that is clicked or chosen."""

    def report() -> None:
        code = getattr(st.session_state.get(key), "picked", None)
        if code is not None:
            on_pick(str(code))

    sent = {
        "module": scripts.address("live_map.js"),
        "leaflet": scripts.LEAFLET,
        "failed": FAILED,
        **vars(drawing),
        "legend": vars(drawing.legend),
    }
    _component(key=key, data=sent, on_picked_change=report)
