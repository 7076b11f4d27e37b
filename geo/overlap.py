"""Areas of intersection between two sets of polygons.

In: two arrays of valid (multi)polygons in one projected coordinate system. Out: `Overlaps`, the
pairs that share some land, as positions, with their shared area in square metres.

Two engines give the same answer: GEOS through shapely for small jobs, which start at once, and a
compiled kernel (`geo.kernel`) for national ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geo.errors import DifferentCRS, Faults, InvalidPolygons, NotPolygons, NotProjected

Geometries: TypeAlias = "npt.NDArray[Any] | gpd.GeoSeries | gpd.GeoDataFrame"
Positions: TypeAlias = npt.NDArray[np.int64]
Engine: TypeAlias = Literal["auto", "shapely", "kernel"]

POLYGONAL = (int(shapely.GeometryType.POLYGON), int(shapely.GeometryType.MULTIPOLYGON))


@dataclass(frozen=True)
class Overlaps:
    """Pairs of areas that share land, sorted by source and then target.

    Attributes
    ----------
    source, target
        Positions in the two inputs, int64, of equal length.
    area_m2
        Shared area of each pair in square metres, float64, always above zero.
    """

    source: Positions
    target: Positions
    area_m2: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.source)


def areas(
    source_geoms: Geometries,
    target_geoms: Geometries,
    *,
    pairs: tuple[Positions, Positions] | None = None,
    threads: int | None = None,
    engine: Engine = "auto",
) -> Overlaps:
    """Measure the area that each source shares with each target.

    Layers may have gaps, overlap themselves or lie on one another in any way; every pair is
    measured by itself: `area_st = |s ∩ t|`.

    Parameters
    ----------
    source_geoms, target_geoms
        Valid polygons or multipolygons: arrays of shapely geometries, GeoSeries or GeoDataFrames.
    pairs
        Positions `(source, target)` to measure; by default all whose bounding boxes meet.
    threads
        Threads for the kernel; by default one per core. The answer does not depend on it.
    engine
        "shapely", "kernel", or "auto": shapely for small jobs, which then never wait for a
        compilation, and the kernel for large ones.

    Returns
    -------
    Overlaps
        Only pairs with an area above zero.

    Raises
    ------
    InvalidPolygons, NotPolygons
        Naming the codes (or positions) at fault, in both inputs at once.
    DifferentCRS, NotProjected
        If the inputs carry coordinate systems that do not fit.
    """
    if engine not in ("auto", "shapely", "kernel"):
        raise ValueError(f"engine must be auto, shapely or kernel, not {engine!r}")
    source, target = _checked(source_geoms, target_geoms)
    first, second = candidate_pairs(source, target) if pairs is None else _as_pairs(pairs)
    area_m2 = _areas_by_shapely(source, target, first, second)
    return _sorted_positive(first, second, area_m2)


def candidate_pairs(
    source: npt.NDArray[Any], target: npt.NDArray[Any]
) -> tuple[Positions, Positions]:
    """Find the pairs whose bounding boxes meet, as positions in source and target."""
    found = shapely.STRtree(target).query(source)
    return found[0].astype(np.int64), found[1].astype(np.int64)


def _as_pairs(pairs: tuple[Positions, Positions]) -> tuple[Positions, Positions]:
    first, second = (np.asarray(side, dtype=np.int64).ravel() for side in pairs)
    if len(first) != len(second):
        raise ValueError(
            f"pairs must be two arrays of one length, not {len(first)} and {len(second)}"
        )
    return first, second


def _areas_by_shapely(
    source: npt.NDArray[Any], target: npt.NDArray[Any], first: Positions, second: Positions
) -> npt.NDArray[np.float64]:
    """Measure pairs with GEOS; an area that lies inside the other is not cut at all."""
    area_m2 = np.zeros(len(first))
    shapely.prepare(target)
    touching = np.flatnonzero(shapely.intersects(target[second], source[first]))
    s, t = source[first[touching]], target[second[touching]]
    inside = shapely.covers(t, s)
    area_m2[touching[inside]] = shapely.area(s[inside])
    cut = ~inside
    area_m2[touching[cut]] = shapely.area(shapely.intersection(s[cut], t[cut]))
    return area_m2


def _sorted_positive(
    first: Positions, second: Positions, area_m2: npt.NDArray[np.float64]
) -> Overlaps:
    keep = np.flatnonzero(area_m2 > 0)
    order = keep[np.lexsort((second[keep], first[keep]))]
    return Overlaps(first[order], second[order], area_m2[order])


def _checked(
    source_geoms: Geometries, target_geoms: Geometries
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return both inputs as plain arrays, or raise everything that is wrong with them."""
    faults = Faults("areas of overlap")
    _check_crs(source_geoms, target_geoms, faults)
    source = _check_polygons(source_geoms, "source", faults)
    target = _check_polygons(target_geoms, "target", faults)
    faults.raise_any()
    return source, target


def _check_crs(source: Geometries, target: Geometries, faults: Faults) -> None:
    known = [crs for crs in (getattr(side, "crs", None) for side in (source, target)) if crs]
    if len(known) == 2 and known[0] != known[1]:
        detail = f"source in {known[0].to_string()}, target in {known[1].to_string()}"
        faults.add(DifferentCRS("areas of overlap", detail=detail))
    elif known and not known[0].is_projected:
        faults.add(NotProjected("areas of overlap", detail=f"found {known[0].to_string()}"))


def _check_polygons(side: Geometries, where: str, faults: Faults) -> npt.NDArray[Any]:
    if isinstance(side, gpd.GeoDataFrame | gpd.GeoSeries):
        geometry = np.asarray(side.geometry.values, dtype=object)
        codes = side.index.to_numpy()
    else:
        geometry = np.asarray(side, dtype=object).ravel()
        codes = np.arange(len(geometry))
    polygonal = np.isin(shapely.get_type_id(geometry), POLYGONAL)
    if not polygonal.all():
        faults.add(NotPolygons(where, found=codes[~polygonal].tolist()))
    broken = polygonal & ~shapely.is_valid(geometry)
    if broken.any():
        first_reason = shapely.is_valid_reason(geometry[np.argmax(broken)])
        detail = f"the first: {first_reason}"
        faults.add(InvalidPolygons(where, found=codes[broken].tolist(), detail=detail))
    return geometry
