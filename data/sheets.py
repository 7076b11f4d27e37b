"""Tables in the formats offices use: CSV plain or gzipped, XLSX and Parquet in, CSV and XLSX out.

In: a path and the column that holds the codes. Out: a frame of text indexed by unique codes, as
written in the file; and files that appear whole or not at all.
"""

from __future__ import annotations

import gzip
import os
import tempfile
import warnings
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pyarrow.lib
from openpyxl.utils.exceptions import InvalidFileException

from data import tables
from data.errors import (
    EmptyTable,
    MissingColumns,
    NumericCodes,
    UnknownChoice,
    UnreadableSheet,
    UnusableFolder,
)
from geo import cells
from geo.errors import Faults

READABLE = (".csv", ".csv.gz", ".xlsx", ".parquet")
WRITABLE = (".csv", ".csv.gz", ".xlsx")
SHEET = "table"


def read(
    path: str | Path, *, code: Sequence[str], columns: Sequence[str] = (), faults: Faults
) -> pd.DataFrame | None:
    """Read a table indexed by its codes, each of them once; None where a fault leaves nothing.

    Parameters
    ----------
    code
        Names the code column may have; the first that is there is taken.
    columns
        Further columns that must be there.
    faults
        Receives what is wrong with file, columns and codes.
    """
    frame = rows(path, code=code, columns=columns, faults=faults)
    if frame is None:
        return None
    before, where = len(faults), Path(path).name
    keyed = tables.index_by_code(frame, code[0], where=where, layer=code[0], faults=faults)
    # What vintage the codes are of is not written in a table: the index checks them by their form.
    return keyed.rename_axis(None) if len(faults) == before else None


def rows(
    path: str | Path, *, code: Sequence[str], columns: Sequence[str] = (), faults: Faults
) -> pd.DataFrame | None:
    """Read a table in which a code may stand in several rows; its column is named `code[0]`."""
    path = Path(path)
    where = path.name
    frame = _frame(path, [*code[:1], *columns], faults)
    if frame is None:
        return None
    key = next((name for name in code if name in frame.columns), code[0])
    absent = [name for name in (key, *columns) if name not in frame.columns]
    if absent:
        has = ", ".join(map(str, frame.columns[:12]))
        faults.add(MissingColumns(where, found=absent, detail=f"it has {has}"))
        return None
    if frame.empty:
        faults.add(EmptyTable(where))
        return None
    codes = frame[key]
    if not pd.api.types.is_string_dtype(codes.dropna()):
        faults.add(NumericCodes(f"{where}, column {key}", found=codes.head(5).tolist()))
        return None
    text = codes.where(codes.notna(), "").astype("str").str.strip()
    return frame.assign(**{key: text}).rename(columns={key: code[0]})


def check_writable(path: str | Path) -> Path:
    """Refuse an output file of a kind that cannot be written, before anything is computed."""
    path = Path(path)
    if _suffix(path) not in WRITABLE:
        raise UnknownChoice(
            "--out", found=[path.name], detail=f"it must end in one of {', '.join(WRITABLE)}"
        )
    if path.is_dir():
        raise UnusableFolder(str(path), detail="it is a folder, a file is needed")
    return path


def write(frame: pd.DataFrame, path: str | Path) -> Path:
    """Write a table as its suffix says; an earlier file is replaced only by a complete new one.

    Missing values are empty cells. Text stays text: a spreadsheet does not compute it (see
    `geo.cells`), and `read` gives it back as it was.

    Raises
    ------
    UnknownChoice, UnusableFolder
        The kind of file is unknown, or the folder cannot be written.
    """
    path = check_writable(path).absolute()
    frame = cells.neutralise(frame)
    suffix = _suffix(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-", suffix=suffix)
    except OSError as error:
        raise UnusableFolder(str(path.parent), detail=str(error)) from error
    os.close(handle)
    draft = Path(name)
    try:
        if suffix == ".xlsx":
            _write_xlsx(frame, draft)
        else:
            text = frame.to_csv(index=False, lineterminator="\n").encode()
            # Packed without name and time: the same table gives the same file.
            draft.write_bytes(gzip.compress(text, mtime=0) if suffix == ".csv.gz" else text)
        draft.chmod(0o644)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return path


def packed(frame: pd.DataFrame, suffix: str) -> bytes:
    """Return a table as the bytes of a file of a kind, `.csv` or `.xlsx`; see `write`."""
    with tempfile.TemporaryDirectory() as folder:
        return write(frame, Path(folder) / f"table{suffix}").read_bytes()


def _suffix(path: Path) -> str:
    name = path.name.lower()
    return ".csv.gz" if name.endswith(".csv.gz") else path.suffix.lower()


def _frame(path: Path, wanted: Sequence[str], faults: Faults) -> pd.DataFrame | None:
    suffix = _suffix(path)
    if suffix not in READABLE:
        detail = f"it must end in one of {', '.join(READABLE)}"
        faults.add(UnreadableSheet(path.name, detail=detail))
        return None
    if suffix.startswith(".csv"):
        return tables.read(path, where=path.name, faults=faults)
    try:
        return _read_xlsx(path, wanted) if suffix == ".xlsx" else _read_parquet(path)
    except (
        OSError,
        KeyError,
        ValueError,
        zipfile.BadZipFile,
        InvalidFileException,
        pyarrow.lib.ArrowException,
    ) as error:
        faults.add(UnreadableSheet(path.name, detail=str(error)))
        return None


def _read_parquet(path: Path) -> pd.DataFrame:
    frame = pd.read_parquet(path)
    return frame if isinstance(frame.index, pd.RangeIndex) else frame.reset_index()


def _read_xlsx(path: Path, wanted: Sequence[str]) -> pd.DataFrame:
    """Read the first sheet whose first row names the columns that are wanted, or the first one."""
    with warnings.catch_warnings():
        # Extensions that openpyxl does not know are formats and filters, never values.
        warnings.simplefilter("ignore", UserWarning)
        book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
        try:
            sheets = book.worksheets
            first = (next(sheet.iter_rows(max_row=1, values_only=True), ()) for sheet in sheets)
            heads = [_cells(head) for head in first]
            at = next((k for k, head in enumerate(heads) if set(wanted) <= set(head)), 0)
            rows = sheets[at].iter_rows(min_row=2, values_only=True)
            names = heads[at]
            while names and not names[-1]:
                names.pop()
            if "" in names or len(set(names)) < len(names):
                raise ValueError("a column has no name, or a name of another, in the first row")
            width = len(names)
            body = [_cells(row[:width], width) for row in rows if any(v is not None for v in row)]
        finally:
            book.close()
    return pd.DataFrame(body, columns=pd.Index(names, dtype=str), dtype=str)


def _cells(row: Iterable[object], width: int = 0) -> list[str]:
    texts = ["" if value is None else cells.restored(str(value).strip()) for value in row]
    return texts + [""] * (width - len(texts))


def _write_xlsx(frame: pd.DataFrame, path: Path) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(SHEET)
    sheet.append([str(column) for column in frame.columns])
    columns = [_plain(frame[column]) for column in frame.columns]
    for row in zip(*columns, strict=True):
        sheet.append(list(row))
    book.save(path)


def _plain(column: pd.Series) -> list[object]:
    """Return a column as Python values, None where missing."""
    values = column.astype(object).where(column.notna(), None).tolist()
    return [value.item() if isinstance(value, np.generic) else value for value in values]
