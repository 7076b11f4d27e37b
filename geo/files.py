"""Files of boundaries, opened without trusting them.

In: a path. Out: `Opened`, the rows as they stand in the file, with what the reader had to mend.
Nothing is decided here about codes, coordinate systems or shapes: that is `geo.layers`.

A file is opened only after its first bytes agree with its name, so that a driver is never chosen
by a file's own claim; a zip file is unpacked by us, name by name, into a folder of its own.
"""

from __future__ import annotations

import json
import os
import tempfile
import warnings
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pyogrio

from geo import wkb
from geo.faults import (
    MissingFile,
    MissingLayer,
    NoGeometry,
    SeveralLayers,
    UnknownFormat,
    UnreadableFile,
    UnsafeArchive,
)

Note = dict[str, Any]

SIGNATURES = {
    ".gpkg": b"SQLite format 3\x00",
    ".fgb": b"fgb\x03",
    ".parquet": b"PAR1",
    ".geoparquet": b"PAR1",
    ".shp": b"\x00\x00\x27\x0a",
    ".geojson": b"{",
    ".json": b"{",
}
PARQUET = (".parquet", ".geoparquet")
JSON = (".geojson", ".json")
SIDECARS = (".shx", ".dbf")
LARGEST_UNPACKED = 4 * 2**30


@dataclass
class Opened:
    """What stood in a file.

    Attributes
    ----------
    frame
        All rows and columns, untouched.
    layer
        Name of the layer within the file, or the file's own name.
    crs_implied
        Whether the coordinate system follows from the format only (GeoJSON that states none).
    notes
        What the reader mended, as `geo.layers.notes` gives it.
    """

    frame: gpd.GeoDataFrame
    layer: str
    crs_implied: bool = False
    notes: list[Note] = field(default_factory=list)


def open_file(path: str | os.PathLike[str], *, layer: str | None = None) -> Opened:
    """Open one layer of a GeoPackage, GeoJSON, Shapefile (or zip), GeoParquet or FlatGeobuf.

    Raises
    ------
    MissingFile, UnknownFormat, UnreadableFile, UnsafeArchive
        The file is absent, of another kind, damaged, or would unpack outside its folder.
    SeveralLayers, MissingLayer, NoGeometry
        No layer or a wrong one was chosen, or a table without shapes.
    """
    file = Path(path)
    if not file.exists():
        raise MissingFile(str(path))
    if not file.is_file():
        raise UnknownFormat(str(path), detail="it is a folder or a device")
    if file.suffix.lower() == ".zip":
        with _unpacked(file, layer) as inside:
            return _open_plain(inside, layer=None if inside.stem == layer else layer, named=file)
    return _open_plain(file, layer=layer, named=file)


def first_line(error: BaseException) -> str:
    """Return the first line of a library's message, or the name of its error."""
    text = str(error).strip().splitlines()
    return text[0][:200] if text else type(error).__name__


def _open_plain(file: Path, *, layer: str | None, named: Path) -> Opened:
    where, suffix = str(named), file.suffix.lower()
    _check_signature(file, where)
    if suffix in PARQUET:
        return _open_parquet(file, layer, where)
    if suffix == ".shp":
        _check_shapefile(file, where)
    options = {"DATE_AS_STRING": "YES"} if suffix in JSON else {}
    notes: list[Note] = []
    with _warnings_noted(notes, file):
        chosen = _choose_layer(file, layer, where)
        frame = _read_ogr(file, chosen, where, options, notes)
    if not isinstance(frame, gpd.GeoDataFrame):
        raise NoGeometry(where, detail=f"layer {chosen!r}")
    name = file.stem if layer is None else chosen
    implied = suffix in JSON and not _states_crs(file)
    return Opened(frame, name, crs_implied=implied, notes=notes)


def _check_signature(file: Path, where: str) -> None:
    suffix = file.suffix.lower()
    if suffix not in SIGNATURES:
        raise UnknownFormat(where, detail=f"the name ends in {suffix or 'nothing'!r}")
    try:
        with file.open("rb") as stream:
            start = stream.read(4096)
    except OSError as error:
        raise UnreadableFile(where, detail=error.strerror or str(error)) from error
    if not start:
        raise UnreadableFile(where, detail="it is empty")
    if suffix in JSON:
        start = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start.startswith(SIGNATURES[suffix]):
        raise UnreadableFile(where, detail=f"its first bytes are not those of a {suffix} file")


def _check_shapefile(file: Path, where: str) -> None:
    """Compare the lengths that a Shapefile's parts state with each other and with the disk.

    GDAL reads a Shapefile that was cut short and hands out rows without shapes, or fewer rows.
    """
    siblings = {p.suffix.lower(): p for p in file.parent.glob("*") if p.stem == file.stem}
    absent = [suffix for suffix in SIDECARS if suffix not in siblings]
    if absent:
        raise UnreadableFile(where, found=absent, detail="parts of the Shapefile are not beside it")
    for part in (file, siblings[".shx"]):
        header = _head(part, 100)
        stated = 2 * int.from_bytes(header[24:28], "big")
        if len(header) < 100 or part.stat().st_size < stated:
            raise UnreadableFile(where, detail=f"its {part.suffix} is cut short")
    shapes = (siblings[".shx"].stat().st_size - 100) // 8
    table = _head(siblings[".dbf"], 32)
    rows = int.from_bytes(table[4:8], "little")
    needed = int.from_bytes(table[8:10], "little") + rows * int.from_bytes(table[10:12], "little")
    if len(table) < 32 or siblings[".dbf"].stat().st_size < needed:
        raise UnreadableFile(where, detail="its .dbf is cut short")
    if rows != shapes:
        raise UnreadableFile(where, detail=f"{shapes:,} shapes but {rows:,} rows in its .dbf")


def _head(file: Path, length: int) -> bytes:
    with file.open("rb") as stream:
        return stream.read(length)


def _choose_layer(file: Path, layer: str | None, where: str) -> str:
    try:
        listed = pyogrio.list_layers(file)
    except Exception as error:  # whatever the driver raises, the file is what is wrong
        raise UnreadableFile(where, detail=first_line(error)) from error
    names = [str(name) for name, _ in listed]
    if layer is not None:
        if layer not in names:
            raise MissingLayer(where, found=names, detail=f"{layer!r} is not among these")
        return layer
    drawn = [str(name) for name, kind in listed if kind is not None]
    if len(drawn) > 1:
        raise SeveralLayers(where, found=drawn)
    if not drawn:
        raise NoGeometry(where, found=names)
    return drawn[0]


@contextmanager
def _warnings_noted(notes: list[Note], file: Path) -> Iterator[None]:
    """Turn what GDAL warns of into notes about the layer."""
    with np.errstate(invalid="ignore"), warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        yield
    for warning in dict.fromkeys(str(item.message) for item in heard):
        detail = warning.replace(str(file), file.name)
        notes.append({"kind": "reader", "code": "", "detail": detail})


def _read_ogr(
    file: Path, layer: str, where: str, options: dict[str, str], notes: list[Note]
) -> pd.DataFrame:
    try:
        frame = pyogrio.read_dataframe(file, layer=layer, on_invalid="ignore", **options)
        promised = int(pyogrio.read_info(file, layer=layer, **options)["features"])
        if isinstance(frame, gpd.GeoDataFrame) and frame.geometry.isna().any():
            frame = _with_rings_closed(frame, file, layer, options, notes)
    except Exception as error:  # GDAL, GEOS and pyogrio each have classes of their own
        raise UnreadableFile(where, detail=first_line(error)) from error
    absent = promised - len(frame)
    if absent > 0 and file.suffix.lower() == ".shp":
        # The lengths of its parts agree: these are rows that its author marked as deleted.
        detail = f"{absent:,} rows are marked as deleted and were not read"
        notes.append({"kind": "rows deleted", "code": "", "detail": detail})
    elif absent > 0:
        raise UnreadableFile(where, detail=f"{promised:,} rows promised, {len(frame):,} found")
    return frame


def _with_rings_closed(
    frame: gpd.GeoDataFrame, file: Path, layer: str, options: dict[str, str], notes: list[Note]
) -> gpd.GeoDataFrame:
    """Read again and let rings that do not end where they began be closed, with a note."""
    absent = frame.geometry.isna().to_numpy()
    mended = pyogrio.read_dataframe(file, layer=layer, on_invalid="fix", **options)
    closed = absent & mended.geometry.notna().to_numpy()
    if closed.any():
        frame = frame.set_geometry(mended.geometry)
        rows = np.flatnonzero(closed)
        notes += [
            {"kind": "ring closed", "row": int(row), "detail": "a ring was open"} for row in rows
        ]
    return frame


def _open_parquet(file: Path, layer: str | None, where: str) -> Opened:
    if layer is not None and layer != file.stem:
        raise MissingLayer(where, found=[file.stem], detail="a GeoParquet file is one layer")
    try:
        described = pq.read_schema(file).metadata or {}
        if b"geo" not in described:
            raise NoGeometry(where, detail="a Parquet file, but not GeoParquet")
        columns = json.loads(described[b"geo"])["columns"]
        for column, about in columns.items():
            if about.get("encoding") == "WKB":
                _check_depth(file, column, where)
        with np.errstate(invalid="ignore"):  # coordinates that are no numbers are named later
            frame = gpd.read_parquet(file)
    except (NoGeometry, UnreadableFile):
        raise
    except Exception as error:  # pyarrow, GEOS and geopandas each have classes of their own
        raise UnreadableFile(where, detail=first_line(error)) from error
    return Opened(frame, file.stem)


def _check_depth(file: Path, column: str, where: str) -> None:
    for chunk in pq.read_table(file, columns=[column]).column(column).chunks:
        for row, shape in enumerate(chunk.to_pylist()):
            if shape is not None and wkb.depth(shape) > wkb.DEEPEST:
                detail = f"row {row + 1}: collections nested more than {wkb.DEEPEST} deep"
                raise UnreadableFile(where, detail=detail)


def _states_crs(file: Path) -> bool:
    """Whether a GeoJSON file has a `crs` member, which writers put before the features."""
    return b'"crs"' in _head(file, 65536)


@contextmanager
def _unpacked(archive: Path, layer: str | None) -> Iterator[Path]:
    """Unpack a zip file into a folder that is removed again, and give its one layer file."""
    where = str(archive)
    with tempfile.TemporaryDirectory(prefix="commonground-") as folder:
        try:
            with zipfile.ZipFile(archive) as packed:
                names = _safe_names(packed, where)
                files = _extract(packed, names, Path(folder), where)
        except (zipfile.BadZipFile, zlib.error, RuntimeError, OSError, EOFError) as error:
            raise UnreadableFile(where, detail=first_line(error)) from error
        candidates = sorted(f for f in files if f.suffix.lower() in SIGNATURES)
        maps = [f for f in candidates if f.suffix.lower() != ".json"] or candidates
        chosen = [f for f in candidates if f.stem == layer] or maps
        if not candidates:
            raise UnknownFormat(
                where, found=[f.name for f in files], detail="nothing to read in it"
            )
        if len(chosen) > 1:
            raise SeveralLayers(where, found=[f.stem for f in chosen])
        yield chosen[0]


def _safe_names(packed: zipfile.ZipFile, where: str) -> list[str]:
    names = [item.filename for item in packed.infolist() if not item.is_dir()]
    parts = {name: PurePosixPath(name.replace("\\", "/")) for name in names}
    unsafe = [n for n, p in parts.items() if ".." in p.parts or p.is_absolute() or ":" in n]
    if unsafe:
        raise UnsafeArchive(where, found=unsafe, detail="names that lead out of the folder")
    hidden = ("__MACOSX", ".")
    kept = [n for n, p in parts.items() if not any(part.startswith(hidden) for part in p.parts)]
    flat = Counter(parts[name].name.lower() for name in kept)
    repeated = sorted(name for name, times in flat.items() if times > 1)
    if repeated:
        raise UnsafeArchive(where, found=repeated, detail="one name in several folders")
    return kept


def _extract(packed: zipfile.ZipFile, names: list[str], folder: Path, where: str) -> list[Path]:
    """Write each file under its last name; the sizes a zip file states are not believed."""
    written, files = 0, []
    for name in names:
        file = folder / PurePosixPath(name.replace("\\", "/")).name
        with packed.open(name) as stream, file.open("wb") as out:
            while block := stream.read(2**20):
                written += len(block)
                if written > LARGEST_UNPACKED:
                    limit = f"more than {LARGEST_UNPACKED / 2**30:.0f} GiB unpacked"
                    raise UnsafeArchive(where, detail=limit)
                out.write(block)
        files.append(file)
    return files
