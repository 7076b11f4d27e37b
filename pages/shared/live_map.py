"""The live map: values of areas onto shapes that the browser already holds.

In: the address of a prepared shape file and, in its order, a class and a label for each area.
Out: the map on the page, and the code of the area that a visitor clicked or chose with the keys.
Drawing happens in `js/live_map.js`; this module only says what is to be drawn. Under `AppTest` no
browser runs and nothing is ever picked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

JS = Path(__file__).parent / "js"
NO_DATA = -1  # classes that are no class; the same numbers stand in live_map.js
BEYOND = -2
LEAFLET_VERSION = "1.9.3"  # xstatic-leaflet, pinned in pyproject.toml; part of the address
FAILED = "The map could not be drawn. The table beside it holds the same figures."

# The inline script travels with every run, so it only fetches the real module, once. It runs from
# a blob, where a relative address means nothing: hence document.baseURI.
_SHIM = """
let module;
const latest = new WeakMap();
export default function (args) {
  const el = args.parentElement;
  latest.set(el, args);
  module ||= import(new URL(args.data.module, document.baseURI).href);
  module.then((m) => { if (latest.get(el) === args) el.leave = m.default(args); });
  return () => { latest.delete(el); el.leave?.(); el.leave = null; };
}
"""


@dataclass(frozen=True)
class Legend:
    """The legend: a title with its unit, a note on direction, one label a class, then the rest.

    `beyond` names the areas that are drawn but not compared, `outline` the line around the place;
    "" where there are none.
    """

    title: str
    note: str
    labels: Sequence[str]
    no_data: str = "No data"
    beyond: str = ""
    outline: str = ""


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


def live_map(drawing: Drawing, *, key: str = "live_map", on_pick: Callable[[str], None]) -> None:
    """Draw the map and call `on_pick` with the code of an area that is clicked or chosen."""

    def report() -> None:
        code = getattr(st.session_state.get(key), "picked", None)
        if code is not None:
            on_pick(str(code))

    scripts = {
        "module": _address("live_map.js"),
        "leaflet": f"/local/leaflet/leaflet.js?v={LEAFLET_VERSION}",
        "failed": FAILED,
    }
    _component(
        key=key,
        data={**vars(drawing), "legend": vars(drawing.legend)} | scripts,
        on_picked_change=report,
    )


def preload() -> str:
    """Return the `Link` header that lets a browser fetch the map's scripts with the page itself.

    Without it the browser learns of them only once the page runs, half a second later.
    """
    scripts = (_address("live_map.js"), f"/local/leaflet/leaflet.js?v={LEAFLET_VERSION}")
    sheets = (_address("live_map.css"), f"/local/leaflet/leaflet.css?v={LEAFLET_VERSION}")
    links = [f"<{script}>; rel=modulepreload" for script in scripts]
    links += [f"<{sheet}>; rel=preload; as=style" for sheet in sheets]
    return ", ".join(links)


def _address(name: str) -> str:
    """Return the address of one of our scripts; its hash lets the browser keep it for ever."""
    digest = hashlib.sha256((JS / name).read_bytes()).hexdigest()[:12]
    return f"/local/js/{name}?v={digest}"


def _html() -> str:
    sheets = (f"/local/leaflet/leaflet.css?v={LEAFLET_VERSION}", _address("live_map.css"))
    links = "".join(f'<link rel="stylesheet" href="{sheet}">' for sheet in sheets)
    return links + (JS / "live_map.html").read_text(encoding="utf-8")


_component = st.components.v2.component("live_map", html=_html(), js=_SHIM, isolate_styles=True)
