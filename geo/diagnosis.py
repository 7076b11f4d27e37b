"""What is wrong with a layer, as a table.

In: a frame of shapes indexed by code, valid or not. Out: `Diagnosis`, one row a finding, with its
kind, the codes it concerns and square metres. Nothing is changed and nothing is judged: overlaps
may be real (enterprise partnerships share districts), and so may holes (another layer's land).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from geo import codes, overlap, polygons, reference
from geo.codes import Flags, Texts
from geo.errors import CommonGroundError, Faults, NotPolygons
from geo.faults import (
    DuplicateCodes,
    EmptyCodes,
    MissingCRS,
    MissingGeometry,
    NonFiniteCoordinates,
    SwappedAxes,
    WrongCRS,
)
from geo.polygons import Shapes
from geo.reference import BRITISH_GRID

COLUMNS = ("kind", "code", "other_code", "area_m2", "detail")
KINDS: dict[type[CommonGroundError], str] = {
    MissingCRS: "missing CRS",
    WrongCRS: "wrong CRS",
    SwappedAxes: "swapped axes",
    EmptyCodes: "empty code",
    DuplicateCodes: "duplicate code",
    MissingGeometry: "missing shape",
    NotPolygons: "not a polygon",
    NonFiniteCoordinates: "coordinates not finite",
}
# Findings below this are what rounding leaves along borders that are drawn alike.
LEAST_M2 = 0.01
SLIVER_M2, SLIVER_WIDTH_M = 100.0, 1.0
TOUCH_M = 1e-6
# Two shapes that share all but this part of their land are one shape drawn twice.
SAME_SHARE = 1e-9


@dataclass(frozen=True)
class Diagnosis:
    """Findings about one layer.

    Attributes
    ----------
    table
        Columns `kind`, `code`, `other_code` ("" where there is none), `area_m2` (NaN where a
        finding has no area) and `detail`, sorted by kind and codes.
    areas
        Number of rows of the layer.
    sum_m2, covered_m2
        Area of all shapes added up, and of the land they cover; they differ by what overlaps.
        NaN where the layer's place on earth is not known.
    """

    table: pd.DataFrame
    areas: int
    sum_m2: float
    covered_m2: float

    @property
    def clean(self) -> bool:
        """Whether nothing was found."""
        return self.table.empty

    def of(self, kind: str) -> pd.DataFrame:
        """Return the findings of one kind."""
        return self.table[self.table["kind"] == kind]

    def counts(self) -> pd.Series:
        """Return how many findings there are of each kind."""
        return self.table.groupby("kind", sort=True).size()

    def sentence(self) -> str:
        """Say in one sentence what was found."""
        if self.clean:
            return f"{self.areas:,} areas, nothing found."
        found = []
        for kind, number in self.counts().items():
            area_m2 = self.of(str(kind))["area_m2"].sum(min_count=1)
            size = "" if np.isnan(area_m2) else f" ({area_m2:,.1f} m2)"
            found.append(f"{kind}: {number:,}{size}")
        return f"{self.areas:,} areas; {'; '.join(found)}."


def diagnose(
    frame: gpd.GeoDataFrame,
    *,
    expected: Iterable[object] | None = None,
    sliver_m2: float = SLIVER_M2,
    sliver_width_m: float = SLIVER_WIDTH_M,
    gap_m2: float = np.inf,
    to_crs: object = BRITISH_GRID,
) -> Diagnosis:
    """Look for everything that commonly is wrong with a layer of areas.

    Kinds: `missing CRS`, `wrong CRS`, `swapped axes`, `empty code`, `duplicate
    code`, `unused code`, `unlisted code`, `missing shape`, `not a polygon`, `coordinates not
    finite`, `no surface`, `beyond repair`, `invalid rings`, `duplicate shape`, `overlap`, `gap`,
    `sliver`, `hole`. Overlaps and gaps are measured between shapes as `geo.polygons.repair` mends
    them, in `to_crs`; below 0.01 square metres they are rounding and left out.

    Parameters
    ----------
    frame
        Shapes indexed by code.
    expected
        Codes that the layer should have, as of a table to be joined: `unused code` is one that no
        area has, `unlisted code` an area whose code is not among them.
    sliver_m2, sliver_width_m
        An overlap or gap up to this area, or narrower (twice its area by its perimeter), is a
        `sliver`: two drawings of one border.
    gap_m2
        Land that areas surround and none holds is a `gap` up to this area, above it a `hole`.

    Returns
    -------
    Diagnosis
        For a gap and a hole `code` and `other_code` are the neighbours with the longest border.
    """
    rows: list[dict[str, Any]] = []
    labels = codes.labels(pd.Series(frame.index), len(frame))
    _codes(frame, expected, rows)
    shapes, usable = _shapes(frame, labels, rows)
    system = _placed(frame, shapes, usable, labels, rows, to_crs)
    broken = ~shapely.is_valid(shapes[usable])
    sums = (np.nan, np.nan)
    if system is None:
        reasons = shapely.is_valid_reason(shapes[usable][broken])
        for code, reason in zip(labels[usable][broken], reasons, strict=True):
            rows.append(_row("invalid rings", code, detail=reason))
    elif usable.any():
        flat = polygons.flatten(shapes[usable], labels=labels[usable])[0]
        grid = gpd.GeoSeries(flat, crs=frame.crs).to_crs(system)
        mended = _rings(np.asarray(grid.array), labels[usable], rows)
        sums = _land(*mended, rows, (sliver_m2, sliver_width_m, gap_m2))
    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"area_m2": "float64"})
    table = table.sort_values(["kind", "code", "other_code"], ignore_index=True, kind="stable")
    return Diagnosis(table, len(frame), *sums)


def _row(
    kind: str,
    code: object = "",
    other: object = "",
    *,
    area_m2: float = np.nan,
    detail: object = "",
) -> dict[str, Any]:
    values = (kind, str(code), str(other), float(area_m2), str(detail))
    return dict(zip(COLUMNS, values, strict=True))


def _codes(frame: gpd.GeoDataFrame, expected: Iterable[object] | None, rows: list[Any]) -> None:
    column = pd.Series(frame.index, name=frame.index.name or "code")
    faults = Faults()
    with faults.catch():
        codes.clean(column, where="")
    for fault in faults:
        rows += [_row(KINDS.get(type(fault), fault.rule), found) for found in fault.found]
    if expected is not None:
        own, wanted = {str(code) for code in frame.index}, {str(code) for code in expected}
        rows += [_row("unused code", code, detail="no area has it") for code in wanted - own]
        rows += [_row("unlisted code", code, detail="not expected") for code in own - wanted]


def _shapes(frame: gpd.GeoDataFrame, labels: Texts, rows: list[Any]) -> tuple[Shapes, Flags]:
    shapes = np.asarray(frame.geometry.array)
    faults = Faults()
    usable = polygons.check(shapes, faults, labels=labels, where="")
    for fault in faults:
        rows += [_row(KINDS[type(fault)], code, detail=fault.detail) for code in fault.found]
    return shapes, usable


def _placed(
    frame: gpd.GeoDataFrame,
    shapes: Shapes,
    usable: Flags,
    labels: Texts,
    rows: list[Any],
    to_crs: object,
) -> CRS | None:
    """Return the system to measure in, or None where the layer's place is not to be trusted."""
    target = reference.projected(to_crs, where="to_crs")
    try:
        own = reference.stated(frame.crs, None, implied=False, where="")
        boxes = shapely.bounds(shapes[usable])
        reference.check_place(boxes, own, target, labels=labels[usable], where="")
    except CommonGroundError as fault:
        found = fault.found or ("",)
        rows += [_row(KINDS[type(fault)], code, detail=fault.detail) for code in found]
        return None
    return target


def _rings(shapes: Shapes, labels: Texts, rows: list[Any]) -> tuple[Shapes, Texts]:
    """List what is invalid, and return the shapes that can be measured, mended."""
    done = polygons.repair(shapes, labels=labels)
    for note in done.notes:
        change_m2 = abs(note["area_after_m2"] - note["area_before_m2"])
        detail = f"{note['detail']}; area_m2 is what repair changes"
        rows.append(_row("invalid rings", note["code"], area_m2=change_m2, detail=detail))
    rows += [_row("beyond repair", code) for code in labels[done.lost]]
    rows += [_row("no surface", code, area_m2=0.0) for code in labels[done.thin]]
    kept = ~(done.lost | done.thin)
    return done.shapes[kept], labels[kept]


def _land(
    shapes: Shapes, labels: Texts, rows: list[Any], limits: tuple[float, float, float]
) -> tuple[float, float]:
    """List overlaps, gaps and slivers; return the area added up and the land covered."""
    sliver_m2, width_m, gap_m2 = limits
    own = shapely.area(shapes)
    # Areas that meet edge to edge share no land: no need to measure it.
    meets = bool(len(shapes) and shapely.coverage_is_valid(shapes))
    for i, j, shared_m2 in [] if meets else overlapping(shapes):
        if shared_m2 >= (1 - SAME_SHARE) * max(own[i], own[j]):
            rows.append(_row("duplicate shape", labels[i], labels[j], area_m2=shared_m2))
            continue
        small = shared_m2 <= sliver_m2
        if not small:
            small = mean_width(shapely.intersection(shapes[i], shapes[j])) <= width_m
        kind, detail = ("sliver", "overlap") if small else ("overlap", "")
        rows.append(_row(kind, labels[i], labels[j], area_m2=shared_m2, detail=detail))
    union = shapely.coverage_union_all(shapes) if meets else shapely.union_all(shapes)
    tree = shapely.STRtree(shapes)
    for gap in gaps(union):
        if gap.area <= sliver_m2 or mean_width(gap) <= width_m:
            kind, detail = "sliver", "gap"
        else:
            kind, detail = ("gap", "") if gap.area <= gap_m2 else ("hole", "")
        around = [labels[position] for position in neighbours(gap, shapes, tree)]
        first, second = [*around[:2], "", ""][:2]
        rows.append(_row(kind, first, second, area_m2=gap.area, detail=detail))
    return float(own.sum()), float(union.area)


def overlapping(shapes: Shapes) -> list[tuple[int, int, float]]:
    """Return the pairs of valid shapes that share land, as positions i < j with square metres."""
    first, second = overlap.candidate_pairs(shapes, shapes)
    once = first < second
    shared = overlap.areas(shapes, shapes, pairs=(first[once], second[once]))
    told = shared.area_m2 >= LEAST_M2
    pairs = zip(shared.source[told], shared.target[told], shared.area_m2[told], strict=True)
    return [(int(i), int(j), float(area_m2)) for i, j, area_m2 in pairs]


def gaps(union: Any) -> list[Any]:
    """Return the land that a layer surrounds and does not hold, largest first."""
    parts = shapely.get_parts(union)
    rings = [ring for part in parts for ring in shapely.get_rings(part)[1:]]
    holes = shapely.polygons(rings) if rings else np.array([], dtype=object)
    tree = shapely.STRtree(parts)
    found = []
    for hole in holes:
        # A hole may hold islands that are parts of the layer themselves.
        islands = parts[tree.query(hole, predicate="contains")]
        land = shapely.difference(hole, shapely.union_all(islands)) if len(islands) else hole
        found += [part for part in shapely.get_parts(land) if part.area >= LEAST_M2]
    return sorted(found, key=lambda gap: -gap.area)


def neighbours(gap: Any, shapes: Shapes, tree: shapely.STRtree) -> list[int]:
    """Return the positions of the shapes around a gap, those with the longest border first.

    A piece of the gap's border belongs to the shapes that its middle lies on.
    """
    near = np.sort(tree.query(gap, predicate="intersects"))
    around = polygons.own(shapes[near])
    shapely.prepare(around)
    rings = shapely.get_rings(gap)
    pieces = [shapely.get_coordinates(ring) for ring in rings]
    middles = np.concatenate([(xy[1:] + xy[:-1]) / 2 for xy in pieces])
    sizes = np.concatenate([np.hypot(*np.diff(xy, axis=0).T) for xy in pieces])
    on = shapely.dwithin(around[:, None], shapely.points(middles)[None, :], TOUCH_M)
    lengths = (on * sizes).sum(axis=1)
    order = np.lexsort((near, -lengths))
    return [int(near[k]) for k in order if lengths[k] > 0]


def mean_width(shape: Any) -> float:
    """Return about how wide a narrow shape is: twice its area by its perimeter, in metres."""
    return float(2 * shape.area / shape.length) if shape.length else 0.0
