"""Finding an area as people look for one: by a postcode, or by a part of its name.

In: what a visitor typed. Out: the areas it may mean, nearest first, each with its level and code;
or a sentence that says why there is none. Nothing typed leaves the machine.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely

from data.blocks import spelled
from data.run import Result
from geo.codes import row_of
from pages.shared import figures

MOST = 12
POSTCODE = re.compile(r"[A-Z]{1,2}[0-9][0-9A-Z]?[0-9][A-Z]{2}")
BEGUN = re.compile(r"[A-Z]{1,2}[0-9][0-9A-Z]?[0-9]?[A-Z]?")


@dataclass(frozen=True)
class Found:
    """One area that a visitor may mean."""

    level: str
    code: str
    name: str
    kind: str


@dataclass(frozen=True)
class Search:
    """What was found, and what to say about it."""

    areas: tuple[Found, ...]
    said: str


def search(result: Result, words: str) -> Search:
    """Look for a postcode, else for names; the smallest areas come first."""
    plain = "".join(words.upper().split())
    if POSTCODE.fullmatch(plain):
        return _by_postcode(result, spelled(plain))
    named = _by_name(result, " ".join(words.split()))
    points = result.place.postcodes
    if named.areas or points is None or not BEGUN.fullmatch(plain):
        return named
    whole = next((code for code in points.index if code.replace(" ", "").startswith(plain)), None)
    if whole is None:
        return Search((), f"No postcode of {result.place.name} begins with {plain}.")
    return Search((), f"Type the whole postcode, such as {whole}: a part of it is in many areas.")


def _by_postcode(result: Result, shown: str) -> Search:
    points = result.place.postcodes
    if points is None:
        return Search(
            (), "This place holds no list of postcodes. Type a part of the area's name instead."
        )
    row = row_of(points.index, shown)
    if row < 0:
        return Search(
            (),
            f"{shown} is not among the {len(points):,} postcodes of {result.place.name} and its "
            "surroundings. Check the spelling, or type a part of the area's name.",
        )
    spot = shapely.Point(points["x"].iloc[row], points["y"].iloc[row])
    base = _around(result.layers[result.place.base_layer], spot)
    areas = () if not base else tuple(
        _found(result, level, code)
        for level in result.levels
        for code in _holding(result, level, base[0], spot)
    )  # fmt: skip
    if not areas:
        return Search((), f"{shown} lies beyond {result.place.name}.")
    return Search(areas, f"{shown} lies in these areas, the smallest first:")


def _around(areas: gpd.GeoDataFrame, spot: shapely.Point) -> list[str]:
    """Return the codes of the areas that hold a spot, in the order of the codes."""
    rows = areas.sindex.query(spot, predicate="intersects")
    return sorted(str(code) for code in areas.index[rows])


def _holding(result: Result, level: str, base: str, spot: shapely.Point) -> list[str]:
    """Return the areas of a level that a spot in a base area belongs to, if they can be shown.

    Of the areas that share the base area, those whose borders hold the spot: a home belongs to its
    own ward, and not to the one that most of its small area lies in, and where a level leaves land
    out it may belong to none. A part below the tolerance is an error of borders; where areas are
    known by a table only, the largest part decides.
    """
    crosswalk, tolerance = result.crosswalks[level], result.place.tolerance
    row = crosswalk.weights[[row_of(crosswalk.sources, base)]]
    if row.nnz == 0:
        return []
    own = [str(crosswalk.targets[int(row.indices[int(np.argmax(row.data))])])]
    if result.place.settings.layer(level).crosswalk.by != "lookup":
        parts = {str(crosswalk.targets[i]) for i in row.indices[row.data > tolerance]}
        around = _around(result.layers[level], spot)
        left_out = not around and row.data.sum() < 1 - tolerance
        own = [code for code in around if code in parts] or ([] if left_out else own)
    here = figures.here(result, level)
    return [code for code in own if bool(here.get(code, False))]


def _by_name(result: Result, words: str) -> Search:
    wanted = words.casefold()
    found: list[Found] = []
    for level, table in result.level_tables.items():
        names = table.loc[figures.here(result, level), "name"].astype("str")
        hits = names[[wanted in str(name).casefold() or wanted == str(code).casefold()
                      for code, name in names.items()]]  # fmt: skip
        # A name that begins with what was typed is meant more likely than one that holds it.
        mine = [_found(result, level, str(code)) for code in hits.index]
        found += sorted(mine, key=lambda area: area.name)
    found.sort(key=lambda area: not _begins(area.name, wanted))
    if not found:
        return Search(
            (), f"No area of {result.place.name} is called “{words}”. Try a shorter part of it."
        )
    more = f" {len(found) - MOST:,} more match; type more of the name." if len(found) > MOST else ""
    return Search(tuple(found[:MOST]), f"Areas whose name holds “{words}”:{more}")


def _begins(name: str, wanted: str) -> bool:
    return name.casefold().startswith(wanted)


def _found(result: Result, level: str, code: str) -> Found:
    title = result.place.settings.layer(level).title
    return Found(level, code, str(result.level_tables[level].at[code, "name"]), title)
