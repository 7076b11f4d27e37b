"""Small drawn layers that every test of this floor may use."""

from __future__ import annotations

from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from shapely import box

from boundaries.crosswalk import Crosswalk

Boxes = dict[str, tuple[float, float, float, float]]


def draw(layer_id: str, boxes: Boxes) -> gpd.GeoDataFrame:
    """Draw a layer of rectangles: code -> (left, bottom, right, top) in metres."""
    index = pd.Index(list(boxes), name=layer_id, dtype="str")
    shapes = [box(*corners) for corners in boxes.values()]
    return gpd.GeoDataFrame({"name": list(boxes)}, geometry=shapes, index=index, crs="EPSG:27700")


def table(
    mass: list[list[float]],
    *,
    source: str = "sa",
    target: str = "wd",
    source_mass: list[float] | None = None,
    **parts: object,
) -> Crosswalk:
    """Write a crosswalk down cell by cell; codes are s0, s1 ... and t0, t1 ..."""
    cells = np.array(mass, dtype=np.float64)
    whole = cells.sum(axis=1) if source_mass is None else np.array(source_mass, dtype=np.float64)
    return Crosswalk(
        mass=csr_array(cells),
        source_mass=whole,
        sources=pd.Index([f"s{i}" for i in range(cells.shape[0])], name=source),
        targets=pd.Index([f"t{i}" for i in range(cells.shape[1])], name=target),
        **{"unit": "residents", "method": "lookup", **parts},  # type: ignore[arg-type]
    )


@pytest.fixture(scope="session")
def layer() -> Callable[[str, Boxes], gpd.GeoDataFrame]:
    """The function that draws a layer of rectangles."""
    return draw


@pytest.fixture(scope="session")
def written() -> Callable[..., Crosswalk]:
    """The function that writes a crosswalk down cell by cell."""
    return table


@pytest.fixture(scope="session")
def squares() -> gpd.GeoDataFrame:
    """Four squares of 100 m2 in two rows; their codes look like numbers."""
    return draw(
        "sa",
        {
            "01": (0, 0, 10, 10),
            "02": (10, 0, 20, 10),
            "03": (0, 10, 10, 20),
            "04": (10, 10, 20, 20),
        },
    )


@pytest.fixture(scope="session")
def wards() -> gpd.GeoDataFrame:
    """Two upright wards; the border between them cuts the squares 02 and 04 in halves."""
    return draw("wd", {"W1": (0, 0, 15, 20), "W2": (15, 0, 20, 20)})


@pytest.fixture(scope="session")
def partnerships() -> gpd.GeoDataFrame:
    """Two partnerships that overlap on (5..15) and leave (18..20) to nobody."""
    return draw("lep", {"L1": (0, 0, 15, 20), "L2": (5, 0, 18, 20)})


@pytest.fixture
def people(squares: gpd.GeoDataFrame) -> pd.Series:
    """Residents of the four squares."""
    return pd.Series([10.0, 20.0, 30.0, 40.0], index=squares.index, name="people")
