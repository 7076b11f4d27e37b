"""Crosswalks weighed by shared area.

In: two layers of polygons. Out: a `Crosswalk` in square metres.
"""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from scipy.sparse import csr_array

from boundaries.checks import FloatArray, layers_codes
from boundaries.crosswalk import Crosswalk
from boundaries.engine import Engine
from geo.overlap import areas

SLIVER = 1e-9
"""Targets that share less than this part of the smaller one only touch."""

FEW = 2000
"""Up to so many targets GEOS tells sooner whether any overlap than their areas do."""


def from_areas(
    source: gpd.GeoDataFrame, target: gpd.GeoDataFrame, *, engine: Engine | None = None
) -> Crosswalk:
    """Weigh by shared area: `mass_st = |s ∩ t|` in square metres, `source_mass_s = |s|`.

    Assumes that what is counted is spread evenly over each source. Where targets overlap one
    another, what of a source lies in none is measured by itself, so that a gap and an overlap in
    the same source do not cancel out. `engine` measures elsewhere, for example on a Dask cluster
    (`boundaries.distributed`); the answer is the same.

    Raises
    ------
    NotALayer
        If an argument is no layer.
    geo.errors.DifferentCRS, NotProjected, InvalidPolygons, NotPolygons
        If the shapes cannot be measured on one another.
    """
    source_codes, target_codes = layers_codes(source, target)
    pairs = areas(source, target) if engine is None else engine.areas(source, target)
    shape = (len(source), len(target))
    mass = csr_array((pairs.area_m2, (pairs.source, pairs.target)), shape=shape)
    source_mass = shapely.area(_shapes(source))
    return Crosswalk(
        mass=mass,
        source_mass=source_mass,
        sources=source_codes,
        targets=target_codes,
        unit="m2",
        method="area",
        provenance=(f"shared area of {source_codes.name} and {target_codes.name}",),
        target_mass=shapely.area(_shapes(target)),
        outside=_outside(source, target, mass, source_mass),
    )


def _shapes(layer: gpd.GeoDataFrame) -> np.ndarray:
    return np.asarray(layer.geometry.values, dtype=object)


def _outside(
    source: gpd.GeoDataFrame, target: gpd.GeoDataFrame, mass: csr_array, source_mass: FloatArray
) -> FloatArray:
    """Measure the share of each source that lies in no target.

    `covered_s = sum_t |s ∩ t| - sum_i |s ∩ E_i|`, where `E_i` is the part of target i that
    earlier targets hold already: land in k targets is taken off k - 1 times.
    """
    covered = np.asarray(mass.sum(axis=1)).ravel()
    repeated = _repeated_land(_shapes(target), mass)
    if len(repeated):
        again = areas(_shapes(source), repeated)
        covered = covered - np.bincount(again.source, again.area_m2, minlength=len(source))
    share = np.ones(len(source))
    np.divide(covered, source_mass, out=share, where=source_mass > 0)
    return np.clip(1.0 - share, 0.0, 1.0)


def _repeated_land(shapes: np.ndarray, mass: csr_array) -> np.ndarray:
    """Return the parts of targets that other targets, earlier in order, hold as well."""
    reached = np.asarray(mass.sum(axis=0)).ravel() > 0
    positions = np.flatnonzero(reached)
    # Areas that share their border points do not overlap; for a city that is quickest to see.
    if len(positions) <= FEW and shapely.coverage_is_valid(shapes[positions]):
        return np.empty(0, dtype=object)
    near = shapely.STRtree(shapes[positions]).query(shapes[positions])
    earlier = near[0] < near[1]
    first, second = positions[near[0][earlier]], positions[near[1][earlier]]
    if not len(first):
        return np.empty(0, dtype=object)
    shared = areas(shapes, shapes, pairs=(first, second))
    size = shapely.area(shapes)
    real = shared.area_m2 > SLIVER * np.minimum(size[shared.source], size[shared.target])
    first, second = shared.source[real], shared.target[real]
    parts = []
    for later in np.unique(second):
        before = shapely.union_all(shapes[first[second == later]])
        parts.append(_polygons_only(shapely.intersection(shapes[later], before)))
    return np.array([part for part in parts if not part.is_empty], dtype=object)


def _polygons_only(shape: Any) -> Any:
    """Drop the lines and points in which two areas merely touch."""
    parts = [p for p in shapely.get_parts(shape) if shapely.get_dimensions(p) == 2]
    return shapely.multipolygons(parts) if len(parts) != 1 else parts[0]
