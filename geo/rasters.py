"""People pixels into areas.

In: a raster whose pixels count people (or anything else that adds up) and layers of areas. Out:
sums by area (`zonal_sum`), or the people that each source shares with each target
(`overlap_people`). The way back, from totals to pixels, is `geo.smoothing.pycnophylactic`.

Pixels that a border cuts count by the share of the pixel that lies inside (`geo.pixels`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.cutting import Cut, cutting, targets_apart
from geo.errors import DifferentCRS, Faults, NegativePixels, RasterTooSmall
from geo.overlap import Overlaps
from geo.overlap import areas as areas_of_overlap
from geo.pixels import SHARE_ROUNDING, Pixels, Polygons, opened
from geo.reference import same
from geo.smoothing import pycnophylactic

__all__ = [
    "SHARE_ROUNDING",
    "Cut",
    "PeopleOverlaps",
    "cutting",
    "overlap_of_totals",
    "overlap_people",
    "pycnophylactic",
    "targets_apart",
    "zonal_sum",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Uncovered = Literal["raise", "report"]

# A source whose pieces add up to its own area within this share has neither gap nor overlap.
WHOLE = 1e-9
# A piece of a smooth surface smaller than this share of a pixel is as dense as its middle.
SLIGHT = 0.01


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
    with opened(raster_path, band) as pixels:
        shapes = _on_raster(pixels, areas, reproject=reproject)
        sums, notes = _checked_sums(pixels, shapes, areas.index, uncovered=uncovered)
    result = pd.Series(sums, index=areas.index, name="people")
    result.attrs["notes"] = notes
    return result


def overlap_people(
    raster: str | Path | Pixels,
    source: gpd.GeoDataFrame,
    target: gpd.GeoDataFrame,
    *,
    band: int = 1,
    reproject: bool = False,
    uncovered: Uncovered = "raise",
    apart: bool | None = None,
) -> PeopleOverlaps:
    """Let pixels of people decide how sources split: `mass_st = Σ pixels in s ∩ t`.

    The pieces s ∩ t are cut exactly, then summed as in `zonal_sum`, whose options and errors this
    function shares. A source's pieces and what lies in no target are brought to its own sum, so
    that single precision in the shares of pixels loses nobody.

    Parameters
    ----------
    raster
        A raster file, or a grid in memory.
    apart
        Whether no two targets share land, where that is known already (`targets_apart`).
    """
    with _pixels(raster, band) as pixels:
        shapes = _on_raster(pixels, source, reproject=reproject)
        others = _on_raster(pixels, target, reproject=reproject)
        with cutting(shapes, others, apart=apart) as cut:
            source_people, notes = _checked_sums(pixels, shapes, source.index, uncovered=uncovered)
            target_people, more = _checked_sums(pixels, others, target.index, uncovered=uncovered)
            area, summed = shapely.area(shapes), []
            for some, cut_off in cut.parts():
                part = source_people[some.source]
                split = some.area_m2 < area[some.source] * (1 - WHOLE)
                part[split] = pixels.sums(cut_off[split])["sum"]
                summed.append(part)
            people = np.concatenate(summed)
            pairs, shared = cut.pieces()
            apart = cut.apart()
        inside = _by(pairs.source, people, len(shapes))
        if apart:
            outside, once = _left_over(shapes, pairs, source_people, inside)
        else:
            rest, once = _remainders(shapes, pairs, shared, others)
            outside = pixels.sums(rest)["sum"].to_numpy()
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
        notes=(*notes, *more),
    )


def overlap_of_totals(
    raster: str | Path | Pixels,
    source: gpd.GeoDataFrame,
    target: gpd.GeoDataFrame,
    totals: Floats,
    *,
    cut: Cut | None = None,
) -> PeopleOverlaps:
    """Let a surface say how known totals split: `mass_st = total_s · P(s ∩ t) / P(s)`.

    P is the sum of the pixels. The surface must have been made from the totals (`pycnophylactic`),
    so that it is even along a border and what lies in no target may be measured by its land, as
    long as no two targets overlap; then only the pieces are summed. A piece smaller than a
    hundredth of a pixel, such as two drawings of one border leave in thousands, takes the density
    at its middle: that can err by no more than a hundredth of what the pixels it meets differ by.
    Otherwise as `overlap_people`, each source scaled to its total.

    Parameters
    ----------
    totals
        People of each source in the order of the layer, 0 or more.
    cut
        The pieces of the same two layers, where they are being cut already (`cutting`).
    """
    with ExitStack() as open_ones:
        pixels = open_ones.enter_context(_pixels(raster, 1))
        shapes = _on_raster(pixels, source, reproject=False)
        others = _on_raster(pixels, target, reproject=False)
        cut = cut or open_ones.enter_context(cutting(shapes, others))
        once = cut.apart()
        if once:
            pairs, shared = cut.pieces()
            gap = _gaps(shapes, pairs)
            sole = np.bincount(pairs.source, minlength=len(shapes)) == 1
            people = np.ones(len(pairs))
            split = ~sole[pairs.source]
            slight = split & (pairs.area_m2 < SLIGHT * pixels.pixel_area)
            people[slight] = pixels.at(shapely.centroid(shared[slight]))
            people[slight] *= pairs.area_m2[slight] / pixels.pixel_area
            people[split & ~slight] = pixels.sums(shared[split & ~slight])["sum"]
    if not once:
        found = overlap_people(raster, source, target, uncovered="report")
        seen = found.source_people
        scale = np.divide(totals, seen, out=np.zeros(len(totals)), where=seen > 0)
        mass, outside = found.people * scale[found.source], found.outside * scale
        return replace(found, people=mass, outside=outside, source_people=totals)
    inside = _by(pairs.source, people, len(shapes))
    kept = totals * np.where(gap > WHOLE, 1 - gap, 1.0)
    scale = np.divide(kept, inside, out=np.zeros(len(totals)), where=inside > 0)
    mass = people * scale[pairs.source]
    held = mass > 0
    return PeopleOverlaps(
        source=pairs.source[held],
        target=pairs.target[held],
        people=mass[held],
        source_people=totals,
        target_people=_by(pairs.target, mass, len(others)),
        outside=np.where(inside > 0, totals - kept, totals),
    )


@contextmanager
def _pixels(raster: str | Path | Pixels, band: int) -> Iterator[Pixels]:
    """Open a raster that is a file; one in memory is there already."""
    if isinstance(raster, Pixels):
        yield raster
        return
    with opened(raster, band) as pixels:
        yield pixels


def _by(position: Ints, amount: Floats, n: int) -> Floats:
    """Add up amounts by position; without any, numpy would count in integers."""
    return np.bincount(position, amount, minlength=n).astype(np.float64)


def _left_over(
    shapes: Polygons, pairs: Overlaps, people: Floats, inside: Floats
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Return the people of each source whom no piece holds, where no piece overlaps another.

    What is left over after subtraction is as exact as the pixels' shares. If it is no more than
    their rounding, the gap is so small that its share of the land says more.
    """
    gap = _gaps(shapes, pairs)
    rest = people - inside
    rest = np.where(np.abs(rest) <= SHARE_ROUNDING * people, people * gap, rest)
    return np.where(gap > WHOLE, np.maximum(rest, 0.0), 0.0), np.ones(len(shapes), dtype=np.bool_)


def _gaps(shapes: Polygons, pairs: Overlaps) -> Floats:
    """Return the share of each source's land that no piece covers, if no piece overlaps another."""
    area = shapely.area(shapes)
    covered = np.bincount(pairs.source, pairs.area_m2, minlength=len(shapes))
    return np.divide(area - covered, area, out=np.zeros(len(shapes)), where=area > 0)


def _remainders(
    shapes: Polygons, pairs: Overlaps, shared: Polygons, targets: Polygons
) -> tuple[Polygons, npt.NDArray[np.bool_]]:
    """Return what of each source lies in no target, and whether no land of it lies in two."""
    area = shapely.area(shapes)
    covered = np.bincount(pairs.source, pairs.area_m2, minlength=len(shapes))
    doubtful = np.abs(covered - area) > WHOLE * area
    # Where targets overlap, a gap and an overlap of equal size would cancel out.
    both = areas_of_overlap(targets, targets)
    crossed = np.isin(pairs.target, both.source[both.source != both.target])
    doubtful[pairs.source[crossed]] = True
    rest = np.full(len(shapes), shapely.Polygon(), dtype=object)
    once = np.ones(len(shapes), dtype=np.bool_)
    first = np.searchsorted(pairs.source, np.arange(len(shapes) + 1))
    for s in np.flatnonzero(doubtful):
        held = shapely.union_all(shared[first[s] : first[s + 1]])
        rest[s] = shapely.difference(shapes[s], held)
        once[s] = covered[s] <= shapely.area(held) * (1 + WHOLE)
    return rest, once


def on_raster(
    raster_path: str | Path, areas: gpd.GeoDataFrame, *, band: int = 1, reproject: bool = False
) -> gpd.GeoDataFrame:
    """Return a layer in the raster's coordinate system; errors are those of `zonal_sum`."""
    with opened(raster_path, band) as pixels:
        shapes = _on_raster(pixels, areas, reproject=reproject)
        return gpd.GeoDataFrame(geometry=shapes, index=areas.index, crs=pixels.crs)


def _on_raster(pixels: Pixels, areas: gpd.GeoDataFrame, *, reproject: bool) -> Polygons:
    """Return the shapes of a layer in the raster's coordinate system."""
    layer = str(areas.index.name or "areas")
    if areas.crs is None:
        raise DifferentCRS(layer, detail="the areas state none")
    if not same(areas.crs, pixels.crs):
        if not reproject:
            detail = f"{layer} in {areas.crs.to_string()}, raster in {pixels.crs.to_string()}"
            raise DifferentCRS(pixels.name, detail=detail)
        areas = areas.to_crs(pixels.crs)
    return np.asarray(areas.geometry.values, dtype=object)


def _checked_sums(
    pixels: Pixels, shapes: Polygons, codes: pd.Index, *, uncovered: Uncovered
) -> tuple[Floats, list[dict[str, Any]]]:
    """Sum the pixels in each shape; refuse or note what makes a sum doubtful."""
    notes: list[dict[str, Any]] = []
    faults = Faults(pixels.name)
    beyond = pixels.beyond(shapes)
    if beyond.any() and uncovered == "raise":
        faults.add(RasterTooSmall(pixels.name, found=codes[beyond]))
    elif beyond.any():
        detail = "areas reach beyond the raster; nobody is counted there"
        notes.append({"kind": "beyond the raster", "codes": list(codes[beyond]), "detail": detail})
    found = pixels.sums(shapes)
    negative = (found["min"] < 0).to_numpy()
    if negative.any():
        detail = f"the lowest is {found['min'].min():g}"
        faults.add(NegativePixels(pixels.name, found=codes[negative], detail=detail))
    faults.raise_any()
    expected = np.where(beyond, 0.0, shapely.area(shapes) / pixels.pixel_area)
    empty = found["count"].to_numpy() < expected * (1 - SHARE_ROUNDING) - SHARE_ROUNDING
    if empty.any():
        detail = "pixels without data count as nobody"
        notes.append({"kind": "no data", "codes": list(codes[empty]), "detail": detail})
    return found["sum"].to_numpy(), notes
