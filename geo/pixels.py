"""A raster, opened and checked, that adds up its pixels in shapes.

In: a raster file, or a grid in memory, and arrays of polygons in its coordinate system. Out: for
each polygon the sum of its pixels, how many of them hold data, and the smallest; cut pixels count
by the share inside. Shapes of few pixels are taken all at once by `geo.coverage`; those of many by
exactextract, which needs little memory and is exact up to single precision. Its answer is not
believed: a shape whose pixels do not add up to its own area is summed again by `geo.coverage`.
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
from exactextract.raster import RasterioRasterSource, RasterSource
from exactextract.writer import Writer
from pyproj import CRS
from rasterio.windows import Window

from geo.coverage import Grid, Windows, covered
from geo.errors import Faults, RasterWithoutCRS, RotatedRaster, UnreadableRaster

Polygons = npt.NDArray[np.object_]
Floats = npt.NDArray[np.float64]

# exactextract keeps the covered share of a pixel in single precision.
SHARE_ROUNDING = 1e-6
# 400 MB; a larger window is read piece by piece, which takes some five times as long.
MOST_CELLS = 50_000_000
# A shape whose box holds more pixels than these is left to exactextract.
FEW_PIXELS = 4_096
# Pixels of all shapes' boxes that are held at once, some 50 MB.
PIXELS_AT_ONCE = 1_000_000
STATISTICS = ("sum", "count", "min")
# Pixels under the shape, with data or without: what it covers, to compare with its own area.
COVERED = "covered=count(default_value=0)"
# A miscount is of whole pixels; an honest sum of shares in single precision is far below this.
MISCOUNT = 1e-3
NEVER = "Never get here"


class Pixels:
    """An upright grid of numbers in a coordinate system; NaN where a pixel holds no data."""

    def __init__(
        self, held: Floats, transform: rasterio.Affine, crs: CRS, *, name: str = "surface"
    ) -> None:
        self.held = held
        self._place(transform, held.shape, crs, name)

    def _place(self, grid: rasterio.Affine, shape: tuple[int, ...], crs: CRS, name: str) -> None:
        self.name, self.crs, self.transform = name, crs, grid
        self.height, self.width = shape
        east, south = grid @ (self.width, self.height)
        self.bounds = (grid.c, south, east, grid.f)
        self.pixel_area = float(grid.a * -grid.e)
        self.grid = Grid(grid.c, grid.f, grid.a, grid.e)

    def sums(self, shapes: Polygons) -> pd.DataFrame:
        """Return sum, count (of pixels with data) and min for each shape, in order.

        A shape without any pixel that holds data has sum and count 0, and min NaN.
        """
        shapes = _measurable(shapes, SHARE_ROUNDING * self.pixel_area)
        drawn = np.flatnonzero(~shapely.is_empty(shapes))
        everywhere = pd.DataFrame({"sum": 0.0, "count": 0.0, "min": np.nan}, range(len(shapes)))
        if not len(drawn):
            return everywhere
        rows = np.full((len(drawn), len(STATISTICS)), np.nan)
        many = self._windows(shapes[drawn]).cells() > FEW_PIXELS
        many[many] = ~self._along(shapes[drawn[many]])
        rows[~many] = self._exactly(shapes[drawn[~many]])
        if many.any():
            # Features come back one by one in the order in which they were handed in.
            rows[many] = self._statistics(drawn[many], shapes[drawn[many]])
        found = pd.DataFrame(rows, index=drawn, columns=STATISTICS, dtype=np.float64)
        return everywhere.assign(**found).fillna({"sum": 0.0, "count": 0.0})

    def _statistics(self, positions: npt.NDArray[np.int64], shapes: Polygons) -> Floats:
        features = _Shapes(positions, shapes, self.crs.to_wkt())
        raster = self._source(shapely.total_bounds(shapes))
        # Where every pixel holds data, their count is what is covered; to ask twice costs time.
        gaps = not (isinstance(raster, _Held) and raster.complete)
        asked = [*STATISTICS, COVERED] if gaps else list(STATISTICS)
        results = _Results([name.partition("=")[0] for name in asked])
        try:
            rows: Floats = exact_extract(raster, features, asked, output=results)
        except RuntimeError as error:
            # exactextract 0.3 gives up on some valid shapes that run along the edges of pixels.
            if NEVER not in str(error):
                raise
            if len(shapes) == 1:
                return self._exactly(shapes)
            half = len(shapes) // 2
            first = self._statistics(positions[:half], shapes[:half])
            return np.concatenate([first, self._statistics(positions[half:], shapes[half:])])
        # And it fills whole pixels too many or too few for some others, without a word.
        counted = np.nan_to_num(rows[:, -1 if gaps else STATISTICS.index("count")], nan=0.0)
        rows = rows[:, : len(STATISTICS)]
        wrong = self._miscounted(shapes, counted)
        rows[wrong] = self._exactly(shapes[wrong])
        return rows

    def at(self, points: npt.NDArray[np.object_]) -> Floats:
        """Return the pixel under each point: 0 where there is none or it holds no data."""
        xy = shapely.get_coordinates(points)
        found = np.zeros(len(xy))
        west, north, a, e = (getattr(self.transform, name) for name in "cfae")
        column = np.floor((xy[:, 0] - west) / a).astype(np.int64)
        row = np.floor((xy[:, 1] - north) / e).astype(np.int64)
        within = (row >= 0) & (row < self.height) & (column >= 0) & (column < self.width)
        if within.any():
            top, left = int(row[within].min()), int(column[within].min())
            deep, wide = int(row[within].max()) - top + 1, int(column[within].max()) - left + 1
            held = self.read(Window(left, top, wide, deep))
            found[within] = np.nan_to_num(held[row[within] - top, column[within] - left], nan=0.0)
        return found

    def beyond(self, shapes: Polygons) -> npt.NDArray[np.bool_]:
        """Say which shapes reach beyond the raster; an empty one does not."""
        west, south, east, north = self.bounds
        bounds = shapely.bounds(shapes)
        low, high = bounds[:, :2] < [west, south], bounds[:, 2:] > [east, north]
        return np.asarray(low.any(axis=1) | high.any(axis=1), dtype=np.bool_)

    def _along(self, shapes: Polygons) -> npt.NDArray[np.bool_]:
        """Say which shapes have a side on a line between pixels.

        exactextract 0.3 gives up on some, miscounts others, and has ended the process on one.
        """
        parts, owner = shapely.get_parts(shapes, return_index=True)
        rings, part = shapely.get_rings(parts, return_index=True)
        xy, ring = shapely.get_coordinates(rings, return_index=True)
        at = self.grid.place(xy)
        line = np.round(at)
        on = np.abs(at - line) < SHARE_ROUNDING
        same = on[:-1] & on[1:] & (line[:-1] == line[1:]) & (ring[:-1] == ring[1:])[:, None]
        which = owner[part[ring[:-1][same.any(axis=1)]]]
        return np.isin(np.arange(len(shapes)), which)

    def _miscounted(self, shapes: Polygons, covered: Floats) -> npt.NDArray[np.bool_]:
        """Say of which shapes the pixels found do not add up to the land within the raster."""
        inside, beyond = shapes, self.beyond(shapes)
        if beyond.any():
            inside = shapes.copy()
            inside[beyond] = shapely.intersection(shapes[beyond], shapely.box(*self.bounds))
        expected = shapely.area(inside) / self.pixel_area
        wrong = np.abs(covered - expected) > MISCOUNT + SHARE_ROUNDING * expected
        return np.asarray(wrong, dtype=np.bool_)

    def _exactly(self, shapes: Polygons) -> Floats:
        """Return sum, count and min of shapes by the exact share of every pixel."""
        if not len(shapes):
            return np.empty((0, len(STATISTICS)))
        windows = self._windows(shapes)
        held = windows.around().cells()[0]
        if len(shapes) > 1 and (windows.cells().sum() > PIXELS_AT_ONCE or held > MOST_CELLS):
            order, half = windows.apart(), len(shapes) // 2
            rows = np.empty((len(shapes), len(STATISTICS)))
            for some in (order[:half], order[half:]):
                rows[some] = self._exactly(shapes[some])
            return rows
        bands = [self._added(shapes, band) for band in windows.bands(PIXELS_AT_ONCE)]
        sums, least = np.sum(bands, axis=0), np.fmin.reduce(bands)
        return np.column_stack([sums[:, :2], least[:, 2]])

    def _added(self, shapes: Polygons, windows: Windows) -> Floats:
        """Add up the pixels with data that each shape meets in its window."""
        found = covered(shapes, self.grid, windows)
        window = _as_one(windows.around())
        value = self.read(window)[found.row - window.row_off, found.column - window.col_off]
        data = np.isfinite(value)
        value, share, shape = value[data], found.share[data], found.shape[data]
        rows = np.full((len(shapes), len(STATISTICS)), np.nan)
        rows[:, 0] = np.bincount(shape, value * share, minlength=len(shapes))
        rows[:, 1] = np.bincount(shape, share, minlength=len(shapes))
        if len(shape):
            first = np.flatnonzero(np.append(True, shape[1:] != shape[:-1]))
            rows[shape[first], 2] = np.minimum.reduceat(value, first)
        return rows

    def _windows(self, shapes: Polygons) -> Windows:
        """Return the pixels that each shape's box meets."""
        return self.grid.windows(shapely.bounds(shapes), self.width, self.height)

    def read(self, window: Window) -> npt.NDArray[np.float64]:
        """Read pixels; NaN where there is no data."""
        top, left = window.row_off, window.col_off
        return self.held[top : top + window.height, left : left + window.width]

    def _source(self, bounds: npt.NDArray[np.float64]) -> RasterSource:
        """Read the pixels within some bounds once, instead of once for each shape."""
        window = self.grid.windows(bounds[None], self.width, self.height, margin=1)
        if not 0 < window.cells()[0] <= MOST_CELLS:
            return self._piecewise()
        return _Held(self, _as_one(window))

    def _piecewise(self) -> RasterSource:
        """Hold all of it: it is in memory already."""
        return _Held(self, Window(0, 0, self.width, self.height))


class _OfFile(Pixels):
    """One band of a raster file."""

    def __init__(self, raster: rasterio.DatasetReader, band: int) -> None:
        self.raster, self.band = raster, band
        crs = CRS.from_wkt(raster.crs.to_wkt())
        self._place(raster.transform, raster.shape, crs, Path(raster.name).name)

    def read(self, window: Window) -> npt.NDArray[np.float64]:
        """Read pixels; NaN where there is no data."""
        read = self.raster.read(self.band, window=window, masked=True).astype(np.float64)
        scale, offset = self.raster.scales[self.band - 1], self.raster.offsets[self.band - 1]
        pixels: npt.NDArray[np.float64] = read.filled(np.nan) * scale + offset
        return pixels

    def _piecewise(self) -> RasterSource:
        """Let the file be read for each shape: slower, in little memory."""
        return RasterioRasterSource(self.raster, self.band)


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
        yield _OfFile(raster, band)


def _as_one(windows: Windows) -> Window:
    """Return the first window in the words of rasterio."""
    return Window(*(int(side[0]) for side in windows))


def _measurable(shapes: Polygons, smallest: float) -> Polygons:
    """Keep the polygonal parts that are large enough to hold a measurable share of a pixel.

    What cutting leaves over (points, lines, slivers thinner than an atom) holds nobody, and
    exactextract 0.3 can count a whole pixel for such a sliver.
    """
    clean = shapes.copy()
    whole = shapely.get_type_id(shapes) == shapely.GeometryType.POLYGON
    clean[whole & (shapely.area(shapes) <= smallest)] = shapely.Polygon()
    several = np.flatnonzero(~whole)
    parts, owner = shapely.get_parts(shapes[several], return_index=True)
    kept = shapely.area(parts) > smallest
    reduced = np.unique(owner[~kept])
    clean[several[reduced]] = shapely.MultiPolygon()
    held = kept & np.isin(owner, reduced)
    if held.any():
        which = np.unique(owner[held])
        rebuilt = np.searchsorted(which, owner[held])
        clean[several[which]] = shapely.multipolygons(parts[held], indices=rebuilt)
    return clean


class _Held(RasterSource):
    """Pixels of one window, on the grid of the whole raster.

    A grid of its own for each window would begin elsewhere, and shares of pixels would differ in
    their last bits with the shapes that happen to be summed together.
    """

    def __init__(self, pixels: Pixels, window: Window) -> None:
        super().__init__()
        self.bounds = pixels.bounds
        self.pixel = (pixels.transform.a, -pixels.transform.e)
        self.left, self.top = window.col_off, window.row_off
        self.held = pixels.read(window)
        self.complete = bool(np.isfinite(self.held).all())
        self.wkt = pixels.crs.to_wkt()

    def res(self) -> tuple[float, float]:
        """Return the width and height of a pixel."""
        return self.pixel

    def extent(self) -> tuple[float, ...]:
        """Return west, south, east and north of the whole raster."""
        return self.bounds

    def nodata_value(self) -> None:
        """Return nothing: pixels without data are held as NaN."""

    def srs_wkt(self) -> str:
        """Return the coordinate system."""
        return self.wkt

    def read_window(self, x: int, y: int, columns: int, rows: int) -> npt.NDArray[np.float64]:
        """Return pixels by their place in the whole raster."""
        return self.held[
            y - self.top : y - self.top + rows, x - self.left : x - self.left + columns
        ]


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
        return []


class _Row(Feature):
    """Takes the statistics of one shape."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, float | None] = {}

    def set(self, name: str, value: float | None) -> None:
        self.values[name] = value

    def set_geometry(self, shape: object) -> None:
        """Leave the shape where it is."""

    def set_geometry_format(self) -> str:
        return "wkb"


class _Results(Writer):
    """Gathers rows of numbers; the library's own table spends half of the time on each feature.

    In one list for all shapes: a list for each would be looked at by the garbage collector.
    """

    def __init__(self, names: list[str]) -> None:
        super().__init__()
        self.names = names
        self.numbers: list[float | None] = []
        self.row = _Row()  # one for all: to make one takes as long as to fill it

    def add_operation(self, operation: Any) -> None:
        """Take note of nothing: the columns are those asked for."""

    def write(self, feature: Any) -> None:
        """Keep the statistics of the next shape."""
        self.row.values.clear()
        feature.copy_to(self.row)
        self.numbers.extend(map(self.row.values.get, self.names))

    def features(self) -> Floats:
        """Return a row a shape, NaN where exactextract has no number."""
        return np.array(self.numbers, dtype=np.float64).reshape(-1, len(self.names))
