"""What a crosswalk needs from whoever measures for it.

In: layers, points and rasters. Out: areas of intersection, areas that hold points, people that two
areas share. The constructors
measure in this process unless they are given another engine, such as
`boundaries.distributed.DaskEngine`.
"""

from __future__ import annotations

from typing import Any, Protocol

import geopandas as gpd
import numpy as np
import numpy.typing as npt

from geo.overlap import Overlaps
from geo.rasters import PeopleOverlaps

Positions = npt.NDArray[np.int64]


class Engine(Protocol):
    """Measures as `geo.overlap`, `geo.points` and `geo.rasters` do, to the last bit."""

    def areas(self, source: gpd.GeoDataFrame, target: gpd.GeoDataFrame) -> Overlaps:
        """Measure the area that each source shares with each target."""
        ...

    def locate_all(
        self, xy: npt.NDArray[np.float64], areas: gpd.GeoDataFrame
    ) -> tuple[Positions, Positions]:
        """Find every area that holds each point, as positions of points and of areas."""
        ...

    def overlap_people(
        self, raster: str, source: gpd.GeoDataFrame, target: gpd.GeoDataFrame, **options: Any
    ) -> PeopleOverlaps:
        """Add up the pixels that each source shares with each target."""
        ...
