"""Shapes made fit for measuring: polygonal, flat, finite and valid.

In: an array of geometries as a file gave them. Out: valid (multi)polygons in the same order, with
a note for each one that was changed; or errors that name every area that cannot be used.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geo.codes import Flags, Texts
from geo.errors import Faults, NotPolygons
from geo.faults import BeyondRepair, MissingGeometry, NonFiniteCoordinates, NoSurface
from geo.files import Note

Shapes = npt.NDArray[Any]

MISSING = int(shapely.GeometryType.MISSING)
POLYGON = int(shapely.GeometryType.POLYGON)
COLLECTION = int(shapely.GeometryType.GEOMETRYCOLLECTION)
POLYGONAL = (POLYGON, int(shapely.GeometryType.MULTIPOLYGON))
# A square millimetre: less is what rounding leaves of a line drawn there and back.
LEAST_AREA_M2 = 1e-6
REPAIR_PASSES = 3


def check(shapes: Shapes, faults: Faults, *, labels: Texts, where: str) -> Flags:
    """Say which shapes can be used at all, and add a fault for each reason why others cannot.

    Adds `MissingGeometry`, `NotPolygons` and `NonFiniteCoordinates`, naming areas by `labels`.
    """
    kinds = shapely.get_type_id(shapes)
    absent = (kinds == MISSING) | shapely.is_empty(shapes)
    faulty(faults, MissingGeometry, absent, labels, where)
    held = np.isin(kinds, POLYGONAL) & ~absent
    for position in np.flatnonzero((kinds == COLLECTION) & ~absent):
        held[position] = len(_polygon_parts(shapes[position])) > 0
    other = ~held & ~absent
    names = sorted({str(shape.geom_type) for shape in shapes[other]})
    faulty(faults, NotPolygons, other, labels, where, detail=", ".join(names))
    infinite = ~finite(shapes) & ~other
    faulty(faults, NonFiniteCoordinates, infinite, labels, where)
    usable: Flags = held & ~infinite
    return usable


def own(shapes: Any) -> Any:
    """Return copies of shapes that nobody else holds, so that they may be prepared.

    Preparing writes into a shape; where another thread asks the same one meanwhile, as two visitors
    of one server do, the process ends.
    """
    return shapely.from_wkb(shapely.to_wkb(shapes))


def finite(shapes: Shapes) -> Flags:
    """Say for each shape whether all its x and y are finite numbers."""
    coordinates, owners = shapely.get_coordinates(shapes, return_index=True)
    ok = np.ones(len(shapes), dtype=bool)
    ok[owners[~np.isfinite(coordinates).all(axis=1)]] = False
    return ok


def flatten(shapes: Shapes, *, labels: Texts) -> tuple[Shapes, list[Note]]:
    """Drop heights and measures, and keep only the polygons of mixed collections; note both."""
    notes: list[Note] = []
    raised = shapely.has_z(shapes) | shapely.has_m(shapes)
    if raised.any():
        detail = f"heights or measures of {int(raised.sum()):,} areas were dropped"
        notes.append({"kind": "height dropped", "code": "", "detail": detail})
    flat = shapely.force_2d(shapes)
    for position in np.flatnonzero(shapely.get_type_id(flat) == COLLECTION):
        parts = _polygon_parts(flat[position])
        detail = f"its {len(parts)} polygons were kept, its points and lines dropped"
        notes.append({"kind": "collection", "code": str(labels[position]), "detail": detail})
        flat[position] = shapely.union_all([mended(part, **STRUCTURE) for part in parts])
    return flat, notes


# By structure, land that a shape covers twice is land; by line work it is a hole.
STRUCTURE: dict[str, Any] = {"method": "structure", "keep_collapsed": False}


def make_valid(shapes: Shapes, *, labels: Texts, where: str) -> tuple[Shapes, list[Note]]:
    """Repair invalid polygons and note each with its area before and after, in square metres.

    Raises
    ------
    BeyondRepair, NoSurface
        Shapes that cannot be repaired, or cover less than a square millimetre.
    """
    faults, done = Faults(where), repair(shapes, labels=labels)
    faulty(faults, BeyondRepair, done.lost, labels, where)
    faulty(faults, NoSurface, done.thin, labels, where)
    faults.raise_any()
    return done.shapes, done.notes


@dataclass(frozen=True)
class Repair:
    """Shapes after repair; which could not be repaired, and which cover nothing."""

    shapes: Shapes
    notes: list[Note]
    lost: Flags
    thin: Flags


def repair(shapes: Shapes, *, labels: Texts) -> Repair:
    """Repair invalid polygons as far as they can be.

    Land that an invalid shape covers twice, as where it folds over itself or has a shell within a
    shell, stays its land unless other areas of the layer cover most of it: then it was meant as a
    hole. (Of the LSOAs 2021 as published five have a hole drawn as a shell, 4.3 square kilometres
    that a neighbour covers exactly.) The area before is what the rings of the invalid shape add
    up to, which for a bow tie is the difference of its halves.
    """
    notes: list[Note] = []
    valid = shapes.copy()
    broken = np.flatnonzero(~shapely.is_valid(shapes))
    lost = np.zeros(len(shapes), dtype=bool)
    disputed = {}
    # GEOS lets go of the interpreter's lock, and a coast of 100,000 corners takes it a second.
    with ThreadPoolExecutor(os.cpu_count() or 1) as threads:
        for position, both in zip(broken, threads.map(_both_ways, shapes[broken]), strict=True):
            if both is None:
                lost[position] = True
            else:
                valid[position], disputed[position] = both
    holes = _holes(np.where(lost, shapely.Polygon(), valid), disputed)
    reasons = shapely.is_valid_reason(shapes[broken])
    for position, reason in zip(broken, reasons, strict=True):
        if lost[position]:
            continue
        detail = str(reason)
        if position in holes:
            valid[position] = mended(shapely.difference(valid[position], holes[position]))
            detail += f"; {holes[position].area:,.1f} m2 of other areas became a hole"
        note = {"kind": "repaired", "code": str(labels[position]), "detail": detail}
        before, after = shapely.area([shapes[position], valid[position]]).tolist()
        notes.append({**note, "area_before_m2": before, "area_after_m2": after})
    thin = (shapely.area(valid) < LEAST_AREA_M2) & ~lost
    return Repair(valid, notes, lost, thin)


def _both_ways(shape: Any) -> tuple[Any, Any] | None:
    """Mend a shape, and say which land of it is a hole by line work; None where GEOS gives up."""
    try:
        whole = mended(shape, **STRUCTURE)
        return whole, shapely.difference(whole, mended(shape))
    except shapely.errors.GEOSException:
        return None


def mended(shape: Any, **options: Any) -> Any:
    """Make one shape valid and polygonal.

    Crossings that round to the same place leave GEOS with a result that is invalid itself, once
    in a thousand of the published shapes; a second and third pass then cross nothing any more.
    `options` go to `shapely.make_valid`.
    """
    for _ in range(REPAIR_PASSES):
        shape = _together(shapely.make_valid(shape, **options))
        if shapely.is_valid(shape):
            return shape
    raise shapely.errors.GEOSException("still invalid after repair")


def _holes(shapes: Shapes, disputed: dict[Any, Any]) -> dict[Any, Any]:
    """Return, by position, the disputed land that other shapes cover for more than half."""
    undisputed = shapes.copy()
    for position, land in disputed.items():
        undisputed[position] = shapely.difference(shapes[position], land)
    tree = shapely.STRtree(undisputed)
    holes = {}
    for position, land in disputed.items():
        parts = _polygon_parts(land)
        taken = []
        for part in parts:
            near = tree.query(part, predicate="intersects")
            others = shapely.union_all(undisputed[near[near != position]])
            taken.append(shapely.intersection(part, others).area > part.area / 2)
        if any(taken):
            holes[position] = shapely.union_all(parts[np.array(taken)])
    return holes


def faulty(
    faults: Faults,
    kind: type[Any],
    flags: Flags,
    labels: Texts,
    where: str,
    *,
    detail: str = "",
) -> None:
    """Add one fault that names every flagged area, if any is."""
    if flags.any():
        faults.add(kind(where, found=labels[flags].tolist(), detail=detail))


def _polygon_parts(shape: Any) -> Shapes:
    """Return the polygons anywhere within a shape, however deeply collections are nested."""
    parts = np.array([shape], dtype=object)
    while np.isin(shapely.get_type_id(parts), (COLLECTION, POLYGONAL[1])).any():
        parts = shapely.get_parts(parts)
    return parts[(shapely.get_type_id(parts) == POLYGON) & ~shapely.is_empty(parts)]


def _together(shapes: Any) -> Any:
    """Join the polygonal parts of valid shapes; an empty polygon if there are none."""
    flat = np.atleast_1d(np.asarray(shapes, dtype=object))
    if len(flat) == 1 and shapely.get_type_id(flat[0]) in POLYGONAL:
        return flat[0]
    parts = np.concatenate([_polygon_parts(shape) for shape in flat])
    if len(parts) <= 1:
        return parts[0] if len(parts) else shapely.Polygon()
    side_by_side = shapely.multipolygons(parts)
    return side_by_side if shapely.is_valid(side_by_side) else shapely.union_all(parts)
