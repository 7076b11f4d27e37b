"""The tables of a place package, read as text and checked.

In: CSV files. Out: frames of text in which codes are unique, non-empty and as written, and
columns of numbers in which every value is one. Every fault is collected, none ends the reading.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from data.errors import (
    DuplicateCode,
    EmptyCode,
    EmptyTable,
    LeadingZerosLost,
    MissingCode,
    NotANumber,
    NumericCodes,
    OutOfRange,
    UnknownCode,
    UnreadableTable,
    WrongColumns,
)
from geo import cells
from geo.errors import Faults

# What a spreadsheet makes of a code: 1001.0, 1.2E+05, 1,001. Digits alone are a code like others.
MANGLED = r"[0-9]+\.0+|[0-9]+(?:\.[0-9]+)?[eE]\+[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+"
MISSING = ("", "na", "n/a", "nan", "null", "none", "-", "..")


def read(
    path: Path, *, where: str, columns: Sequence[str] = (), faults: Faults
) -> pd.DataFrame | None:
    """Read a CSV file (plain or gzipped) as text; None where a fault leaves nothing to check.

    Parameters
    ----------
    path, where
        The file, and how errors name it.
    columns
        Columns that must be there.
    faults
        Receives `UnreadableTable`, `EmptyTable` and `WrongColumns`.
    """
    try:
        frame = _parse(path)
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        # A truncated gzip file is an EOFError.
        faults.add(UnreadableTable(where, detail=str(error)))
        return None
    absent = [column for column in columns if column not in frame.columns]
    if absent:
        has = ", ".join(frame.columns[:12])
        faults.add(WrongColumns(where, found=absent, detail=f"missing columns; it has {has}"))
        return None
    if frame.empty:
        faults.add(EmptyTable(where))
        return None
    return frame


def _parse(path: Path) -> pd.DataFrame:
    """Read the lines strictly: pandas drops or shifts the fields of a line that has too many."""
    with (
        gzip.open(path, "rt", encoding="utf-8-sig", newline="")
        if path.suffix == ".gz"
        else path.open(encoding="utf-8-sig", newline="")
    ) as file:
        lines = csv.reader(file, strict=True)
        header = [cells.restored(name.strip()) for name in next(lines, [])]
        rows = []
        for row in lines:
            if not row:
                continue
            if len(row) != len(header):
                raise csv.Error(
                    f"line {lines.line_num} has {len(row)} fields, the header {len(header)}"
                )
            # What our own exports marked, so that no spreadsheet computes it, comes back.
            rows.append([cells.restored(field) for field in row])
    if len(set(header)) < len(header) or "" in header:
        raise csv.Error(f"a column has no name, or a name of another: {', '.join(header)}")
    return pd.DataFrame(rows, columns=pd.Index(header, dtype=str), dtype=str)


def index_by_code(
    frame: pd.DataFrame, code: str, *, where: str, layer: str, faults: Faults
) -> pd.DataFrame:
    """Return the table indexed by its codes, the index named by the layer they belong to."""
    check_codes(frame[code], where=where, faults=faults)
    repeated = frame.loc[(frame[code] != "") & frame[code].duplicated(), code].unique()
    if len(repeated):
        faults.add(DuplicateCode(where, found=list(repeated)))
    index = pd.Index(frame[code].astype(str), name=layer)
    return frame.drop(columns=code).set_index(index)


def check_codes(codes: pd.Series, *, where: str, faults: Faults) -> None:
    """Add faults for codes that are empty or that a spreadsheet turned into numbers."""
    spot = f"{where}, column {codes.name}"
    empty = np.flatnonzero(codes.str.strip() == "")
    if len(empty):
        faults.add(EmptyCode(spot, found=_rows(empty)))
    mangled = codes[codes.str.strip().str.fullmatch(MANGLED)].unique()
    if len(mangled):
        faults.add(NumericCodes(spot, found=list(mangled)))


def match_codes(
    codes: Iterable[str],
    known: pd.Index,
    *,
    where: str,
    faults: Faults,
    complete: bool = False,
) -> None:
    """Add faults for codes that a layer does not have, and if `complete` for those left out."""
    found = pd.Index(pd.unique(pd.Series(list(codes), dtype=str)))
    found = found[found.str.strip() != ""]
    unknown = found[~found.isin(known)]
    spot = f"{where}, codes of layer {known.name}"
    if len(unknown):
        stripped = set(known.str.lstrip("0"))
        zeros = all(code.lstrip("0") in stripped for code in unknown)
        fault = LeadingZerosLost if zeros else UnknownCode
        faults.add(fault(spot, found=list(unknown)))
    if complete:
        absent = known[~known.isin(found)]
        if len(absent):
            faults.add(MissingCode(spot, found=list(absent)))


def numbers(
    frame: pd.DataFrame,
    column: str,
    *,
    where: str,
    faults: Faults,
    minimum: float | None = 0.0,
    maximum: float | None = None,
    gaps: bool = False,
) -> pd.Series:
    """Return a column as float64 and add faults for text and out-of-range values.

    Missing values are faults too, unless `gaps` allows them.
    """
    text = frame[column].str.strip()
    values = pd.to_numeric(text, errors="coerce").astype("float64")
    spot = f"{where}, column {column}"
    wrong = ~np.isfinite(values.to_numpy())
    if gaps:
        wrong &= ~text.str.lower().isin(MISSING).to_numpy()
    if wrong.any():
        faults.add(NotANumber(spot, found=_cells(frame, text, wrong)))
    low = (values < minimum).to_numpy() if minimum is not None else np.zeros(len(values), bool)
    high = (values > maximum).to_numpy() if maximum is not None else np.zeros(len(values), bool)
    outside = (low | high) & ~wrong
    if outside.any():
        faults.add(OutOfRange(spot, found=_cells(frame, text, outside)))
    return values


def is_numeric(column: pd.Series) -> bool:
    """Say whether a column of text holds numbers only (missing values apart)."""
    text = column.str.strip()
    filled = text[~text.str.lower().isin(MISSING)]
    return bool(len(filled)) and bool(pd.to_numeric(filled, errors="coerce").notna().all())


def _rows(positions: np.ndarray) -> list[str]:
    # Line 1 of the file is its header.
    return [f"line {position + 2}" for position in positions]


def _cells(frame: pd.DataFrame, text: pd.Series, mask: np.ndarray) -> list[str]:
    """Name cells by their code where the table has one, else by their line."""
    positions = np.flatnonzero(mask)
    if frame.index.name is None:
        names = _rows(positions)
    else:
        names = [str(code) for code in frame.index[positions]]
    return [f"{name} {text.iloc[at]!r}" for name, at in zip(names, positions, strict=True)]
