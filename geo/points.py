"""Points into areas.

In: coordinates (n, 2) and a layer in the same projected system. Out: for each point the position of
the area that holds it, or -1; or, for layers that overlap themselves, every pair.

A point on a border belongs to both neighbours in geometry; in `locate` it goes to the one with the
smallest code, so that nobody is counted twice and every run gives the same answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geo import polygons
from geo.errors import CommonGroundError

Positions = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
NOWHERE = -1
# Candidate pairs held at once: 80 MB of positions.
BLOCK = 5_000_000
MOST_STRIPS = 10_000


class NotPoints(CommonGroundError):
    """Coordinates that do not come as rows of x and y."""

    rule = "points must be numbers in two columns, x and y"
    remedy = "Give an array of shape (n, 2), in the coordinate system of the areas."


def locate(points_xy: npt.ArrayLike, areas: gpd.GeoDataFrame) -> Positions:
    """Find the area that each point lies in.

    Parameters
    ----------
    points_xy
        (n, 2) float64, x and y in the coordinate system of `areas`.
    areas
        A layer. Where several of its areas hold a point, on a shared border or because the layer
        overlaps itself, the one with the smallest code is taken.

    Returns
    -------
    ndarray
        (n,) int64 positions in `areas`, -1 for a point outside all of them. A point whose
        coordinates are not finite is outside all.

    Raises
    ------
    NotPoints
    """
    points = _checked(points_xy)
    point, area = locate_all(points, areas)
    by_code = np.argsort(areas.index.to_numpy().astype(str), kind="stable")
    order = np.empty(len(areas), dtype=np.int64)
    order[by_code] = np.arange(len(areas))
    first = np.full(len(points), len(areas), dtype=np.int64)
    np.minimum.at(first, point, order[area])
    found = first < len(areas)
    positions = np.full(len(points), NOWHERE, dtype=np.int64)
    positions[found] = by_code[first[found]]
    return positions


def locate_all(points_xy: npt.ArrayLike, areas: gpd.GeoDataFrame) -> tuple[Positions, Positions]:
    """Find every area that each point lies in or on the border of.

    No geometry is made of the points, which takes the libraries most of their time: points are
    sorted into horizontal strips and by x within each, so that the points in an area's bounding
    box are a few runs of neighbours, and only those are put to GEOS, with the area prepared.

    Returns
    -------
    tuple of ndarray
        Positions of points and of areas, int64, of equal length, sorted by point and then area.
        A point outside all areas does not occur.

    Raises
    ------
    NotPoints
    """
    points = _checked(points_xy)
    shapes = polygons.own(np.asarray(areas.geometry.array))
    if not len(points) or not len(shapes):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    shapely.prepare(shapes)
    held, holder = [], []
    for point, area in _candidates(points, shapely.bounds(shapes)):
        inside = shapely.intersects_xy(shapes[area], points[point, 0], points[point, 1])
        held.append(point[inside])
        holder.append(area[inside])
    point, area = np.concatenate(held), np.concatenate(holder)
    order = np.lexsort((area, point))
    return point[order], area[order]


def _candidates(points: Floats, boxes: Floats) -> Iterator[tuple[Positions, Positions]]:
    """Give the pairs of points and areas whose bounding box holds the point, block by block."""
    known = np.flatnonzero(np.isfinite(points).all(axis=1))
    strips, order = _Strips.of(points[known], boxes)
    by_key = known[order]
    area, start, stop = strips.runs(boxes)
    ends = np.cumsum(stop - start)
    cuts = np.searchsorted(ends, np.arange(BLOCK, ends[-1] if len(ends) else 0, BLOCK))
    for run in np.split(np.arange(len(area)), cuts):
        lengths = (stop - start)[run]
        within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        point = by_key[np.repeat(start[run], lengths) + within]
        owner = np.repeat(area[run], lengths)
        y = points[point, 1]
        fits = (y >= boxes[owner, 1]) & (y <= boxes[owner, 3])
        yield point[fits].astype(np.int64), owner[fits].astype(np.int64)


@dataclass(frozen=True)
class _Strips:
    """Points sorted by horizontal strip and by x within it, as one growing key."""

    keys: Floats
    south: float
    height: float
    west: float
    width: float
    count: int

    @classmethod
    def of(cls, points: Floats, boxes: Floats) -> tuple[_Strips, Positions]:
        """Sort points into strips about as high as the areas, and give the order too."""
        low = points.min(axis=0, initial=np.inf)
        high = points.max(axis=0, initial=-np.inf)
        low, high = (low, high) if len(points) else (np.zeros(2), np.ones(2))
        height = max(float(np.nanmedian(boxes[:, 3] - boxes[:, 1])), 0.0)
        count = int(np.clip((high[1] - low[1]) / height if height else 1, 1, MOST_STRIPS))
        # Points in one row have no height; a micrometre divides without overflow.
        height = max(float(high[1] - low[1]) / count, 1e-6)
        # Twice the width between strips, so that no x can slip into the next one.
        width = 2 * max(float(high[0] - low[0]), 1.0)
        strips = cls(np.empty(0), float(low[1]), height, float(low[0]), width, count)
        keys = strips.row(points[:, 1]) * width + (points[:, 0] - low[0])
        order = np.argsort(keys, kind="stable")
        return replace(strips, keys=keys[order]), order

    def row(self, y: Floats) -> Positions:
        """Return the strip that holds each y, the first or the last for one beyond them."""
        return np.clip((y - self.south) / self.height, 0, self.count - 1).astype(np.int64)

    def runs(self, boxes: Floats) -> tuple[Positions, Positions, Positions]:
        """Return for each box and each strip it crosses the run of sorted points within it."""
        drawn = np.flatnonzero(np.isfinite(boxes).all(axis=1))
        first, last = self.row(boxes[drawn, 1]), self.row(boxes[drawn, 3])
        crossed = last - first + 1
        area = np.repeat(drawn, crossed)
        step = np.arange(crossed.sum()) - np.repeat(np.cumsum(crossed) - crossed, crossed)
        base = (np.repeat(first, crossed) + step) * self.width
        x_low = np.clip(boxes[area, 0] - self.west, 0, self.width / 2)
        x_high = np.clip(boxes[area, 2] - self.west, -1, self.width / 2)
        start = np.searchsorted(self.keys, base + x_low - self._slack(), side="left")
        stop = np.searchsorted(self.keys, base + x_high + self._slack(), side="right")
        return area, start, np.maximum(start, stop)

    def _slack(self) -> float:
        """What rounding may take from a key; candidates are tested exactly afterwards."""
        return float(np.spacing(self.width * self.count))


def _checked(points_xy: npt.ArrayLike) -> npt.NDArray[np.float64]:
    try:
        points = np.asarray(points_xy, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise NotPoints("points_xy", detail=str(error)) from error
    if points.size == 0:
        return points.reshape(0, 2)
    if points.ndim != 2 or points.shape[1] != 2:
        raise NotPoints("points_xy", detail=f"the shape is {points.shape}")
    return points
