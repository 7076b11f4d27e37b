"""The live map: values of areas onto shapes that the browser already holds.

In: the address of a prepared shape file and, in its order, a class and a label for each area.
Out: the map on the page, the code of the area that a visitor clicked or chose with the keys, and
the corners of a shape that a visitor drew. The scripts `js/live_map*.js` do all of it; this module
only says what is to be drawn. Under `AppTest` no browser runs and nothing is ever picked or drawn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import streamlit as st

from pages.shared import scripts

NO_DATA = -1  # classes that are no class; the same numbers stand in live_map.js
BEYOND = -2
LETTERS = "bn0123456789"  # of the classes from BEYOND on, where there are many areas
PARTS = ("areas", "legend", "pen", "image")  # scripts beside live_map.js
SEEN = ("picked", "highlighted", "shape", "drawable")  # of a drawing: what one visitor sees in it
MOST_CORNERS = 200  # of a drawn shape; the same number stands in live_map_pen.js
FAILED = "The map could not be drawn. The table beside it holds the same figures."
UNSAVED = "The image could not be made. The page can be printed instead."

_component = scripts.component("live_map", scripts.LEAFLET_STYLE)


@dataclass(frozen=True)
class Legend:
    """The legend: a title with its unit, a note on direction, one label a class, then the rest.

    `beyond` names the areas that are drawn but not compared, `outline` the line around the place,
    `borders` another layer's borders, `hatched` what hatching means, `dimmed` what paleness means;
    "" where there are none. `drawn` names the shape that a visitor drew, where there is one.
    """

    title: str
    note: str
    labels: Sequence[str]
    no_data: str = "No data"
    beyond: str = ""
    outline: str = ""
    borders: str = ""
    hatched: str = ""
    dimmed: str = ""
    drawn: str = "The drawn area"


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
    figure, title, summary, place, credit
        The figure; what the map shows; the same in words for who cannot see it; of which place;
        where its figures and borders come from.
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
    highlighted
        Positions of areas that stand out: all others are shown pale. With none, all are shown.
    grid
        Names of two figures in one map, each in three classes: a class is then three times the
        second figure's class plus the first's, from 0 to 8. The palette has nine colours in that
        order, and so have the legend's labels.
    shape
        Corners of a shape drawn before, in longitude and latitude; not closed. () for none.
    drawable
        Whether a visitor may draw a shape; `live_map` then says what becomes of it.
    """

    geometry: str
    classes: Sequence[int]
    labels: Sequence[str]
    palette: Sequence[str]
    legend: Legend
    figure: str
    title: str
    summary: str
    place: str = ""
    credit: str = ""
    picked: int = -1
    outline: str = ""
    overlapping: bool = False
    borders: str = ""
    hatched: Sequence[int] = ()
    highlighted: Sequence[int] = ()
    grid: tuple[str, str] | None = None
    shape: Sequence[tuple[float, float]] = ()
    drawable: bool = False

    @cached_property
    def written(self) -> Mapping[str, Any]:
        """The drawing as it travels, without what depends on who looks at it."""
        kept = [one.name for one in fields(self) if one.name not in SEEN]
        plain = {name: getattr(self, name) for name in kept} | {"legend": vars(self.legend)}
        return scripts.packed(plain | _packed(self))

    def seen(self, **changes: Any) -> Drawing:
        """Return the same drawing with another area picked, other areas that stand out, or a shape.

        What all who look at it share is written once.
        """
        if unknown := changes.keys() - set(SEEN):
            raise ValueError(f"{sorted(unknown)} are the same for all who look at a drawing")
        other = replace(self, **changes)
        vars(other)["written"] = self.written
        return other


def live_map(
    drawing: Drawing,
    *,
    key: str = "live_map",
    ahead: Sequence[str] = (),
    on_pick: Callable[[str], None],
    on_draw: Callable[[list[tuple[float, float]]], None] | None = None,
) -> None:
    """Draw the map and call `on_pick` with the code of an area that is clicked or chosen.

    `ahead` are addresses of shapes that may be asked for next: a browser at rest fetches them.
    Where the drawing is drawable, `on_draw` gets the corners of a drawn shape in longitude and
    latitude, at least three and not closed, whose line does not cross itself.
    """

    def report() -> None:
        code = getattr(st.session_state.get(key), "picked", None)
        if code is not None:
            on_pick(str(code))

    def report_drawn() -> None:
        ring = corners(getattr(st.session_state.get(key), "drawn", None))
        if ring and on_draw is not None:
            on_draw(ring)

    sent = {
        "module": scripts.address("live_map.js"),
        "leaflet": scripts.LEAFLET,
        "scripts": {part: scripts.address(f"live_map_{part}.js") for part in PARTS},
        "ahead": ahead,
        "failed": FAILED,
        "unsaved": UNSAVED,
        **drawing.written,
        **{name: getattr(drawing, name) for name in SEEN},
        "highlighted": _marks(drawing.highlighted, len(drawing.classes)),
    }
    _component(key=key, data=sent, on_picked_change=report, on_drawn_change=report_drawn)


def _packed(drawing: Drawing) -> dict[str, Any]:
    """Write what there is for each area in few letters; live_map.js reads both forms."""
    labels, around = scripts.shortened(drawing.labels)
    packed: dict[str, Any] = {"labels": labels, "around": around}
    if len(drawing.classes) <= scripts.MANY:
        return packed
    packed["classes"] = "".join(LETTERS[number - BEYOND] for number in drawing.classes)
    if drawing.hatched:
        packed["hatched"] = _marks(drawing.hatched, len(drawing.classes))
    return packed


def _marks(positions: Sequence[int], areas: int) -> Sequence[int] | str:
    """Write which areas are marked: their positions, or one bit an area where there are many."""
    if areas <= scripts.MANY or not positions:
        return positions
    marked = set(positions)
    return f"{int('1' + ''.join('1' if at in marked else '0' for at in range(areas)), 2):x}"


def corners(sent: Any) -> list[tuple[float, float]]:
    """Return what a browser sent as corners in longitude and latitude; [] where it is no shape."""
    if not isinstance(sent, list) or not 3 <= len(sent) <= MOST_CORNERS:
        return []
    ring = []
    for corner in sent:
        if not isinstance(corner, list | tuple) or len(corner) != 2:
            return []
        if not all(isinstance(number, int | float) for number in corner):
            return []
        lng, lat = float(corner[0]), float(corner[1])
        if not (math.isfinite(lng) and math.isfinite(lat) and abs(lng) <= 180 and abs(lat) <= 90):
            return []
        ring.append((lng, lat))
    return ring
