"""A table as a person keeps it, read as text without losing or shifting a field.

In: the path of a CSV or XLSX file, or a frame in memory. Out: `Rows`: the header, the fields, and
for every row the number a spreadsheet shows beside it. What the fields mean is not known here.
"""

from __future__ import annotations

import csv
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from budgets.errors import (
    NoStreams,
    RowTooLong,
    StreamColumnTwice,
    StreamsFileMissing,
    StreamsUnreadable,
)
from geo import cells
from geo.errors import CommonGroundError

SPREADSHEETS = {".xlsx", ".xlsm"}


@dataclass(frozen=True)
class Rows:
    """Rows of a table: `columns[name][i]` is the field of row number `numbers[i]`."""

    columns: dict[str, list[Any]]
    numbers: list[int]

    def text(self, name: str) -> list[str]:
        """Return a column as text without blanks around it; what is absent or missing is ''."""
        return [as_text(value) for value in self.columns.get(name, [""] * len(self.numbers))]


def read_rows(source: str | Path | pd.DataFrame, *, where: str, sheet: int | str = 0) -> Rows:
    """Read a table; column names are lower-cased and stripped, rows without any field left out.

    Raises
    ------
    StreamsFileMissing, StreamsUnreadable, RowTooLong, StreamColumnTwice, NoStreams
    """
    if isinstance(source, pd.DataFrame):
        keep = source.index.name is None or source.index.name in source.columns
        frame = source if keep else source.reset_index()
        table = [list(frame.columns), *frame.itertuples(index=False, name=None)]
        lines = [(number, list(row)) for number, row in enumerate(table, 1)]
    else:
        path = Path(source)
        if not path.is_file():
            raise StreamsFileMissing(where, found=[path])
        is_sheet = path.suffix.lower() in SPREADSHEETS
        lines = _spreadsheet(path, where, sheet) if is_sheet else _csv(path, where)
    return rows_of(lines, where=where)


def rows_of(lines: list[tuple[int, list[Any]]], *, where: str) -> Rows:
    """Make `Rows` of numbered lines of fields, of which the first is the header.

    Raises
    ------
    RowTooLong, StreamColumnTwice, NoStreams
    """
    if not lines:
        raise NoStreams(where, detail="the table is empty")
    return _columns(lines, where)


def as_text(value: object) -> str:
    """Return a field as text: missing is '', and 2017.0, as spreadsheets keep it, is '2017'."""
    if isinstance(value, str):
        return value.strip()
    if value is None or (not isinstance(value, list | tuple) and pd.isna(value)):  # type: ignore[call-overload]
        return ""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()


def by_cause(
    values: Iterable[tuple[str, Callable[[], Any]]], where: str
) -> tuple[list[Any], list[CommonGroundError]]:
    """Call each of the labelled readings; return the results and one error for each kind of fault.

    A reading that fails gives None. Its label and value are listed in the error of its class.
    """
    results: list[Any] = []
    found: dict[type[CommonGroundError], list[str]] = {}
    for label, reading in values:
        try:
            results.append(reading())
        except CommonGroundError as error:
            results.append(None)
            shown = str(error.found[0]) if error.found else ""
            found.setdefault(type(error), []).append(f"{label}: {shown}" if shown else label)
    return results, [kind(where, found=rows) for kind, rows in found.items()]


def _columns(lines: list[tuple[int, list[Any]]], where: str) -> Rows:
    header = [as_text(name).lower() for name in lines[0][1]]
    width = len(header)
    while header and not header[-1]:
        header.pop()
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise StreamColumnTwice(where, found=twice)
    body, wrong = [], []
    for number, row in lines[1:]:
        if not any(as_text(field) for field in row):
            continue
        # An unquoted comma makes a row one longer: dropping an empty last field would hide that.
        if len(row) != width or any(as_text(field) for field in row[len(header) :]):
            wrong.append(f"row {number}: {len(row)} fields, the header has {len(header)}")
        body.append((number, row))
    if wrong:
        raise RowTooLong(where, found=wrong)
    if not body:
        raise NoStreams(where)
    columns = {name: [fields[i] for _, fields in body] for i, name in enumerate(header)}
    return Rows(columns, [number for number, _ in body])


def _csv(path: Path, where: str) -> list[tuple[int, list[Any]]]:
    """Read lines strictly: pandas drops or shifts the fields of a line that has too many."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            # A field may span lines, so a row is known by the line on which it ends.
            # What our own tables marked, so that no spreadsheet computes it, comes back.
            return [(reader.line_num, [cells.restored(field) for field in row]) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise StreamsUnreadable(where, detail=str(error)) from error


def _spreadsheet(path: Path, where: str, sheet: int | str) -> list[tuple[int, list[Any]]]:
    try:
        with warnings.catch_warnings():
            # openpyxl warns of print areas and styles it does not keep; no field depends on them.
            warnings.simplefilter("ignore", UserWarning)
            frame = pd.read_excel(
                path, sheet_name=sheet, header=None, dtype=object, keep_default_na=False
            )
    except Exception as error:  # the zip, XML and openpyxl layers each raise their own kinds
        raise StreamsUnreadable(where, detail=f"{type(error).__name__}: {error}") from error
    lines = enumerate(frame.itertuples(False, None), 1)
    return [(number, [cells.restored(field) for field in row]) for number, row in lines]
