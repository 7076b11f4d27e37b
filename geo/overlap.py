"""Areas of intersection between two sets of polygons.

In: two arrays of valid (multi)polygons in one projected coordinate system. Out: `Overlaps`, the
pairs that share some land, as positions, with their shared area in square metres.

Two engines give the same answer: GEOS through shapely for small jobs, which start at once, and a
compiled kernel (`geo.kernel`) for national ones.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geo.errors import (
    DifferentCRS,
    Faults,
    InvalidPolygons,
    NotPolygons,
    NotProjected,
    UnknownPairs,
)
from geo.reference import same

Polygons: TypeAlias = npt.NDArray[np.object_]
Geometries: TypeAlias = "npt.NDArray[Any] | gpd.GeoSeries | gpd.GeoDataFrame"
Positions: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]
Engine: TypeAlias = Literal["auto", "shapely", "kernel"]

POLYGONAL = (int(shapely.GeometryType.POLYGON), int(shapely.GeometryType.MULTIPOLYGON))
# Both engines round to about 1e-14 of the box that two areas share: less than this is no overlap.
ROUNDING = 1e-13
# Share by which an intersection of GEOS may exceed the smaller polygon before it is doubted.
WRONG = 1e-9
# Coordinates of all pairs together. GEOS takes about a second for two million, which is less than
# compiling the kernel takes; see docs/benchmarks.md. The choice depends on the input alone, so
# that the same job gives the same bits whether or not the kernel was compiled before.
KERNEL_FROM = 2_000_000
# Enough for a thread's work to outweigh its start.
PAIRS_A_THREAD = 256


@dataclass(frozen=True, eq=False)
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
    area_m2: Floats

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
    measured by itself, `area_st = |s ∩ t|`, and comes out the same, bit for bit, whatever else is
    measured with it, however many threads there are and which of the two is called source.

    Parameters
    ----------
    source_geoms, target_geoms
        Valid polygons or multipolygons: arrays of shapely geometries, GeoSeries or GeoDataFrames.
    pairs
        Positions `(source, target)` to measure; by default all whose bounding boxes meet.
    threads
        Threads for the kernel; by default one for each core.
    engine
        "shapely", "kernel", or "auto": shapely for small jobs, which then never wait for a
        compilation, and the kernel for large ones. They agree to about 1e-6 m2 on layers of
        small areas; callers that cut one job into several should name the engine.

    Returns
    -------
    Overlaps
        Pairs with an area above zero. Less than 1e-13 of the box that both areas share is the
        rounding of either engine and counts as none.

    Raises
    ------
    InvalidPolygons, NotPolygons
        Naming the codes (or positions) at fault, in both inputs at once.
    DifferentCRS, NotProjected
        If the inputs carry coordinate systems that do not fit.
    UnknownPairs
        If `pairs` do not fit the inputs.

    Examples
    --------
    >>> squares = shapely.box([0, 1], [0, 0], [1, 2], [1, 1])
    >>> shared = areas(squares, [shapely.box(0.5, 0, 2, 1)])
    >>> shared.source.tolist(), shared.area_m2.tolist()
    ([0, 1], [0.5, 1.0])
    """
    if engine not in ("auto", "shapely", "kernel"):
        raise ValueError(f"engine must be auto, shapely or kernel, not {engine!r}")
    source, target = _plain_checked(source_geoms, target_geoms)
    first, second = _pairs(source, target, pairs)
    chosen = engine_for(source, target, first, second) if engine == "auto" else engine
    if chosen == "kernel":
        area_m2 = _areas_by_kernel(source_geoms, target_geoms, first, second, threads)
    else:
        _raise_invalid(source_geoms, target_geoms, _is_valid(source), _is_valid(target))
        if pairs is None:
            first, second = candidate_pairs(source, target, meeting=True)
        area_m2 = _areas_by_shapely(source, target, first, second)
    order = _order(source, target, first, second, area_m2)
    return Overlaps(first[order], second[order], area_m2[order])


def pieces(source_geoms: Geometries, target_geoms: Geometries) -> tuple[Overlaps, Polygons]:
    """Cut each source by each target: as `areas` with the GEOS engine, and the shapes too.

    Returns
    -------
    Overlaps, ndarray
        The pairs, and the shape `s ∩ t` of each: mostly polygons, sometimes with the lines and
        points along which the two only touch.
    """
    return cut_pieces(*checked(source_geoms, target_geoms))


def checked(source_geoms: Geometries, target_geoms: Geometries) -> tuple[Polygons, Polygons]:
    """Return both inputs as plain arrays of valid polygons, or raise every fault of them."""
    source, target = _plain_checked(source_geoms, target_geoms)
    _raise_invalid(source_geoms, target_geoms, _is_valid(source), _is_valid(target))
    return source, target


def cut_pieces(source: Polygons, target: Polygons) -> tuple[Overlaps, Polygons]:
    """Cut polygons that are `checked`: as `pieces`, and nothing but GEOS, for other threads."""
    first, second = candidate_pairs(source, target, meeting=True)
    s, t = source[first], target[second]
    shapes = _intersections(s, t)
    wrong = _impossible(s, t, shapely.area(shapes))
    # Rounded to a micrometre, which the ordinary way spares, GEOS noding does not fail.
    shapes[wrong] = shapely.intersection(s[wrong], t[wrong], grid_size=1e-6)
    area_m2 = np.asarray(shapely.area(shapes), dtype=np.float64)
    order = _order(source, target, first, second, area_m2)
    return Overlaps(first[order], second[order], area_m2[order]), shapes[order]


def _plain_checked(source_geoms: Geometries, target_geoms: Geometries) -> tuple[Polygons, Polygons]:
    """Return both inputs as plain arrays, or raise all that makes them unfit for a search."""
    faults = Faults("areas of overlap")
    _check_crs(source_geoms, target_geoms, faults)
    source = _polygons(source_geoms, "source", faults)
    target = _polygons(target_geoms, "target", faults)
    faults.raise_any()
    return source, target


def _order(
    source: Polygons, target: Polygons, first: Positions, second: Positions, area_m2: Floats
) -> Positions:
    """Return the pairs that share more than rounding, sorted by source and then target."""
    box = _shared_box(source, target, first, second)
    keep = np.flatnonzero(area_m2 > ROUNDING * box)
    return np.asarray(keep[np.lexsort((second[keep], first[keep]))], dtype=np.int64)


def candidate_pairs(
    source: Polygons, target: Polygons, *, meeting: bool = False
) -> tuple[Positions, Positions]:
    """Find the pairs whose boxes meet, as positions in source and target.

    With `meeting`, only those that meet themselves: that needs valid polygons and takes longer,
    but much less than intersecting them.
    """
    found = shapely.STRtree(target).query(source, predicate="intersects" if meeting else None)
    return found[0].astype(np.int64), found[1].astype(np.int64)


def _pairs(
    source: Polygons, target: Polygons, pairs: tuple[Positions, Positions] | None
) -> tuple[Positions, Positions]:
    if pairs is None:
        return candidate_pairs(source, target)
    first, second = (np.asarray(side, dtype=np.int64).ravel() for side in pairs)
    if len(first) != len(second):
        raise UnknownPairs("pairs", detail=f"{len(first)} sources, {len(second)} targets")
    outside = (first < 0) | (first >= len(source)) | (second < 0) | (second >= len(target))
    if outside.any():
        found = zip(first[outside].tolist(), second[outside].tolist(), strict=True)
        raise UnknownPairs("pairs", found=found)
    return first, second


def engine_for(source: Polygons, target: Polygons, first: Positions, second: Positions) -> Engine:
    """Choose the engine of a job: the kernel where the pairs' corners are worth a compilation."""
    sizes = shapely.get_num_coordinates(source)[first].sum(dtype=np.int64)
    sizes += shapely.get_num_coordinates(target)[second].sum(dtype=np.int64)
    return "kernel" if sizes > KERNEL_FROM else "shapely"


def _shared_box(source: Polygons, target: Polygons, first: Positions, second: Positions) -> Floats:
    """Return the area of the box that is common to the bounding boxes of each pair."""
    a, b = shapely.bounds(source)[first], shapely.bounds(target)[second]
    size = np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2])
    return np.nan_to_num(np.maximum(size, 0.0)).prod(axis=1)


def _areas_by_shapely(
    source: Polygons, target: Polygons, first: Positions, second: Positions
) -> Floats:
    """Measure pairs with GEOS, unless what it says cannot be true."""
    s, t = source[first], target[second]
    area_m2 = np.asarray(shapely.area(_intersections(s, t)), dtype=np.float64)
    wrong = _impossible(s, t, area_m2)
    if len(wrong):
        area_m2[wrong] = _areas_by_kernel(source, target, first[wrong], second[wrong], None)
    return area_m2


def _impossible(s: Polygons, t: Polygons, area_m2: Floats) -> Positions:
    """Find intersections that are larger than one of their polygons.

    GEOS 3.14 can return a whole square for its intersection with a sliver 1e-11 m wide.
    """
    most = np.minimum(shapely.area(s), shapely.area(t))
    return np.flatnonzero(area_m2 > most * (1 + WRONG))


def _intersections(s: Polygons, t: Polygons) -> Polygons:
    """Intersect pairs with GEOS, each in the order of its own two polygons."""
    ordered = _comes_first(s, t)
    # A prepared polygon would be quicker to reject, but preparing writes into the caller's shapes.
    a, b = np.where(ordered, s, t), np.where(ordered, t, s)
    cut = np.empty(len(a), dtype=object)

    def intersect(part: slice) -> None:
        cut[part] = shapely.intersection(a[part], b[part])

    # GEOS lets go of the interpreter's lock, so pairs are cut on all cores, in their own places.
    parts = [slice(k, k + PAIRS_A_THREAD) for k in range(0, len(a), PAIRS_A_THREAD)]
    if len(parts) > 1:
        with ThreadPoolExecutor(_cores()) as threads:
            list(threads.map(intersect, parts))
    else:
        intersect(slice(None))
    return cut


def _comes_first(s: Polygons, t: Polygons) -> npt.NDArray[np.bool_]:
    """Say for each pair which polygon comes first: by size, box, area and at last by its bytes."""
    keys = [
        np.column_stack(
            [shapely.get_num_coordinates(side), shapely.bounds(side), shapely.area(side)]
        )
        for side in (s, t)
    ]
    differs = keys[0] != keys[1]
    rows, column = np.arange(len(s)), differs.argmax(axis=1)
    first = keys[0][rows, column] < keys[1][rows, column]
    tied = np.flatnonzero(~differs.any(axis=1))
    first[tied] = shapely.to_wkb(s[tied]) <= shapely.to_wkb(t[tied])
    return np.asarray(first, dtype=np.bool_)


def _areas_by_kernel(
    source_geoms: Geometries,
    target_geoms: Geometries,
    first: Positions,
    second: Positions,
    threads: int | None,
) -> Floats:
    """Measure pairs with the compiled kernel; GEOS judges only what is not plainly valid."""
    # numba takes half a second to import, which small jobs must not pay for.
    from geo import kernel, packed

    source, target = _plain(source_geoms), _plain(target_geoms)
    both = np.concatenate([source, target])
    shapes = packed.pack(both)
    valid = packed.plainly_valid(shapes, threads=threads or _cores())
    valid[~valid] = _is_valid(both[~valid])
    _raise_invalid(source_geoms, target_geoms, valid[: len(source)], valid[len(source) :])
    second = second + len(source)
    area_m2 = kernel.pair_areas(shapes, first, second, threads=threads or _cores())
    intricate = np.isnan(area_m2)
    cut = _intersections(both[first[intricate]], both[second[intricate]])
    area_m2[intricate] = shapely.area(cut)
    return area_m2


def _cores() -> int:
    """Count the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _check_crs(source: Geometries, target: Geometries, faults: Faults) -> None:
    known = [crs for crs in (getattr(side, "crs", None) for side in (source, target)) if crs]
    if len(known) == 2 and not same(known[0], known[1]):
        detail = f"source in {known[0].to_string()}, target in {known[1].to_string()}"
        faults.add(DifferentCRS("areas of overlap", detail=detail))
    elif known and not known[0].is_projected:
        faults.add(NotProjected("areas of overlap", detail=f"found {known[0].to_string()}"))


def _plain(side: Geometries) -> Polygons:
    if isinstance(side, gpd.GeoDataFrame | gpd.GeoSeries):
        return np.asarray(side.geometry.values, dtype=object)
    return np.asarray(side, dtype=object).ravel()


def _codes(side: Geometries, at_fault: npt.NDArray[np.bool_]) -> list[object]:
    """Name the areas at fault: by code where the input has an index, else by position."""
    if isinstance(side, gpd.GeoDataFrame | gpd.GeoSeries):
        return list(side.index[at_fault])
    return list(np.flatnonzero(at_fault).tolist())


def _polygons(side: Geometries, where: str, faults: Faults) -> Polygons:
    """Return one input as a plain array and collect what makes it unfit even for a search."""
    polygons = _plain(side)
    other = ~np.isin(shapely.get_type_id(polygons), POLYGONAL)
    if other.any():
        faults.add(NotPolygons(where, found=_codes(side, other)))
    # A box that is not finite would spoil the search for pairs; NaN inside a ring is found later.
    endless = ~other & ~shapely.is_empty(polygons)
    endless &= ~np.isfinite(shapely.bounds(polygons)).all(axis=1)
    if endless.any():
        detail = "coordinates that are not finite"
        faults.add(InvalidPolygons(where, found=_codes(side, endless), detail=detail))
    return polygons


def _is_valid(polygons: Polygons) -> npt.NDArray[np.bool_]:
    # GEOS raises the floating point flag on NaN, which numpy would turn into a warning.
    with np.errstate(invalid="ignore"):
        return np.asarray(shapely.is_valid(polygons), dtype=np.bool_)


def _raise_invalid(
    source: Geometries,
    target: Geometries,
    source_valid: npt.NDArray[np.bool_],
    target_valid: npt.NDArray[np.bool_],
) -> None:
    """Raise the invalid polygons of both inputs at once, with the reason of each one's first."""
    faults = Faults("areas of overlap")
    for where, side, valid in (("source", source, source_valid), ("target", target, target_valid)):
        if not valid.all():
            with np.errstate(invalid="ignore"):
                reason = shapely.is_valid_reason(_plain(side)[np.argmin(valid)])
            detail = f"the first: {reason}"
            faults.add(InvalidPolygons(where, found=_codes(side, ~valid), detail=detail))
    faults.raise_any()
