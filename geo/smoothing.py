"""Totals of areas into a smooth grid of people.

In: a layer and one total for each of its areas. Out: an array of people per cell and its place on
earth, as `rasterio` writes them to a file.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import rasterio
import shapely
from rasterio.features import rasterize
from scipy.sparse import csr_array

from geo.errors import CellsTooLarge, Faults, OverlappingAreas, TotalsUnfit
from geo.overlap import areas as shared_areas

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Polygons = npt.NDArray[np.object_]

# Two areas may share this much of the smaller one: simplified layers cross their neighbours a bit.
SLIVER = 0.01
CELLS = 60_000


def pycnophylactic(
    areas: gpd.GeoDataFrame,
    totals: pd.Series,
    *,
    cell_m: float | None = None,
    iterations: int = 50,
) -> tuple[Floats, rasterio.Affine]:
    """Spread totals over a grid so that density is smooth and every total is kept (Tobler 1979).

    Cells start at the density of their area. In each iteration a cell becomes the mean of itself
    and its four neighbours, as far as they lie in the layer, and then the cells of each area are
    scaled to its total. A cell belongs to the area that holds its centre, to the first of them
    where two share a sliver or a border; an area too narrow to hold a centre takes the cell at its
    own inner point, where that leaves another cell to the area it is taken from. An iteration
    costs as much as there are cells inside, however many areas there are.

    Parameters
    ----------
    areas
        A layer in metres whose areas do not overlap.
    totals
        One count for each area, by code.
    cell_m
        Width of a cell in metres; by default see `cell_width`.
    iterations
        How often to smooth; 0 leaves even densities.

    Returns
    -------
    array, transform
        (rows, columns) float64 people per cell, NaN outside the areas, and the affine transform
        from column and row to coordinates. Cells of an area add up to its total within 1e-9 of it.

    Raises
    ------
    TotalsUnfit, CellsTooLarge, OverlappingAreas
        Naming the areas.
    geo.errors.NotProjected, InvalidPolygons, NotPolygons
        If the shapes cannot be measured.
    """
    wanted = _checked_totals(areas, totals)
    owner, transform = _grid(areas, cell_width(areas) if cell_m is None else cell_m)
    inside = owner >= 0
    zone = owner[inside]
    people = (wanted / np.bincount(zone, minlength=len(areas)))[zone]
    mean = _mean_with_neighbours(inside)
    for _ in range(iterations):
        smooth = mean @ people
        sums = np.bincount(zone, smooth, minlength=len(areas))
        factor = np.divide(wanted, sums, out=np.zeros(len(areas)), where=sums > 0)
        people = smooth * factor[zone]
    grid = np.full(owner.shape, np.nan)
    grid[inside] = people
    return grid, transform


def cell_width(areas: gpd.GeoDataFrame) -> float:
    """Choose the width of a cell in metres (own).

    Some 60,000 cells on the land show a gradient within the areas of a city; where the smallest
    area is smaller than such a cell, they are made as wide as its side. Finer cells would show
    nothing that is known: of an area of one or two cells only the total is.
    """
    size = shapely.area(np.asarray(areas.geometry.values, dtype=object))
    usual = np.sqrt(size.sum() / CELLS)
    return float(min(usual, np.sqrt(size[size > 0].min(initial=np.inf))))


def _mean_with_neighbours(inside: npt.NDArray[np.bool_]) -> csr_array:
    """Return the matrix that takes the mean of each cell inside and its neighbours inside."""
    n = np.count_nonzero(inside)
    # Half as wide numbers: the table is read once an iteration, and reading it is the work.
    number = np.full(inside.shape, -1, dtype=np.int32)
    number[inside] = np.arange(n, dtype=np.int32)
    beside = [(number[:, :-1], number[:, 1:]), (number[:-1], number[1:])]
    one = np.concatenate([a[(a >= 0) & (b >= 0)] for a, b in beside])
    other = np.concatenate([b[(a >= 0) & (b >= 0)] for a, b in beside])
    itself = np.arange(n, dtype=np.int32)
    row, column = np.concatenate([itself, one, other]), np.concatenate([itself, other, one])
    share = 1.0 / np.bincount(row, minlength=n)
    return csr_array((share[row], (row, column)), shape=(n, n))


def _checked_totals(areas: gpd.GeoDataFrame, totals: pd.Series) -> Floats:
    where = str(totals.name or "totals")
    faults = Faults(where)
    missing = areas.index.difference(totals.index)
    unknown = totals.index.difference(areas.index)
    if len(missing):
        faults.add(TotalsUnfit(where, detail="codes without a total", found=missing))
    if len(unknown):
        faults.add(TotalsUnfit(where, detail="totals of unknown codes", found=unknown))
    if totals.index.has_duplicates:
        twice = totals.index[totals.index.duplicated()].unique()
        faults.add(TotalsUnfit(where, detail="codes with several totals", found=twice))
    numbers = pd.to_numeric(totals, errors="coerce").astype(np.float64)
    unfit = ~(np.isfinite(numbers) & (numbers >= 0))
    if unfit.any():
        detail = "missing, infinite, negative or no number"
        faults.add(TotalsUnfit(where, detail=detail, found=totals.index[unfit]))
    faults.raise_any()
    return np.asarray(numbers.reindex(areas.index), dtype=np.float64)


def _grid(areas: gpd.GeoDataFrame, cell_m: float) -> tuple[Ints, rasterio.Affine]:
    """Lay a grid over the areas: the position of the area that holds each cell's centre, or -1."""
    where = str(areas.index.name or "areas")
    if not cell_m > 0:
        raise CellsTooLarge(where, detail=f"cell_m is {cell_m}")
    west, south, east, north = areas.total_bounds
    columns = max(1, int(np.ceil((east - west) / cell_m)))
    rows = max(1, int(np.ceil((north - south) / cell_m)))
    transform = rasterio.Affine(cell_m, 0.0, west, 0.0, -cell_m, north)
    shapes = np.asarray(areas.geometry.values, dtype=object)
    sound = areas.crs is not None and areas.crs.is_projected and shapely.is_valid(shapes).all()
    # Valid areas that meet edge to edge overlap nowhere, which GEOS sees quickly, and without the
    # interpreter's lock, while rasterio burns with it. On a copy: shapely locks its arrays.
    with ThreadPoolExecutor(1) as aside:
        fits = aside.submit(shapely.coverage_is_valid, shapes.copy())
        owner: Ints = rasterize(
            _burned(shapes),
            out_shape=(rows, columns),
            transform=transform,
            fill=-1,
            dtype="int32",
        ).astype(np.int64)
        if not (sound and fits.result()):
            _refuse_overlaps(areas, where)
    unseen = _seated(owner, transform, shapes)
    if len(unseen):
        raise CellsTooLarge(where, found=areas.index[unseen], detail=f"cell_m is {cell_m:g}")
    return owner, transform


def _seated(owner: Ints, transform: rasterio.Affine, shapes: Polygons) -> Ints:
    """Give each area without a cell the one at its inner point; return those that stay without.

    A cell is taken only from an area that keeps another one, and one by one: two narrow areas in
    one cell cannot both have it.
    """
    held = np.bincount(owner[owner >= 0], minlength=len(shapes))
    unseen = np.flatnonzero(held == 0)
    points = shapely.point_on_surface(shapes[unseen])
    columns = np.floor((shapely.get_x(points) - transform.c) / transform.a).astype(np.int64)
    rows = np.floor((shapely.get_y(points) - transform.f) / transform.e).astype(np.int64)
    left = []
    for k, row, column in zip(unseen, rows, columns, strict=True):
        before = owner[row, column]
        if before >= 0 and held[before] == 1:
            left.append(k)
            continue
        if before >= 0:
            held[before] -= 1
        owner[row, column] = k
        held[k] = 1
    return np.asarray(left, dtype=np.int64)


def _burned(shapes: Polygons) -> list[tuple[dict[str, Any], int]]:
    """Return every polygon with the position of its area, the last area first.

    The last one burned keeps a cell. The corners are taken out of all shapes at once and stay
    arrays: as lists, one shape after the other, they take longer to make than to burn.
    """
    parts, owner = shapely.get_parts(shapes, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    corners, ring = shapely.get_coordinates(rings, return_index=True)
    ends = np.flatnonzero(np.diff(ring)) + 1
    drawn: list[list[Floats]] = [[] for _ in parts]
    for held, of_part in zip(np.split(corners, ends), part.tolist(), strict=True):
        drawn[of_part].append(held)
    found = zip(drawn, owner.tolist(), strict=True)
    return [({"type": "Polygon", "coordinates": lines}, k) for lines, k in found][::-1]


def _refuse_overlaps(areas: gpd.GeoDataFrame, where: str) -> None:
    pairs = shared_areas(areas, areas)
    size = shapely.area(np.asarray(areas.geometry.values, dtype=object))
    smaller = np.minimum(size[pairs.source], size[pairs.target])
    crossed = (pairs.source != pairs.target) & (pairs.area_m2 > SLIVER * smaller)
    if crossed.any():
        raise OverlappingAreas(where, found=areas.index[np.unique(pairs.source[crossed])])
