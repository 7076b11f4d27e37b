"""Shapes for the screen: simpler, in degrees, in files that a browser may keep for ever.

In: a layer. Out: a simplified layer, a GeoJSON dict, or a file named by what it holds.
Nothing here is for measuring: areas of simplified shapes are not the areas.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from geo import polygons
from geo.errors import CommonGroundError
from geo.polygons import Shapes

DEGREES = "EPSG:4326"
# Where five decimals leave nothing of an area, up to four more are tried.
MOST_DECIMALS = 9


class NotATolerance(CommonGroundError):
    """A tolerance for simplifying that is not a length."""

    rule = "the tolerance must be a number of metres, zero or more"
    remedy = "Give for example tolerance_m=20."


class UnsafeName(CommonGroundError):
    """A name of a layer that cannot be part of a file name."""

    rule = "the name may hold letters, digits, underscores and hyphens only"
    remedy = "Use the layer's id."


def simplify(frame: gpd.GeoDataFrame, *, tolerance_m: float) -> gpd.GeoDataFrame:
    """Draw the same areas with fewer corners.

    Rule: a layer whose areas meet edge to edge (a coverage) keeps its shared borders shared,
    because each border is simplified once. A layer that overlaps itself, or whose neighbours do
    not meet exactly, is simplified area by area; borders drawn twice may then part by up to
    `tolerance_m`. An area that would vanish keeps its shape. No area is ever dropped.

    Parameters
    ----------
    tolerance_m
        Corners are dropped while the triangle they form is smaller than `tolerance_m` squared
        (coverage, Visvalingam-Whyatt), or nearer than `tolerance_m` to the line that replaces
        them (area by area, Douglas-Peucker).

    Returns
    -------
    GeoDataFrame
        The same index and columns in the same order, valid shapes.

    Raises
    ------
    NotATolerance
    """
    if not np.isfinite(tolerance_m) or tolerance_m < 0:
        raise NotATolerance("tolerance_m", found=[tolerance_m])
    if tolerance_m == 0:
        return frame.copy()
    shapes = np.asarray(frame.geometry.array)
    if shapely.coverage_is_valid(shapes):
        simpler = shapely.coverage_simplify(shapes, tolerance_m)
    else:
        simpler = shapely.simplify(shapes, tolerance_m, preserve_topology=True)
    for position in np.flatnonzero(~shapely.is_valid(simpler)):
        simpler[position] = polygons.mended(simpler[position], **polygons.STRUCTURE)
    gone = shapely.is_empty(simpler)
    simpler[gone] = shapes[gone]
    return frame.set_geometry(gpd.GeoSeries(simpler, index=frame.index, crs=frame.crs))


def geojson(frame: gpd.GeoDataFrame, *, decimals: int = 5) -> dict[str, Any]:
    """Return the layer as GeoJSON in longitude and latitude.

    Features come in the order of the index, with the properties `i` (position), `code` and
    `name`. Coordinates are rounded to `decimals` (the fifth is about a metre) so that shapes stay
    valid; an area that rounding would erase keeps more decimals.
    """
    shapes = _rounded(np.asarray(frame.geometry.to_crs(DEGREES).array), decimals)
    codes = [str(code) for code in frame.index]
    names = [str(name) for name in frame["name"]] if "name" in frame else codes
    drawn = shapely.to_geojson(shapely.orient_polygons(shapes))
    features = [
        {
            "type": "Feature",
            "properties": {"i": position, "code": code, "name": name},
            "geometry": json.loads(text),
        }
        for position, (code, name, text) in enumerate(zip(codes, names, drawn, strict=True))
    ]
    if not features:
        return {"type": "FeatureCollection", "features": []}
    box = [round(float(edge), decimals) for edge in shapely.total_bounds(shapes)]
    return {"type": "FeatureCollection", "bbox": box, "features": features}


def write(frame: gpd.GeoDataFrame, folder: str | os.PathLike[str], place_layer_name: str) -> Path:
    """Write the layer for the browser as `<name>-<hash>.json` and return the path.

    The twelve letters of the hash are the first of the content's SHA-256: another content has
    another name, so that a browser may keep a file without ever asking again. The file appears
    whole or not at all.

    Raises
    ------
    UnsafeName
    """
    if not re.fullmatch(r"[A-Za-z0-9_-]+", place_layer_name):
        raise UnsafeName("place_layer_name", found=[place_layer_name])
    text = json.dumps(geojson(frame), ensure_ascii=False, separators=(",", ":"))
    content = text.encode("utf-8")
    digest = hashlib.sha256(content).hexdigest()[:12]
    path = Path(folder) / f"{place_layer_name}-{digest}.json"
    if not path.exists():
        with tempfile.TemporaryDirectory(dir=folder, prefix=".writing-") as draft:
            whole = Path(draft) / path.name
            whole.write_bytes(content)
            whole.replace(path)
    return path


def _rounded(shapes: Shapes, decimals: int) -> Shapes:
    """Round coordinates; only shapes that plain rounding spoils are put to the slower way."""
    rounded = shapely.transform(shapes, lambda xy: np.round(xy, decimals))
    sound = shapely.is_valid(rounded)
    rounded[sound] = shapely.remove_repeated_points(rounded[sound])
    for position in np.flatnonzero(~sound):
        rounded[position] = _snapped(shapes[position], decimals)
    return rounded


def _snapped(shape: Any, decimals: int) -> Any:
    """Round one shape so that it stays valid and does not vanish."""
    valid = polygons.mended(shape, **polygons.STRUCTURE)
    for places in range(decimals, MOST_DECIMALS + 1):
        snapped = shapely.set_precision(valid, 10.0**-places)
        if not shapely.is_empty(snapped):
            return snapped
    return valid
