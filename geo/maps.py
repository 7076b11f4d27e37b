"""Maps that leave the app: one HTML file that needs nothing else.

In: a layer, a number for each area, and what to say about them. Out: a folium map with legend,
summary and table, and `save`, which writes it as one file that asks nothing of any network: Leaflet
is inside it, and a content policy forbids the browser to fetch anything.

Names come from files of strangers. They are shown as text, whatever they hold.
"""

from __future__ import annotations

import base64
import copy
import json
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from branca.element import Element, MacroElement
from folium.template import Template
from folium.utilities import JsCode

from geo import display, map_page
from geo.classes import NO_DATA, BadValues, Classes, Format, Scheme, classify, colours, two_way
from geo.map_page import Figure

__all__ = ["Classes", "Look", "classify", "colours", "folium_map", "html", "save", "two_way"]

# Above this many areas one canvas draws faster than as many SVG paths.
MOST_PATHS = 3_000


@dataclass(frozen=True)
class Look:
    """How a map is classed, coloured and marked.

    Attributes
    ----------
    k, scheme, breaks
        As `classify` takes them.
    palette
        As `colours` takes it.
    banner
        A warning above the map, such as that the place is fictional; none if empty.
    withheld
        Codes of areas whose figure is known and not told; they are hatched, and said to be so.
    unsure
        Why not to rely on the figure of an area, in words, by code; it is hatched over its colour,
        with the words in the legend, the table and beside the pointer.
    """

    k: int = 5
    scheme: Scheme = "quantiles"
    breaks: tuple[float, ...] | None = None
    palette: str = "YlGnBu"
    banner: str = ""
    withheld: frozenset[str] = frozenset()
    unsure: Mapping[str, str] = field(default_factory=dict)


def folium_map(
    frame: gpd.GeoDataFrame,
    values: pd.Series | npt.ArrayLike,
    *,
    title: str,
    legend_title: str,
    unit: str = "",
    format: Format = "{:,.1f}",
    source: str = "",
    look: Look | None = None,
) -> folium.Map:
    """Draw one figure by area, with a legend, a summary in words and a table of all values.

    Shapes are drawn as they are: pass a layer from `display.simplify`.

    Parameters
    ----------
    values
        A series indexed by code (areas it does not name have no data; a code that is not in the
        layer is an error), or n numbers in the order of the layer.
    title, legend_title, unit, source
        Texts, shown as they are.
    format
        How a number is written: a format string or a function.

    Raises
    ------
    geo.classes.BadValues, geo.classes.BadBreaks, geo.classes.UnknownChoice
    """
    look = look or Look()
    numbers = _aligned(values, frame)
    classes = classify(numbers, k=look.k, scheme=look.scheme, breaks=look.breaks)
    fills = colours(classes.k, look.palette) if classes.k else []
    write = format.format if isinstance(format, str) else format
    withheld = ~np.isfinite(numbers) & frame.index.astype("str").isin(look.withheld)
    without = np.where(withheld, map_page.WITHHELD, map_page.MISSING)
    texts = [
        write(float(number)) if np.isfinite(number) else str(words)
        for number, words in zip(numbers, without, strict=True)
    ]
    figure = Figure(
        title, legend_title, unit, source, look.banner, numbers, texts, classes.index, fills,
        classes.labelled(format), withheld, _unsure(frame, numbers, look.unsure),
        len(frame) <= MOST_PATHS,
    )  # fmt: skip
    drawn = display.geojson(frame)
    rows = []
    for feature, text, why in zip(drawn["features"], texts, figure.unsure, strict=True):
        said = feature["properties"]
        named = {key: map_page.shown(said[key]) for key in ("name", "code")}
        rows.append(named | {"text": text, "why": map_page.shown(why)})
        feature["id"] = str(said["i"])
        feature["properties"] = {"i": said["i"]}
    return _assembled(drawn, rows, figure)


def html(map: folium.Map) -> str:
    """Return the page of a map; the same map gives the same text every time."""
    # Drawing leaves marks on a folium map, which would come twice the second time.
    root = copy.deepcopy(map.get_root())
    text = str(root.render()).replace("<html>", '<html lang="en">', 1)
    # folium forbids zooming in, which people who see badly need.
    text = re.sub(r'(<meta name="viewport" content=")[^"]*', r"\1width=device-width", text, count=1)
    # folium numbers its elements at random: number them in order, so that equal maps are equal.
    for number, element in enumerate(_elements(root)):
        text = text.replace(element._id, f"{number:032x}")
    return text


def save(map: folium.Map, path: str | os.PathLike[str]) -> Path:
    """Write the map as one HTML file, whole or not at all, and return its path."""
    target = Path(path)
    content = html(map).encode("utf-8", "replace")
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".writing-") as folder:
        draft = Path(folder) / target.name
        draft.write_bytes(content)
        draft.replace(target)
    return target


class _OfflineMap(folium.Map):
    """A folium map without the scripts and styles that folium fetches from elsewhere."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.default_js, self.default_css = [], []


class _Raw(Element):
    """HTML that is put in as it is; folium would take braces in it for a template."""

    _template = Template("{{ this.text }}")

    def __init__(self, text: str) -> None:
        super().__init__()
        self._name = "Raw"
        self.text = text


class _Style(MacroElement):
    """Our style sheet; a child of the map, so that it comes after folium's own and prevails."""

    _template = Template("{% macro header(this, kwargs) %}{{ this.text }}{% endmacro %}")

    def __init__(self) -> None:
        super().__init__()
        self._name = "Style"
        self.text = f"<style>{map_page.STYLE}</style>"


def _assembled(drawn: dict[str, Any], rows: list[dict[str, Any]], figure: Figure) -> folium.Map:
    map = _OfflineMap(
        location=(0.0, 0.0), tiles=None, height="70vh", prefer_canvas=not figure.patterns,
        attribution_control=False, scroll_wheel_zoom=False, zoom_snap=0.25,
    )  # fmt: skip
    root: Any = map.get_root()
    root.title = escape(map_page.shown(figure.title))
    policy = f'<meta http-equiv="Content-Security-Policy" content="{map_page.POLICY}">'
    root.header.add_child(_Raw(policy + _leaflet()), name="leaflet", index=0)
    root.header.add_child(_Raw(f"<script>var areasInWords = {_script(rows)};</script>"))
    root.html.add_child(_Raw(map_page.above(figure)), name="above")
    # folium puts the map where this name already stands, and at the end where it does not.
    root.html.add_child(_Raw(""), name=map.get_name())
    if drawn["features"]:
        _areas(drawn, figure).add_to(map)
        west, south, east, north = drawn["bbox"]
        map.fit_bounds([[south, west], [north, east]])
    _Style().add_to(map)
    root.html.add_child(_Raw(map_page.below(figure, rows)), name="below")
    return map


def _areas(drawn: dict[str, Any], figure: Figure) -> folium.GeoJson:
    def style(feature: dict[str, Any]) -> dict[str, Any]:
        position = int(feature["properties"]["i"])
        known = figure.index[position] != NO_DATA
        return {
            "fillColor": figure.fill(position),
            "fillOpacity": 1,
            "color": "#333333",
            "weight": 0.5,
            "dashArray": None if known else "3",
        }

    return folium.GeoJson(
        drawn,
        style_function=style,
        highlight_function=lambda feature: {"weight": 2.5, "color": "#000000"},
        on_each_feature=JsCode(TOOLTIP),
        smooth_factor=0.5,
    )


# Names do not pass through folium, which reads its own output as a template once more, so that
# braces in a name would be run. As text nodes they are never read as HTML either.
TOOLTIP = """
function (feature, layer) {
    layer.bindTooltip(function () {
        var box = document.createElement("div");
        var words = areasInWords[feature.properties.i];
        [words.name, words.code, words.text, words.why].filter(Boolean).forEach(function (text, i) {
            var line = document.createElement(i ? "div" : "strong");
            line.dir = "auto";
            line.textContent = text;
            box.appendChild(line);
        });
        return box;
    }, {sticky: true});
}
"""


def _unsure(
    frame: gpd.GeoDataFrame, numbers: npt.NDArray[np.float64], unsure: Mapping[str, str]
) -> list[str]:
    """Return why not to rely on each area's figure; "" where nothing is said, or there is none."""
    codes = frame.index.astype("str").tolist()
    told = np.isfinite(numbers).tolist()
    return [unsure.get(code, "") if known else "" for code, known in zip(codes, told, strict=True)]


def _aligned(values: Any, frame: gpd.GeoDataFrame) -> npt.NDArray[np.float64]:
    if isinstance(values, pd.Series):
        named, own = values.index.name, frame.index.name
        if named is not None and own is not None and named != own:
            raise BadValues("values", detail=f"indexed by {named!r}, the layer by {own!r}")
        repeated = values.index[values.index.duplicated()].tolist()
        if repeated:
            raise BadValues("values", found=repeated, detail="codes occur twice")
        foreign = values.index.difference(frame.index).tolist()
        if foreign:
            raise BadValues("values", found=foreign, detail="codes that are not in the layer")
        values = values.reindex(frame.index)
    try:
        numbers = pd.to_numeric(pd.Series(values)).to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise BadValues("values", detail=str(error)) from error
    if len(numbers) != len(frame):
        detail = f"{len(numbers):,} values for {len(frame):,} areas"
        raise BadValues("values", detail=detail)
    return numbers


def _script(rows: list[dict[str, Any]]) -> str:
    """Write rows as JSON that cannot end the script it stands in."""
    text = json.dumps(rows, separators=(",", ":"))
    return re.sub(r"[<>&]", lambda mark: f"\\u{ord(mark[0]):04x}", text)


def _elements(root: Element) -> list[Any]:
    found: list[Any] = [root]
    for part in (*root._children.values(), *_parts(root)):
        found += _elements(part)
    return list({id(element): element for element in found}.values())


def _parts(element: Any) -> list[Any]:
    return [getattr(element, key) for key in ("header", "html", "script") if hasattr(element, key)]


@lru_cache(maxsize=1)
def _leaflet() -> str:
    """Return Leaflet's script and style with its pictures inside, from its installed package."""
    import xstatic.pkg.leaflet as package

    folder = Path(package.BASE_DIR)

    def inside(match: re.Match[str]) -> str:
        picture = base64.b64encode((folder / match[1]).read_bytes()).decode("ascii")
        return f"url(data:image/png;base64,{picture})"

    style = re.sub(r"url\((images/[^)]+)\)", inside, (folder / "leaflet.css").read_text("utf-8"))
    script = (folder / "leaflet.js").read_text("utf-8")
    script = re.sub(r"^//# sourceMappingURL=.*$", "", script, flags=re.MULTILINE)
    script = script.replace("</script", "<\\/script")
    return f"<script>{script}</script><style>{style}</style>"
