"""People pixels into areas.

In: a raster whose pixels count people (or anything else that adds up) and layers of areas. Out:
sums by area (`zonal_sum`), or the people that each source shares with each target
(`overlap_people`). The way back, from totals to pixels, is `geo.smoothing.pycnophylactic`.

Pixels that a border cuts count by the share of the pixel that lies inside, which exactextract
finds exactly up to single precision.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import rasterio
import shapely
from pyproj import CRS

from geo.errors import (
    DifferentCRS,
    Faults,
    NegativePixels,
    RasterTooSmall,
    RasterWithoutCRS,
    RotatedRaster,
    UnreadableRaster,
)
from geo.overlap import Overlaps
from geo.overlap import areas as shared_areas
from geo.reference import same
from geo.smoothing import pycnophylactic

__all__ = ["PeopleOverlaps", "overlap_people", "pycnophylactic", "zonal_sum"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Uncovered = Literal["raise", "report"]

# exactextract keeps the covered share of a pixel in single precision.
SHARE_ROUNDING = 1e-6
# A source whose pieces add up to its own area within this share has neither gap nor overlap.
WHOLE = 1e-9


@dataclass(frozen=True, eq=False)
class PeopleOverlaps:
    """Pairs of areas that share people, sorted by source and then target.

    Attributes
    ----------
    source, target
        Positions in the two layers, int64.
    people
        Sum of the pixels in both, float64, above zero.
    source_people, target_people
        Sum of the pixels in each source and in each target.
    outside
        People of each source who live in no target. Where targets do not overlap, the people of
        its pairs and these add up to `source_people` exactly.
    notes
        What was met and not refused: dicts of kind, codes and detail.
    """

    source: Ints
    target: Ints
    people: Floats
    source_people: Floats
    target_people: Floats
    outside: Floats
    notes: tuple[dict[str, Any], ...] = field(default=())

    def __len__(self) -> int:
        return len(self.source)


def zonal_sum(
    raster_path: str | Path,
    areas: gpd.GeoDataFrame,
    *,
    band: int = 1,
    reproject: bool = False,
    uncovered: Uncovered = "raise",
) -> pd.Series:
    """Add up the pixels in each area: `sum_a = Σ_pixel value · |pixel ∩ a| / |pixel|`.

    Parameters
    ----------
    raster_path
        A raster with square upright pixels. Pixels without data (nodata or NaN) count as nobody.
    areas
        A layer in the raster's coordinate system.
    band
        Which band to read, from 1.
    reproject
        Bring the areas to the raster's system instead of refusing another one. Pixels stay as
        they are, because resampling would move people.
    uncovered
        "raise" if an area reaches beyond the raster, or "report" it in the notes.

    Returns
    -------
    Series
        float64, with the index of `areas`. `attrs["notes"]` lists, as dicts of kind, codes and
        detail, the areas with pixels without data and those that reach beyond the raster.

    Raises
    ------
    UnreadableRaster, RasterWithoutCRS, RotatedRaster
    DifferentCRS
        Unless `reproject`.
    NegativePixels, RasterTooSmall
        Naming the areas.
    """
    with _opened(raster_path, band) as raster:
        shapes = _on_raster(raster, areas, reproject=reproject)
        sums, notes = _checked_sums(raster, band, shapes, areas.index, uncovered=uncovered)
    result = pd.Series(sums, index=areas.index, name="people")
    result.attrs["notes"] = notes
    return result


def overlap_people(
    raster_path: str | Path,
    source: gpd.GeoDataFrame,
    target: gpd.GeoDataFrame,
    *,
    band: int = 1,
    reproject: bool = False,
    uncovered: Uncovered = "raise",
) -> PeopleOverlaps:
    """Let pixels of people decide how sources split: `mass_st = Σ pixels in s ∩ t`.

    The pieces s ∩ t are cut exactly, then summed as in `zonal_sum`, whose options and errors this
    function shares. A source's pieces and what lies in no target are brought to its own sum, so
    that single precision in the shares of pixels loses nobody.
    """
    notes: list[dict[str, Any]] = []
    with _opened(raster_path, band) as raster:
        shapes = _on_raster(raster, source, reproject=reproject)
        others = _on_raster(raster, target, reproject=reproject)
        options: dict[str, Any] = {"uncovered": uncovered}
        source_people, found = _checked_sums(raster, band, shapes, source.index, **options)
        notes += found
        target_people, found = _checked_sums(raster, band, others, target.index, **options)
        notes += found
        pairs = shared_areas(shapes, others)
        cut = shapely.intersection(shapes[pairs.source], others[pairs.target])
        people = _sums(raster, band, cut)["sum"].to_numpy()
        rest, once = _remainders(shapes, pairs, cut, others)
        outside = np.zeros(len(shapes))
        left = np.flatnonzero(~shapely.is_empty(rest))
        outside[left] = _sums(raster, band, rest[left])["sum"].to_numpy()
    inside = np.bincount(pairs.source, people, minlength=len(shapes))
    scale = np.ones(len(shapes))
    np.divide(source_people, inside + outside, out=scale, where=once & (inside + outside > 0))
    people, outside = people * scale[pairs.source], outside * scale
    held = people > 0
    return PeopleOverlaps(
        source=pairs.source[held],
        target=pairs.target[held],
        people=people[held],
        source_people=source_people,
        target_people=target_people,
        outside=outside,
        notes=tuple(notes),
    )


def _remainders(
    shapes: npt.NDArray[Any],
    pairs: Overlaps,
    pieces: npt.NDArray[Any],
    targets: npt.NDArray[Any],
) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
    """Return what of each source lies in no target, and whether no land of it lies in two."""
    area = shapely.area(shapes)
    covered = np.bincount(pairs.source, pairs.area_m2, minlength=len(shapes))
    both = shared_areas(targets, targets)
    crossed = np.isin(pairs.target, both.source[both.source != both.target])
    doubtful = np.abs(covered - area) > WHOLE * area
    doubtful[pairs.source[crossed]] = True
    rest = np.full(len(shapes), shapely.Polygon(), dtype=object)
    once = np.ones(len(shapes), dtype=np.bool_)
    first = np.searchsorted(pairs.source, np.arange(len(shapes) + 1))
    for s in np.flatnonzero(doubtful):
        held = shapely.union_all(pieces[first[s] : first[s + 1]])
        rest[s] = shapely.difference(shapes[s], held)
        once[s] = covered[s] <= shapely.area(held) * (1 + WHOLE)
    return rest, once


@contextmanager
def _opened(path: str | Path, band: int) -> Iterator[rasterio.DatasetReader]:
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
        if raster.transform.b or raster.transform.d:
            faults.add(RotatedRaster(where))
        faults.raise_any()
        yield raster


def _on_raster(
    raster: rasterio.DatasetReader, areas: gpd.GeoDataFrame, *, reproject: bool
) -> npt.NDArray[Any]:
    """Return the shapes of a layer in the raster's coordinate system."""
    layer = areas.index.name or "areas"
    if areas.crs is None:
        raise DifferentCRS(str(layer), detail="the areas state none")
    if not same(areas.crs, CRS.from_wkt(raster.crs.to_wkt())):
        if not reproject:
            detail = f"{layer} in {areas.crs.to_string()}, raster in {raster.crs.to_string()}"
            raise DifferentCRS(Path(raster.name).name, detail=detail)
        areas = areas.to_crs(raster.crs)
    return np.asarray(areas.geometry.values, dtype=object)


def _sums(raster: rasterio.DatasetReader, band: int, shapes: npt.NDArray[Any]) -> pd.DataFrame:
    """Return sum, count (of pixels with data) and min for each shape, in order."""
    # Imported here because it loads GDAL a second time, which other uses of this module can spare.
    from exactextract import exact_extract
    from exactextract.raster import RasterioRasterSource

    shapes = _polygonal(shapes, SHARE_ROUNDING * _pixel_area(raster))
    drawn = np.flatnonzero(~shapely.is_empty(shapes))
    everywhere = pd.DataFrame({"sum": 0.0, "count": 0.0, "min": np.nan}, range(len(shapes)))
    if not len(drawn):
        return everywhere
    frame = gpd.GeoDataFrame(
        {"position": drawn.astype(str)}, geometry=shapes[drawn], crs=raster.crs
    )
    found = exact_extract(
        RasterioRasterSource(raster, band),
        frame,
        ["sum", "count", "min"],
        include_cols=["position"],
        output="pandas",
    )
    found.index = pd.Index(found.pop("position").astype(np.int64))
    return everywhere.assign(**found).fillna({"sum": 0.0, "count": 0.0})


def _pixel_area(raster: rasterio.DatasetReader) -> float:
    return abs(float(raster.transform.a * raster.transform.e))


def _polygonal(shapes: npt.NDArray[Any], smallest: float) -> npt.NDArray[Any]:
    """Keep the polygonal parts that are large enough to hold a measurable share of a pixel.

    What cutting leaves over (points, lines, slivers thinner than an atom) holds nobody, and
    exactextract 0.3 can count a whole pixel for such a sliver.
    """
    parts, owner = shapely.get_parts(shapes, return_index=True)
    kept = shapely.area(parts) > smallest
    whole = np.bincount(owner, minlength=len(shapes)) == np.bincount(
        owner[kept], minlength=len(shapes)
    )
    clean = shapes.copy()
    for k in np.flatnonzero(~whole):
        clean[k] = shapely.multipolygons(parts[kept & (owner == k)])
    return clean


def _checked_sums(
    raster: rasterio.DatasetReader,
    band: int,
    shapes: npt.NDArray[Any],
    codes: pd.Index,
    *,
    uncovered: Uncovered,
) -> tuple[Floats, list[dict[str, Any]]]:
    """Sum the pixels in each shape; refuse or note what makes a sum doubtful."""
    where = Path(raster.name).name
    notes: list[dict[str, Any]] = []
    faults = Faults(where)
    beyond = ~shapely.covers(shapely.box(*raster.bounds), shapes) & ~shapely.is_empty(shapes)
    if beyond.any() and uncovered == "raise":
        faults.add(RasterTooSmall(where, found=codes[beyond]))
    elif beyond.any():
        detail = "areas reach beyond the raster; nobody is counted there"
        notes.append({"kind": "beyond the raster", "codes": list(codes[beyond]), "detail": detail})
    found = _sums(raster, band, shapes)
    negative = (found["min"] < 0).to_numpy()
    if negative.any():
        detail = f"the lowest is {found['min'].min():g}"
        faults.add(NegativePixels(where, found=codes[negative], detail=detail))
    faults.raise_any()
    within = shapely.intersection(shapes[~beyond], shapely.box(*raster.bounds))
    pixels = np.zeros(len(shapes))
    pixels[~beyond] = shapely.area(within) / _pixel_area(raster)
    empty = found["count"].to_numpy() < pixels * (1 - SHARE_ROUNDING)
    if empty.any():
        detail = "pixels without data count as nobody"
        notes.append({"kind": "no data", "codes": list(codes[empty]), "detail": detail})
    return found["sum"].to_numpy(), notes
