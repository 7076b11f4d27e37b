"""The ways to make a crosswalk, all in one place.

In: layers, points, pixels of people, lookups, memberships. Out: a `Crosswalk` with its masses, its
unit and where it came from.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import csr_array

from boundaries.area import from_areas
from boundaries.checks import code_index
from boundaries.crosswalk import Crosswalk
from boundaries.errors import OptionUnknown
from boundaries.lookup import from_lookup
from boundaries.membership import from_membership, from_polygons_instead
from boundaries.points import by_centroid, by_largest_share, centroids, from_points
from boundaries.raster import from_raster, from_smoothed

__all__ = [
    "best_fit",
    "centroids",
    "from_areas",
    "from_lookup",
    "from_membership",
    "from_points",
    "from_polygons_instead",
    "from_raster",
    "from_smoothed",
    "identity",
]


def best_fit(
    by: Crosswalk | gpd.GeoDataFrame,
    target: gpd.GeoDataFrame | None = None,
    *,
    mass: pd.Series | None = None,
    unit: str = "shares",
) -> Crosswalk:
    """Give each source whole to one target.

    Parameters
    ----------
    by
        A crosswalk: each source goes to its largest share (ties to the smallest code). Or one
        point a source, such as its population-weighted centroid: it goes to the target that holds
        the point, which is the official practice.
    target, mass, unit
        With points: the target layer, and the mass of each source; see
        `boundaries.points.by_centroid`.

    Raises
    ------
    OptionUnknown
        If points are given without a target, or a crosswalk with one.
    """
    if isinstance(by, Crosswalk):
        if target is not None or mass is not None:
            raise OptionUnknown("best fit", detail="a crosswalk has its own target and masses")
        return by_largest_share(by)
    if target is None:
        raise OptionUnknown("best fit", detail="points need a target layer")
    return by_centroid(by, target, mass=mass, unit=unit)


def identity(
    layer: gpd.GeoDataFrame | pd.Series | pd.Index, *, unit: str | None = None
) -> Crosswalk:
    """Map a layer to itself.

    Masses are the values of a Series, the square metres of a GeoDataFrame, or 1 for each code of
    an Index.
    """
    if isinstance(layer, gpd.GeoDataFrame):
        mass, default = shapely.area(np.asarray(layer.geometry.values, dtype=object)), "m2"
    elif isinstance(layer, pd.Series):
        mass, default = layer.to_numpy(dtype=np.float64), str(layer.name or "count")
    else:
        mass, default = np.ones(len(layer)), "shares"
    codes = code_index(layer if isinstance(layer, pd.Index) else layer.index, None, where="layer")
    diagonal = np.arange(len(codes))
    shape = (len(codes), len(codes))
    return Crosswalk(
        mass=csr_array((mass, (diagonal, diagonal)), shape=shape),
        source_mass=mass,
        sources=codes,
        targets=codes,
        unit=unit or default,
        method="identity",
        provenance=(f"{codes.name} to itself",),
        fallback=csr_array((np.ones(len(codes)), (diagonal, diagonal)), shape=shape),
        fallback_unit="shares",
    )
