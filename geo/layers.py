"""Layers of areas: the only way in, and the way out.

In: a file of boundaries, or a frame in memory, and the name of its code column. Out: a layer, that
is a `GeoDataFrame` whose index is named by the layer's id and holds unique text codes, with a
column `name`, valid (multi)polygons and a projected coordinate system in metres.

What had to be mended is told by `notes`; what cannot be used is refused, all faults at once.
"""

from __future__ import annotations

import os
import re
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyproj import CRS, Transformer

from geo import codes, files, polygons, reference
from geo.errors import Faults
from geo.faults import EmptyLayer, NoGeometry, RepeatedColumn, UnknownFormat, UnwritableFile
from geo.files import Note
from geo.reference import BRITISH_GRID

NAME, GEOMETRY = "name", "geometry"
# The day that stands in a GeoPackage as its last change, so that equal layers are equal files.
UNDATED = "1970-01-01T00:00:00.000Z"
# A degree's eighth decimal is about a millimetre.
GEOJSON_DECIMALS = 8


def read(
    path: str | os.PathLike[str],
    *,
    code: str,
    name: str | None = None,
    layer: str | None = None,
    crs: object | None = None,
    id: str | None = None,
    to_crs: object = BRITISH_GRID,
    bbox: tuple[float, float, float, float] | None = None,
) -> gpd.GeoDataFrame:
    """Read a layer from GeoPackage, GeoJSON, Shapefile (plain or zip), GeoParquet or FlatGeobuf.

    Parameters
    ----------
    path
        The file. Its ending and its first bytes must agree.
    code
        Column with the codes. Whole numbers become their digits; text keeps its zeros.
    name
        Column with the names; by default a column `name` if there is one, else the codes.
    layer
        Which layer of a file that holds several.
    crs
        Coordinate system of a file that states none.
    id
        Id of the layer, by default the layer's or the file's name in lower case.
    to_crs
        Projected system in metres to bring the layer to.
    bbox
        Part of the country that is wanted: left, bottom, right, top in `to_crs`. Areas whose boxes
        meet it are read, and those whose boxes meet theirs, because an area is repaired by what
        its neighbours cover. Others are left out unread: neither validated nor told of.

    Returns
    -------
    GeoDataFrame
        Index named `id`, columns `name`, all other attributes, `geometry`. `notes(frame)` tells
        what was mended.

    Raises
    ------
    geo.faults.LayerError, geo.errors.NotPolygons, geo.errors.NotProjected
        One fault as itself, several together as `geo.errors.SeveralFaults`.
    """
    opened = files.open_file(path, layer=layer)
    where = str(path) if layer is None else f"{path}, layer {layer!r}"
    wanted = _Wanted(code, name, id or default_id(opened.layer), to_crs, where)
    faults = Faults(where)
    frame = opened.frame
    with faults.catch():
        own = getattr(frame, "crs", None)
        system = reference.stated(own, crs, implied=opened.crs_implied, where=where)
        frame = frame.set_crs(system, allow_override=True)
        if bbox is not None:
            frame = _around(frame, bbox, reference.projected(to_crs, where=where))
    return _layer(frame, wanted, faults, opened.notes)


def _around(
    frame: gpd.GeoDataFrame, bbox: tuple[float, float, float, float], system: CRS
) -> gpd.GeoDataFrame:
    """Return the rows near a box, and those without any shape, which is a fault to be told."""
    boxes = shapely.bounds(np.asarray(frame.geometry.array))
    box = Transformer.from_crs(system, frame.crs, always_xy=True).transform_bounds(*bbox)
    for _ in range(2):
        apart = (boxes[:, :2] > box[2:]).any(axis=1) | (boxes[:, 2:] < box[:2]).any(axis=1)
        met = boxes[~apart & np.isfinite(boxes).all(axis=1)]
        if len(met):
            box = (*met[:, :2].min(axis=0).tolist(), *met[:, 2:].max(axis=0).tolist())
    return frame[~apart]


def validate(
    frame: gpd.GeoDataFrame,
    *,
    code: str,
    name: str | None = None,
    id: str | None = None,
    where: str = "the layer",
    to_crs: object = BRITISH_GRID,
) -> gpd.GeoDataFrame:
    """Make a layer of a frame in memory, by the rules of `read`; the frame is left as it is.

    `code` may be the name of the index, so that a layer can be validated again. The id is by
    default the index's name, or the code column's.
    """
    held = frame.reset_index() if code == frame.index.name else frame.copy()
    wanted = _Wanted(code, name, id or default_id(code), to_crs, where)
    faults = Faults(where)
    if _is_drawn(held):
        with faults.catch():
            reference.stated(held.crs, None, implied=False, where=where)
    return _layer(held, wanted, faults, [])


def notes(frame: pd.DataFrame) -> list[Note]:
    """Return what reading or validating mended, one dict a change.

    Keys: `kind`, `code` (empty where the note is about the whole layer), `detail`, and for
    repaired shapes `area_before_m2` and `area_after_m2`. pandas does not carry notes through
    joins: read them from the frame that `read` returned.
    """
    return list(frame.attrs.get("notes", []))


def default_id(text: str) -> str:
    """Make a layer id of a file's or layer's name: lower case, letters, digits and underscores.

    >>> default_id("Wards (May 2025)")
    'wards_may_2025'
    """
    return re.sub(r"\W+", "_", text.lower()).strip("_") or "layer"


def write(frame: gpd.GeoDataFrame, path: str | os.PathLike[str]) -> Path:
    """Write a layer as GeoPackage, GeoJSON, GeoParquet or FlatGeobuf, by the ending of `path`.

    Codes stay text, in a column named by the layer's id. GeoJSON is in longitude and latitude,
    as its standard asks, with eight decimals. The file appears whole or not at all, and equal
    layers give equal files.

    Raises
    ------
    UnknownFormat, UnwritableFile
    """
    target = Path(path)
    suffix = target.suffix.lower()
    drivers = {".gpkg": "GPKG", ".fgb": "FlatGeobuf", ".geojson": "GeoJSON", ".json": "GeoJSON"}
    if suffix not in drivers and suffix not in files.PARQUET:
        raise UnknownFormat(str(path), detail=f"the name ends in {suffix or 'nothing'!r}")
    if frame.index.name is None:
        raise UnwritableFile(str(path), detail="the index does not carry the layer's id")
    try:
        flat = frame.reset_index()
        flat.attrs = {}
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".writing-") as folder:
            draft = Path(folder) / target.name
            if suffix in files.PARQUET:
                flat.to_parquet(draft, index=False)
            else:
                _write_ogr(flat, draft, drivers[suffix], str(frame.index.name))
            draft.replace(target)
    except Exception as error:  # GDAL, pyarrow and the disk each have classes of their own
        raise UnwritableFile(str(path), detail=files.first_line(error)) from error
    return target


def _write_ogr(flat: gpd.GeoDataFrame, draft: Path, driver: str, layer: str) -> None:
    options: dict[str, Any] = {"promote_to_multi": True}
    if driver == "GeoJSON":
        options = {"RFC7946": "YES", "COORDINATE_PRECISION": GEOJSON_DECIMALS}
        flat = flat.to_crs("EPSG:4326")
    elif driver == "FlatGeobuf":
        options["SPATIAL_INDEX"] = "NO"  # with one, the rows would come back in another order
    with _undated(), warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        pyogrio.write_dataframe(flat, draft, layer=layer, driver=driver, **options)


@contextmanager
def _undated() -> Iterator[None]:
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": UNDATED})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


@dataclass(frozen=True)
class _Wanted:
    """What the caller asked for."""

    code: str
    name: str | None
    id: str
    to_crs: object
    where: str


def _layer(
    frame: pd.DataFrame, wanted: _Wanted, faults: Faults, found: list[Note]
) -> gpd.GeoDataFrame:
    """Check codes, names and shapes, raise every fault together, and put the layer together."""
    where = wanted.where
    repeated = frame.columns[frame.columns.duplicated()].unique().tolist()
    if repeated:
        raise RepeatedColumn(where, found=repeated)
    attributes = _attributes(frame)
    texts, names = np.array([], dtype=object), wanted.name
    labels = codes.labels(None, len(frame))
    with faults.catch():
        code = codes.find_column(attributes, wanted.code, where=where, role="codes")
        labels = codes.labels(frame[code], len(frame))
        texts, made = codes.clean(frame[code], where=where)
        found = found + made
    if names is not None:
        with faults.catch():
            codes.find_column(attributes, names, where=where, role="names")
    elif NAME in attributes:
        names = NAME
    shapes, mended = _shapes(frame, wanted, faults, labels)
    faults.raise_any()
    found = [_named(note, labels) for note in found] + mended
    return _assembled(frame, texts, shapes, found, wanted=wanted, names=names)


def _shapes(
    frame: pd.DataFrame, wanted: _Wanted, faults: Faults, labels: codes.Texts
) -> tuple[gpd.GeoSeries, list[Note]]:
    """Check, flatten, project and repair the shapes; nothing comes back where that failed."""
    where, before, nothing = wanted.where, len(faults), gpd.GeoSeries([])
    with faults.catch():
        system = reference.projected(wanted.to_crs, where=where)
    if not _is_drawn(frame):
        faults.add(NoGeometry(where))
    elif frame.empty:
        faults.add(EmptyLayer(where))
    if len(faults) > before:
        return nothing, []
    shapes = np.asarray(frame.geometry.array)
    usable = polygons.check(shapes, faults, labels=labels, where=where)
    if frame.crs is None:
        return nothing, []
    with faults.catch():
        boxes, own = shapely.bounds(shapes[usable]), CRS.from_user_input(frame.crs)
        reference.check_place(boxes, own, system, labels=labels[usable], where=where)
    if len(faults) > before:
        return nothing, []
    flat, notes = polygons.flatten(shapes, labels=labels)
    series = gpd.GeoSeries(flat, crs=frame.crs).to_crs(system)
    with faults.catch():
        valid, mended = polygons.make_valid(np.asarray(series.array), labels=labels, where=where)
        return gpd.GeoSeries(valid, crs=system), notes + mended
    return nothing, []


def _assembled(
    frame: pd.DataFrame,
    texts: codes.Texts,
    shapes: gpd.GeoSeries,
    found: list[Note],
    *,
    wanted: _Wanted,
    names: str | None,
) -> gpd.GeoDataFrame:
    index = pd.Index(texts, dtype="str", name=wanted.id)
    named, unnamed = codes.names(None if names is None else frame[names], texts)
    if unnamed:
        found = [*found, _note("names missing", f"{unnamed:,} areas are called by their code")]
    columns: dict[str, Any] = {NAME: pd.array(named, dtype="str")}
    for column in _attributes(frame):
        if column in (wanted.code, names):
            continue
        kept = f"{column}_in_file" if column in (NAME, wanted.id, GEOMETRY) else column
        if kept != column:
            found = [*found, _note("column renamed", f"{column} is now {kept}")]
        columns[kept] = frame[column].array
    spare = [c for c in frame.columns if _is_geometry(frame, c) and c != frame.geometry.name]
    if spare:
        found = [*found, _note("column dropped", f"further shapes: {', '.join(map(str, spare))}")]
    layer = gpd.GeoDataFrame(columns, index=index, geometry=shapes.array)
    layer.attrs["notes"] = found
    return layer


def _attributes(frame: pd.DataFrame) -> list[str]:
    return [str(column) for column in frame.columns if not _is_geometry(frame, column)]


def _is_geometry(frame: pd.DataFrame, column: object) -> bool:
    return str(frame[column].dtype) == "geometry"


def _is_drawn(frame: pd.DataFrame) -> bool:
    return isinstance(frame, gpd.GeoDataFrame) and frame.active_geometry_name is not None


def _note(kind: str, detail: str) -> Note:
    return {"kind": kind, "code": "", "detail": detail}


def _named(note: Note, labels: codes.Texts) -> Note:
    """Give a note about a row of the file the code of its area."""
    row = note.get("row")
    rest = {key: value for key, value in note.items() if key != "row"}
    return rest if row is None else {**rest, "code": str(labels[row])}
