"""Crosswalks weighed by points: addresses, postcodes, centroids of output areas.

In: points with weights and two layers. Out: a `Crosswalk` in which the points inside both a source
and a target decide how that source divides; points outside every area are counted and named.
"""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import csr_array, diags_array

from boundaries.area import from_areas
from boundaries.checks import (
    EXACT,
    FloatArray,
    IntArray,
    as_numbers,
    layer_codes,
    layers_codes,
    one_of,
)
from boundaries.crosswalk import Crosswalk
from boundaries.engine import Engine
from boundaries.errors import (
    ColumnMissing,
    CrosswalkBroken,
    OverlapRefused,
    ValuesNegative,
    ValuesNotFinite,
)
from geo.errors import DifferentCRS, Faults
from geo.points import locate_all

NAMED = 1000
"""Points outside every area that are kept by name; beyond that they are only counted."""


def from_points(
    points: gpd.GeoDataFrame | FloatArray,
    weights: str | pd.Series | FloatArray | None,
    source: gpd.GeoDataFrame,
    target: gpd.GeoDataFrame,
    *,
    unit: str = "count",
    fallback: str = "area",
    engine: Engine | None = None,
) -> Crosswalk:
    """Weigh by points: `mass_st = sum of weights of the points in both s and t`.

    Parameters
    ----------
    points
        Points with an index of their names, or coordinates of shape (n, 2) in the layers' CRS.
    weights
        Column of `points`, or one number a point; None counts every point as 1.
    source, target
        Layers in one CRS. A point on a shared border belongs to the smallest code; a point where
        areas overlap belongs to each of them.
    unit
        What the weights measure, for example "residents", "households" or "addresses".
    fallback
        How a source without any weight divides: by "area", or "none" (it stays 0/0).
    engine
        Locates the points elsewhere, for example on a Dask cluster; the answer is the same.

    Returns
    -------
    Crosswalk
        `notes` holds `outside_sources` and `outside_targets`: count and weight of the points in
        no source and in no target, with their names.

    Raises
    ------
    NotALayer, ColumnMissing, ValuesNotFinite, ValuesNegative, ValuesNotNumbers
        If points, weights or layers are not what they must be.
    geo.errors.DifferentCRS
        If points and layers lie in different coordinate systems.
    """
    one_of(fallback, ("area", "none"), option="fallback")
    source_codes, target_codes = layers_codes(source, target)
    xy, names = coordinates(points, source, target)
    weight = point_weights(points, weights, len(xy))
    in_source = _membership(xy, source, engine)
    in_target = _membership(xy, target, engine)
    homeless = np.diff(in_source.indptr) == 0
    lost = np.diff(in_target.indptr) == 0
    by_source = csr_array(in_source.T @ diags_array(weight))
    source_mass = by_source.sum(axis=1)
    uncovered = np.zeros(len(source))
    np.divide(
        by_source @ lost.astype(np.float64), source_mass, out=uncovered, where=source_mass > 0
    )
    crosswalk = Crosswalk(
        mass=csr_array(by_source @ in_target),
        source_mass=source_mass,
        sources=source_codes,
        targets=target_codes,
        unit=unit,
        method="points",
        provenance=(
            f"{len(xy):,} points weighed by {unit} in {source_codes.name} and {target_codes.name}",
        ),
        target_mass=in_target.T @ weight,
        outside=uncovered,
        notes=_outside_notes(names, weight, sources=homeless, targets=lost),
    )
    return by_area_where_empty(crosswalk, source, target) if fallback == "area" else crosswalk


def by_area_where_empty(
    crosswalk: Crosswalk, source: gpd.GeoDataFrame, target: gpd.GeoDataFrame
) -> Crosswalk:
    """Let sources without any mass divide by area, and say so."""
    empty = np.flatnonzero(crosswalk.source_mass == 0)
    if not len(empty):
        return crosswalk
    return crosswalk.with_fallback(from_areas(source.iloc[empty], target))


def centroids(
    points: gpd.GeoDataFrame | FloatArray,
    weights: str | pd.Series | FloatArray | None,
    source: gpd.GeoDataFrame,
) -> gpd.GeoDataFrame:
    """Return the weighted mean centre of the points in each source.

    A source without any weight gets a point inside its polygon; the column `from_points` says
    which is which. A mean centre may lie outside its own source; the official population-weighted
    centroids are medians and differ by some metres.
    """
    codes = layer_codes(source, where="source")
    xy, _ = coordinates(points, source)
    weight = point_weights(points, weights, len(xy))
    member = _membership(xy, source)
    mass = member.T @ weight
    seen = mass > 0
    sums = member.T @ (xy * weight[:, None])
    inside = shapely.get_coordinates(shapely.point_on_surface(np.asarray(source.geometry)))
    centre = np.where(seen[:, None], sums / np.where(seen, mass, 1.0)[:, None], inside)
    return gpd.GeoDataFrame(
        {"mass": mass, "from_points": seen},
        geometry=shapely.points(centre),
        index=codes,
        crs=source.crs,
    )


def by_centroid(
    points: gpd.GeoDataFrame,
    target: gpd.GeoDataFrame,
    *,
    mass: pd.Series | None = None,
    unit: str = "shares",
) -> Crosswalk:
    """Give each source whole to the target that holds its (population-weighted) centroid.

    Parameters
    ----------
    points
        One point a source, index named by the source layer.
    mass
        Mass of each source by code, in `unit`; by default 1 each.

    Returns
    -------
    Crosswalk
        A source whose centroid lies in no target is uncovered and named in
        `notes["outside_targets"]`; one in several overlapping targets is in each of them.
    """
    codes, target_codes = layers_codes(points, target)
    xy, names = coordinates(points, target)
    held = np.ones(len(codes))
    if mass is not None:
        held = as_numbers(mass.reindex(codes), where=str(mass.name or "mass"))
        if np.isnan(held).any():
            raise ValuesNotFinite("mass", found=codes[np.isnan(held)], detail="missing")
    member = _membership(xy, target)
    lost = np.diff(member.indptr) == 0
    shape = member.shape
    return Crosswalk(
        mass=csr_array(diags_array(held) @ member),
        source_mass=held,
        sources=codes,
        targets=target_codes,
        unit=unit,
        method="best fit by centroid",
        provenance=(f"each {codes.name} whole to the {target_codes.name} of its centroid",),
        fallback=csr_array(member, shape=shape),
        fallback_unit="shares",
        outside=lost.astype(np.float64),
        notes=_outside_notes(names, held, targets=lost),
    )


def by_largest_share(crosswalk: Crosswalk) -> Crosswalk:
    """Give each source whole to the target with its largest share; ties go to the smallest code.

    Masses and unit stay; a source without any target stays uncovered.

    Raises
    ------
    OverlapRefused
        If two targets each hold most of a source, so that neither fits it best.
    """
    most = np.asarray((crosswalk.weights > 0.5 + EXACT).sum(axis=1)).ravel()
    if (most > 1).any():
        where = f"best fit of {crosswalk.sources.name} to {crosswalk.targets.name}"
        detail = "several targets each hold most of a source; use the shares themselves"
        raise OverlapRefused(where, found=crosswalk.sources[most > 1], detail=detail)
    table = crosswalk.weights.tocoo()
    rows, columns = table.coords
    rank = np.argsort(np.argsort(crosswalk.targets.to_numpy(dtype=object), kind="stable"))
    order = np.lexsort((rank[columns], -table.data, rows))
    first = np.unique(rows[order], return_index=True)[1]
    row, column = rows[order][first], columns[order][first]
    shape = crosswalk.weights.shape
    whole = csr_array((np.ones(len(row)), (row, column)), shape=shape)
    placed = np.zeros(len(crosswalk.sources), dtype=bool)
    placed[row] = True
    undefined = np.where(placed, 0.0, crosswalk.undefined)
    return Crosswalk(
        mass=csr_array(diags_array(crosswalk.source_mass) @ whole),
        source_mass=crosswalk.source_mass,
        sources=crosswalk.sources,
        targets=crosswalk.targets,
        unit=crosswalk.unit,
        method=f"best fit by {crosswalk.method}",
        provenance=(*crosswalk.provenance, "each source whole to its largest share"),
        fallback=whole,
        fallback_unit=crosswalk.fallback_unit or crosswalk.unit,
        target_mass=crosswalk.target_mass,
        outside=(~placed).astype(np.float64) - undefined,
        undefined=undefined,
        notes=crosswalk.notes,
    )


def coordinates(
    points: gpd.GeoDataFrame | FloatArray, *layers: gpd.GeoDataFrame
) -> tuple[FloatArray, pd.Index]:
    """Return the coordinates of points (n, 2) and their names, or raise what is wrong."""
    if not isinstance(points, gpd.GeoDataFrame):
        xy = np.asarray(points, dtype=np.float64)
        names = pd.RangeIndex(len(xy))
        if xy.ndim != 2 or xy.shape[1] != 2:
            raise CrosswalkBroken("points", detail=f"shape {xy.shape}, expected (n, 2)")
    else:
        for layer in layers:
            if points.crs != layer.crs:
                detail = f"points in {points.crs}, {layer.index.name} in {layer.crs}"
                raise DifferentCRS("points", detail=detail)
        shapes = np.asarray(points.geometry.values, dtype=object)
        names = points.index
        wrong = shapely.get_type_id(shapes) != int(shapely.GeometryType.POINT)
        if wrong.any():
            raise ValuesNotFinite("points", found=names[wrong], detail="no points")
        xy = np.column_stack([shapely.get_x(shapes), shapely.get_y(shapes)])
    broken = ~np.isfinite(xy).all(axis=1)
    if broken.any():
        raise ValuesNotFinite("points", found=names[np.flatnonzero(broken)], detail="coordinates")
    return xy, names


def point_weights(
    points: gpd.GeoDataFrame | FloatArray, weights: str | pd.Series | FloatArray | None, count: int
) -> FloatArray:
    """Return one weight a point, finite and not negative."""
    if weights is None:
        return np.ones(count)
    if isinstance(weights, str):
        if not isinstance(points, gpd.GeoDataFrame) or weights not in points.columns:
            has = ", ".join(map(str, getattr(points, "columns", []))) or "no columns"
            raise ColumnMissing("points", found=[weights], detail=f"the points have {has}")
        weights = points[weights]
    column = weights if isinstance(weights, pd.Series) else pd.Series(np.asarray(weights))
    number = as_numbers(column, where="weights of the points")
    if len(number) != count:
        detail = f"{len(number)} weights for {count} points"
        raise CrosswalkBroken("weights of the points", detail=detail)
    faults = Faults("weights of the points")
    if np.isnan(number).any():
        faults.add(ValuesNotFinite(faults.where, found=column.index[np.isnan(number)]))
    if (number < 0).any():
        faults.add(ValuesNegative(faults.where, found=column.index[number < 0]))
    faults.raise_any()
    return number


def _membership(xy: FloatArray, layer: gpd.GeoDataFrame, engine: Engine | None = None) -> csr_array:
    """Return the (n_points, n_areas) table that is 1 where a point belongs to an area.

    A point belongs to every area that holds it inside; one that lies on borders only belongs to
    the smallest code, so that a shared border counts nobody twice.
    """
    point, area = (engine.locate_all if engine else locate_all)(xy, layer)
    shared = np.bincount(point, minlength=len(xy))[point] > 1
    inside = ~shared
    shapes = np.asarray(layer.geometry.values, dtype=object)
    inside[shared] = shapely.contains_xy(shapes[area[shared]], xy[point[shared]])
    on_borders = shared & (np.bincount(point, inside, minlength=len(xy))[point] == 0)
    if on_borders.any():
        rank = np.argsort(np.argsort(layer.index.to_numpy(dtype=object), kind="stable"))
        rows = np.flatnonzero(on_borders)
        rows = rows[np.lexsort((rank[area[rows]], point[rows]))]
        inside[rows[np.unique(point[rows], return_index=True)[1]]] = True
    point, area = point[inside], area[inside]
    return csr_array((np.ones(len(point)), (point, area)), shape=(len(xy), len(layer)))


def _outside_notes(names: pd.Index, weight: FloatArray, **sides: IntArray | Any) -> dict[str, Any]:
    notes = {}
    for side, out in sides.items():
        if out.any():
            notes[f"outside_{side}"] = {
                "count": int(out.sum()),
                "mass": float(weight[out].sum()),
                "names": tuple(names[out][:NAMED].tolist()),
            }
    return notes
