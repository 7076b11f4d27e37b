"""Crosswalks on disk: CSV with a `.json` beside it, or Parquet with the same header inside.

In: a crosswalk, or a path. Out: files that every table program reads, from which the crosswalk
comes back exactly, text codes and remainders included.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.sparse import csr_array

from boundaries.checks import FloatArray
from boundaries.errors import CrosswalkBroken, OptionUnknown
from geo import cells

if TYPE_CHECKING:
    from boundaries.crosswalk import Crosswalk

FORMAT = "common-ground-crosswalk"
VERSION = 1
HEADER = b"common-ground"
COLUMNS = ("source_code", "target_code", "weight", "mass")
TABLE_KINDS = (".csv", ".parquet")


def write(crosswalk: Crosswalk, path: Path) -> Path:
    """Write a crosswalk as `.csv` with a `.json` beside it, or as `.parquet`.

    The table has the columns `source_code,target_code,weight,mass`. The header holds unit, method,
    layer ids, uncovered, overlapping and zero-mass sources, provenance, and the masses of every
    source and target, so that sources without a pair are not lost either. Files are replaced only
    once they are complete.

    Raises
    ------
    OptionUnknown
        If the suffix is neither `.csv` nor `.parquet`.
    """
    kind = _kind(path)
    header = json.dumps(to_header(crosswalk), ensure_ascii=False, indent=1)
    frame = crosswalk.to_frame()
    part = path.with_name(path.name + ".part")
    if kind == ".parquet":
        table = pa.Table.from_pandas(frame, preserve_index=False)
        kept = {**(table.schema.metadata or {}), HEADER: header.encode()}
        pq.write_table(table.replace_schema_metadata(kept), part)
    else:
        cells.neutralise(frame).to_csv(part, index=False, lineterminator="\n")
        beside = _beside(path)
        beside_part = beside.with_name(beside.name + ".part")
        beside_part.write_text(header + "\n", encoding="utf-8")
        beside_part.replace(beside)
    part.replace(path)
    return path


def read(path: Path) -> Crosswalk:
    """Read a crosswalk that `write` wrote.

    Raises
    ------
    CrosswalkBroken
        If a file is missing, is no crosswalk, or table and header do not belong together.
    """
    kind = _kind(path)
    if kind == ".parquet":
        frame, text = _read_parquet(path)
    else:
        frame, text = _read_csv(path)
    try:
        header = json.loads(text)
    except json.JSONDecodeError as error:
        raise CrosswalkBroken(str(path), detail=f"the header is no JSON: {error}") from error
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise CrosswalkBroken(str(path), detail="the header is not that of a crosswalk")
    if header.get("version") != VERSION:
        detail = f"version {header.get('version')}, this program reads {VERSION}"
        raise CrosswalkBroken(str(path), detail=detail)
    if tuple(frame.columns) != COLUMNS:
        detail = f"columns {', '.join(map(str, frame.columns))}, expected {', '.join(COLUMNS)}"
        raise CrosswalkBroken(str(path), detail=detail)
    try:
        return from_parts(frame, header, where=str(path))
    except KeyError as error:
        raise CrosswalkBroken(str(path), detail=f"the header lacks {error}") from error


def to_header(crosswalk: Crosswalk) -> dict[str, Any]:
    """Return all of a crosswalk that is not in its table, as plain JSON values."""
    sources, targets = crosswalk.sources, crosswalk.targets
    undefined = np.flatnonzero(crosswalk.undefined)
    return {
        "format": FORMAT,
        "version": VERSION,
        "unit": crosswalk.unit,
        "method": crosswalk.method,
        "source_layer": str(sources.name),
        "target_layer": str(targets.name),
        "provenance": list(crosswalk.provenance),
        "uncovered": _mapping(crosswalk.uncovered.index, crosswalk.uncovered),
        "overlap": _mapping(crosswalk.overlapping.index, crosswalk.overlapping),
        "zero_mass": list(crosswalk.zero_mass),
        "undefined": _mapping(sources[undefined], crosswalk.undefined[undefined]),
        "fallback": None if crosswalk.fallback is None else crosswalk.fallback_unit,
        "notes": _plain(crosswalk.notes),
        "source_mass": _mapping(sources, crosswalk.source_mass),
        "target_mass": _mapping(targets, crosswalk.target_mass),
    }


def from_parts(frame: pd.DataFrame, header: Mapping[str, Any], *, where: str) -> Crosswalk:
    """Put table and header back together."""
    from boundaries.crosswalk import Crosswalk

    sources = pd.Index(header["source_mass"], dtype="str", name=header["source_layer"])
    targets = pd.Index(header["target_mass"], dtype="str", name=header["target_layer"])
    row = sources.get_indexer(frame["source_code"])
    column = targets.get_indexer(frame["target_code"])
    strangers = (row < 0) | (column < 0)
    if strangers.any():
        codes = frame.loc[strangers, ["source_code", "target_code"]].agg(" > ".join, axis=1)
        raise CrosswalkBroken(where, found=codes, detail="pairs that the header does not know")
    shape = (len(sources), len(targets))
    source_mass = _array(header["source_mass"])
    weight = frame["weight"].to_numpy(dtype=np.float64)
    mass = csr_array((frame["mass"].to_numpy(dtype=np.float64), (row, column)), shape=shape)
    empty = source_mass[row] == 0
    fallback = None
    if header["fallback"] is not None:
        fallback = csr_array((weight[empty], (row[empty], column[empty])), shape=shape)
    return Crosswalk(
        mass=mass,
        source_mass=source_mass,
        sources=sources,
        targets=targets,
        unit=header["unit"],
        method=header["method"],
        provenance=tuple(header["provenance"]),
        fallback=fallback,
        fallback_unit=header["fallback"] or "",
        target_mass=_array(header["target_mass"]),
        outside=_spread(header["uncovered"], sources),
        undefined=_spread(header["undefined"], sources),
        notes=header["notes"],
    )


def _read_csv(path: Path) -> tuple[pd.DataFrame, str]:
    beside = _beside(path)
    gone = [str(file) for file in (path, beside) if not file.is_file()]
    if gone:
        raise CrosswalkBroken(str(path), found=gone, detail="files that are not there")
    try:
        # A code may read "NA", "1e5" or "007": nothing is guessed.
        frame = pd.read_csv(path, dtype="str", keep_default_na=False, na_values=[])
        numbers = {name: np.float64 for name in ("weight", "mass") if name in frame.columns}
        frame = cells.restore(frame.astype(numbers))
    except (ValueError, pd.errors.ParserError) as error:
        raise CrosswalkBroken(str(path), detail=f"the table cannot be read: {error}") from error
    return frame, beside.read_text(encoding="utf-8")


def _read_parquet(path: Path) -> tuple[pd.DataFrame, str]:
    if not path.is_file():
        raise CrosswalkBroken(str(path), detail="the file is not there")
    try:
        table = pq.read_table(path)
    except pa.ArrowInvalid as error:
        raise CrosswalkBroken(str(path), detail=f"no Parquet file: {error}") from error
    header = (table.schema.metadata or {}).get(HEADER)
    if header is None:
        raise CrosswalkBroken(str(path), detail="the header of the crosswalk is missing")
    return table.to_pandas(), header.decode()


def _kind(path: Path) -> str:
    kind = path.suffix.lower()
    if kind not in TABLE_KINDS:
        detail = "one of " + ", ".join(TABLE_KINDS)
        raise OptionUnknown("file name", found=[path.name], detail=detail)
    return kind


def _beside(path: Path) -> Path:
    return path.with_suffix(".json")


def _mapping(codes: pd.Index, values: FloatArray | pd.Series) -> dict[str, float]:
    return dict(zip(codes.tolist(), np.asarray(values, dtype=np.float64).tolist(), strict=True))


def _array(mapping: Mapping[str, float]) -> FloatArray:
    return np.fromiter(mapping.values(), dtype=np.float64, count=len(mapping))


def _spread(mapping: Mapping[str, float], codes: pd.Index) -> FloatArray:
    spread = np.zeros(len(codes))
    spread[codes.get_indexer(pd.Index(mapping, dtype="str"))] = _array(mapping)
    return spread


def _plain(value: Any) -> Any:
    """Turn notes into what JSON can hold."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, pd.Index, np.ndarray)):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        return value.item()
    return value
