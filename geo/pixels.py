"""A raster, opened and checked, that adds up its pixels in shapes.

In: a raster file and arrays of polygons in its coordinate system. Out: for each polygon the sum of
its pixels, how many of them hold data, and the smallest; cut pixels count by the share inside,
which exactextract finds exactly up to single precision.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import rasterio
import shapely
from exactextract import exact_extract
from exactextract.feature import Feature, FeatureSource
from exactextract.raster import NumPyRasterSource, RasterioRasterSource, RasterSource
from pyproj import CRS
from rasterio.windows import Window

from geo.errors import Faults, RasterWithoutCRS, RotatedRaster, UnreadableRaster

Polygons = npt.NDArray[np.object_]

# exactextract keeps the covered share of a pixel in single precision.
SHARE_ROUNDING = 1e-6
# 400 MB; a larger window is read piece by piece, which takes some five times as long.
MOST_CELLS = 50_000_000


class Pixels:
    """One band of an upright raster with a coordinate system."""

    def __init__(self, raster: rasterio.DatasetReader, band: int) -> None:
        self.raster = raster
        self.band = band
        self.name = Path(raster.name).name
        self.crs = CRS.from_wkt(raster.crs.to_wkt())
        self.bounds = tuple(raster.bounds)
        self.pixel_area = float(raster.transform.a * -raster.transform.e)

    def sums(self, shapes: Polygons) -> pd.DataFrame:
        """Return sum, count (of pixels with data) and min for each shape, in order.

        A shape without any pixel that holds data has sum and count 0, and min NaN.
        """
        shapes = _measurable(shapes, SHARE_ROUNDING * self.pixel_area)
        drawn = np.flatnonzero(~shapely.is_empty(shapes))
        everywhere = pd.DataFrame({"sum": 0.0, "count": 0.0, "min": np.nan}, range(len(shapes)))
        if not len(drawn):
            return everywhere
        found = exact_extract(
            self._source(shapely.total_bounds(shapes)),
            _Shapes(drawn, shapes[drawn], self.crs.to_wkt()),
            ["sum", "count", "min"],
            include_cols=["position"],
            output="pandas",
        )
        found.index = pd.Index(found.pop("position").astype(np.int64))
        return everywhere.assign(**found).fillna({"sum": 0.0, "count": 0.0})

    def _source(self, bounds: npt.NDArray[np.float64]) -> RasterSource:
        """Read the pixels within some bounds once, instead of once for each shape."""
        west, north, a, e = (getattr(self.raster.transform, name) for name in "cfae")
        columns, rows = self.raster.width, self.raster.height
        x = np.clip([(bounds[0] - west) / a - 1, (bounds[2] - west) / a + 1], 0, columns)
        y = np.clip([(bounds[3] - north) / e - 1, (bounds[1] - north) / e + 1], 0, rows)
        left, right = int(np.floor(x[0])), int(np.ceil(x[1]))
        top, bottom = int(np.floor(y[0])), int(np.ceil(y[1]))
        if not 0 < (right - left) * (bottom - top) <= MOST_CELLS:
            return RasterioRasterSource(self.raster, self.band)
        window = Window(left, top, right - left, bottom - top)
        read = self.raster.read(self.band, window=window, masked=True).astype(np.float64)
        scale, offset = self.raster.scales[self.band - 1], self.raster.offsets[self.band - 1]
        pixels = read.filled(np.nan) * scale + offset
        edges = (west + a * left, north + e * bottom, west + a * right, north + e * top)
        return NumPyRasterSource(pixels, *edges, srs_wkt=self.crs.to_wkt())


@contextmanager
def opened(path: str | Path, band: int) -> Iterator[Pixels]:
    """Open one band of a raster.

    Raises
    ------
    UnreadableRaster, RasterWithoutCRS, RotatedRaster
    """
    where = Path(path).name
    try:
        raster = rasterio.open(path)
    except (rasterio.errors.RasterioError, OSError) as error:
        raise UnreadableRaster(where, detail=str(error).splitlines()[0]) from error
    with raster:
        if not 1 <= band <= raster.count:
            detail = f"band {band} was asked for, it has {raster.count}"
            raise UnreadableRaster(where, detail=detail)
        faults = Faults(where)
        if raster.crs is None:
            faults.add(RasterWithoutCRS(where))
        grid = raster.transform
        if grid.b or grid.d or grid.a <= 0 or grid.e >= 0:
            faults.add(RotatedRaster(where))
        faults.raise_any()
        yield Pixels(raster, band)


def _measurable(shapes: Polygons, smallest: float) -> Polygons:
    """Keep the polygonal parts that are large enough to hold a measurable share of a pixel.

    What cutting leaves over (points, lines, slivers thinner than an atom) holds nobody, and
    exactextract 0.3 can count a whole pixel for such a sliver.
    """
    parts, owner = shapely.get_parts(shapes, return_index=True)
    kept = shapely.area(parts) > smallest
    before = np.bincount(owner, minlength=len(shapes))
    clean = shapes.copy()
    clean[np.bincount(owner[kept], minlength=len(shapes)) < before] = shapely.MultiPolygon()
    reduced = kept & (shapely.is_empty(clean)[owner])
    if reduced.any():
        rebuilt, which = owner[reduced], np.unique(owner[reduced])
        clean[which] = shapely.multipolygons(
            parts[reduced], indices=np.searchsorted(which, rebuilt)
        )
    return clean


class _Shapes(FeatureSource):
    """Shapes for exactextract as well-known bytes; its own way is through text and much slower."""

    def __init__(self, positions: npt.NDArray[np.int64], shapes: Polygons, wkt: str) -> None:
        super().__init__()
        self.positions, self.shapes, self.wkt = positions.tolist(), shapely.to_wkb(shapes), wkt

    def count(self) -> int:
        """Return how many shapes there are."""
        return len(self.positions)

    def __iter__(self) -> Iterator[Feature]:
        return map(_Shape, self.positions, self.shapes)

    def srs_wkt(self) -> str:
        """Return the coordinate system, which is the raster's."""
        return self.wkt


class _Shape(Feature):
    def __init__(self, position: int, wkb: bytes) -> None:
        super().__init__()
        self.position, self.wkb = position, wkb

    def geometry(self) -> bytes:
        return self.wkb

    def get(self, name: str) -> Any:
        return getattr(self, name)

    def fields(self) -> list[str]:
        return ["position"]
