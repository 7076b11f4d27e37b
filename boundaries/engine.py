"""What a crosswalk needs from whoever measures for it.

In: layers and points. Out: areas of intersection and areas that hold points. The constructors
measure in this process unless they are given another engine, such as
`boundaries.distributed.DaskEngine`.
"""

from __future__ import annotations

from typing import Protocol

import geopandas as gpd
import numpy as np
import numpy.typing as npt

from geo.overlap import Overlaps

Positions = npt.NDArray[np.int64]


class Engine(Protocol):
    """Measures as `geo.overlap.areas` and `geo.points.locate_all` do, to the last bit."""

    def areas(self, source: gpd.GeoDataFrame, target: gpd.GeoDataFrame) -> Overlaps:
        """Measure the area that each source shares with each target."""
        ...

    def locate_all(
        self, xy: npt.NDArray[np.float64], areas: gpd.GeoDataFrame
    ) -> tuple[Positions, Positions]:
        """Find every area that holds each point, as positions of points and of areas."""
        ...
