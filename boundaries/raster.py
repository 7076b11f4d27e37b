"""Crosswalks weighed by pixels of people.

In: a population raster, or counts to be smoothed into one, and two layers. Out: a `Crosswalk` in
which the people on the land that a source and a target share decide how the source divides.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from boundaries.checks import FloatArray, align, layers_codes, one_of
from boundaries.crosswalk import Crosswalk
from boundaries.engine import Engine
from boundaries.errors import ValuesNegative
from boundaries.points import by_area_where_empty
from geo.pixels import Pixels
from geo.rasters import (
    SHARE_ROUNDING,
    PeopleOverlaps,
    cutting,
    overlap_of_totals,
    overlap_people,
    pycnophylactic,
)
from geo.smoothing import cell_width


def from_raster(
    raster: str | Path,
    source: gpd.GeoDataFrame,
    target: gpd.GeoDataFrame,
    *,
    unit: str = "residents",
    reproject: bool = False,
    uncovered: str = "raise",
    fallback: str = "area",
    engine: Engine | None = None,
) -> Crosswalk:
    """Weigh by pixels: `mass_st = sum of the pixels on s ∩ t`, cut pixels by their exact share.

    Parameters
    ----------
    raster
        A raster whose pixels add up (people, homes), such as a dasymetric population grid.
    source, target
        Layers in the raster's coordinate system, or in another one with `reproject`.
    unit
        What the pixels count.
    uncovered
        "raise" if an area reaches beyond the raster, or "report" it in the notes.
    fallback
        How a source without people divides: by "area", or "none" (it stays 0/0).
    engine
        Measures elsewhere, for example on a Dask cluster whose workers can open the raster.

    Returns
    -------
    Crosswalk
        `notes` holds what the raster lacks: `beyond the raster`, `no data`, with the codes.

    Raises
    ------
    NotALayer and the errors of `geo.rasters.overlap_people`
        If raster and layers do not fit.
    """
    one_of(uncovered, ("raise", "report"), option="uncovered")
    one_of(fallback, ("area", "none"), option="fallback")
    source_codes, target_codes = layers_codes(source, target)
    options: dict[str, Any] = {"reproject": reproject, "uncovered": uncovered}
    measure = overlap_people if engine is None else engine.overlap_people
    found = measure(str(raster), source, target, **options)
    people = found.source_people
    said = f"{unit} in the pixels of {Path(raster).name}"
    mass = _table(found, found.people, source, target)
    crosswalk = Crosswalk(
        mass=mass,
        source_mass=people,
        sources=source_codes,
        targets=target_codes,
        unit=unit,
        method="raster",
        provenance=(f"{said} on {source_codes.name} and {target_codes.name}",),
        target_mass=_whole_targets(mass, found.target_people),
        outside=_share(found.outside, people),
        notes=_notes(found),
    )
    return by_area_where_empty(crosswalk, source, target) if fallback == "area" else crosswalk


def from_smoothed(
    counts: pd.Series,
    source: gpd.GeoDataFrame,
    target: gpd.GeoDataFrame,
    *,
    cell_m: float | None = None,
    iterations: int = 50,
    unit: str = "residents",
) -> Crosswalk:
    """Weigh by a smooth surface that keeps each source's own count (pycnophylactic, Tobler 1979).

    Where nothing finer than the sources is known, their neighbours say on which side of an area
    its people live. The surface is cut like a population raster, and each source's shares are of
    its own count. A source that counts nobody divides by area.

    Parameters
    ----------
    counts
        Count of each source, index named by the source layer.
    cell_m
        Width of a cell in metres; the smallest source must hold a cell's centre. By default
        `geo.smoothing.cell_width` of the sources.
    iterations
        How often the surface is smoothed.

    Raises
    ------
    NotALayer, VintageMismatch, CodesUnknown, ValuesNegative
        If layers or counts are not what they must be.
    geo.errors.TotalsUnfit, CellsTooLarge, OverlappingAreas
        If the counts cannot be spread over the layer.
    """
    source_codes, target_codes = layers_codes(source, target)
    held = align(counts, source_codes, where=str(counts.name or "counts"))
    if (held < 0).any():
        raise ValuesNegative("counts", found=source_codes[held < 0])
    cell_m = cell_width(source) if cell_m is None else cell_m
    shapes, others = (np.asarray(layer.geometry.values, dtype=object) for layer in (source, target))
    with cutting(shapes, others) as cut:
        surface, transform = pycnophylactic(source, counts, cell_m=cell_m, iterations=iterations)
        # Nobody lives outside the sources: known to be so, which is quicker to sum than no data.
        pixels = Pixels(np.nan_to_num(surface, nan=0.0), transform, source.crs)
        found = overlap_of_totals(pixels, source, target, held, cut=cut)
    said = f"{unit} of {source_codes.name} smoothed {iterations} times"
    crosswalk = Crosswalk(
        mass=_table(found, found.people, source, target),
        source_mass=held,
        sources=source_codes,
        targets=target_codes,
        unit=unit,
        method="smoothed",
        provenance=(f"{said} over cells of {cell_m:g} m",),
        outside=_share(found.outside, held),
    )
    return by_area_where_empty(crosswalk, source, target)


def _table(
    found: PeopleOverlaps, mass: FloatArray, source: gpd.GeoDataFrame, target: gpd.GeoDataFrame
) -> csr_array:
    shape = (len(source), len(target))
    return csr_array((mass, (found.source, found.target)), shape=shape)


def _whole_targets(mass: csr_array, target_people: FloatArray) -> FloatArray:
    """Take the sum of its pieces for a target that the sources cover, apart from rounding."""
    pieces = np.asarray(mass.sum(axis=0)).ravel()
    return np.where(np.isclose(pieces, target_people, rtol=SHARE_ROUNDING), pieces, target_people)


def _share(part: FloatArray, whole: FloatArray) -> FloatArray:
    return np.divide(part, whole, out=np.zeros(len(whole)), where=whole > 0)


def _notes(found: PeopleOverlaps) -> dict[str, Any]:
    """Gather what the raster lacks by kind, with the codes of both layers."""
    notes: dict[str, Any] = {}
    for note in found.notes:
        codes = (*notes.get(note["kind"], {"codes": ()})["codes"], *note["codes"])
        notes[note["kind"]] = {"count": len(codes), "codes": codes, "detail": note["detail"]}
    return notes
