"""Drawn layers that the tests of the floor share."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

BRISTOL = (358000.0, 172000.0)

Draw = Callable[..., gpd.GeoDataFrame]


@pytest.fixture
def squares() -> Draw:
    """Return a function that draws a row of 100 m squares near Bristol, one a code."""

    def draw(*codes: object, crs: object = "EPSG:27700", column: str = "code") -> gpd.GeoDataFrame:
        x, y = BRISTOL
        shapes = [
            shapely.box(x + 100 * i, y, x + 100 * (i + 1), y + 100) for i in range(len(codes))
        ]
        frame = gpd.GeoDataFrame({column: list(codes)}, geometry=shapes, crs="EPSG:27700")
        return frame if crs == "EPSG:27700" else frame.to_crs(crs)

    return draw


@pytest.fixture
def zipped() -> Callable[[Path], Path]:
    """Return a function that packs a Shapefile's parts into a zip file beside it."""

    def pack(shapefile: Path) -> Path:
        archive = shapefile.with_suffix(".zip")
        with zipfile.ZipFile(archive, "w") as packed:
            for part in shapefile.parent.glob(f"{shapefile.stem}.*"):
                if part != archive:
                    packed.write(part, part.name)
        return archive

    return pack
