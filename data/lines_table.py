"""A table of lines of money as text: read from what people bring, joined, and written again.

In: a file (CSV or XLSX), text pasted from a spreadsheet, or a frame. Out: a frame of text with one
row a line and every column that a table of lines may have; and its CSV text. What the fields mean
is not known here: `data.lines` asks `budgets.streams`.
"""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from budgets.errors import StreamsUnreadable
from budgets.streams_columns import MONEY, NEEDED
from budgets.tables import SPREADSHEETS, Rows, as_text, read_rows, rows_of
from geo import cells

# In the order a person fills them in; the grade is earned by the method and never typed.
KNOWN = (
    *("id", "title", "agency", "service", "theme", "amount", "unit", "covers", "method", "use"),
    *("held_at", "tier", "year", "kind", "status", "price_base", "source", "assumption", "basis"),
    *("reason", "follows", "transfer_of", "gross", "income", "overhead"),
    *("ring_fence", "ring_fence_areas", "ring_fenced", "entitlement", "committed"),
    *("committed_until", "next_decision", "demand_led", "statutory_basis", "confirmed_by"),
    *("funder", "accountable_body", "commissioner", "provider"),
)
TYPED = ("csv", "txt", "tsv", "xlsx")
EARNED = "grade"
_DELIMITERS = ("\t", ",", ";")
_NO_SLUG = re.compile(r"[^a-z0-9]+")
_LONGEST_ID = 40


def of_csv(text: str, *, where: str = "lines of money") -> pd.DataFrame:
    """Return the lines of a CSV text with a header, such as `written` makes.

    Raises
    ------
    StreamsUnreadable, RowTooLong, StreamColumnTwice, NoStreams
    """
    return _of_rows(rows_of(_lines(text, ",", where, strict=True), where=where), {})


def of_file(name: str, content: bytes, *, titles: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Return the lines of a file that somebody brought: CSV, text with tabs, or XLSX.

    Parameters
    ----------
    titles
        Column -> what a page calls it: a header may use either.

    Raises
    ------
    StreamsUnreadable, RowTooLong, StreamColumnTwice, NoStreams
    """
    where = Path(name).name
    if Path(name).suffix.lower() in SPREADSHEETS:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "brought.xlsx"
            path.write_bytes(content)
            return _of_rows(read_rows(path, where=where), titles or {})
    # "Unicode text" of a spreadsheet is UTF-16 and says so in its first two bytes.
    wide = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    try:
        text = content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise StreamsUnreadable(where, detail=str(error)) from error
    delimiter = _delimiter(text, titles or {})
    lines = _lines(text, delimiter, where, strict=delimiter != "\t")
    return _of_rows(rows_of(lines, where=where), titles or {})


def of_pasted(
    text: str, *, order: Sequence[str], titles: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Return the lines of text that was copied from a spreadsheet.

    Parameters
    ----------
    order
        Columns of the fields where the first line is no header.
    titles
        Column -> what a page calls it: a header may use either.

    Raises
    ------
    RowTooLong, StreamColumnTwice, NoStreams
    """
    where = "pasted lines"
    known = titles or {}
    delimiter = _delimiter(text, known)
    lines = _lines(text, delimiter, where, strict=False)
    if lines and not _known(lines[0][1], known):
        width = max(len(row) for _, row in lines)
        header = [*order[:width], *(f"column {at + 1}" for at in range(len(order), width))]
        lines = [(0, header), *((at, [*row, *[""] * (width - len(row))]) for at, row in lines)]
    return _of_rows(rows_of(lines, where=where), known)


def complete(frame: pd.DataFrame) -> pd.DataFrame:
    """Return lines with every known column, blanks around texts taken off, and numbered anew."""
    texts = {
        str(name): pd.array([as_text(value) for value in frame[name]], dtype="str")
        for name in frame.columns
        if name != EARNED
    }
    others = [name for name in texts if name not in KNOWN]
    empty = pd.array([""] * len(frame), dtype="str")
    return pd.DataFrame({name: texts.get(name, empty) for name in (*KNOWN, *others)})


def filled(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the lines in which anything stands at all."""
    return frame[(frame.to_numpy(dtype=object) != "").any(axis=1)].reset_index(drop=True)


def named(frame: pd.DataFrame) -> pd.DataFrame:
    """Give every line with a title and no id an id of its own, made of the title."""
    ids = [str(id) for id in frame["id"]]
    taken = set(ids)
    for at, (id, title) in enumerate(zip(ids, frame["title"], strict=True)):
        if id or not title:
            continue
        stem = _NO_SLUG.sub("_", str(title).lower()).strip("_")[:_LONGEST_ID] or "line"
        number, made = 1, stem
        while made in taken:
            number += 1
            made = f"{stem}_{number}"
        ids[at] = made
        taken.add(made)
    return frame.assign(id=pd.array(ids, dtype="str"))


def joined(before: pd.DataFrame, more: pd.DataFrame) -> pd.DataFrame:
    """Put more lines to those that are there: one of the same id takes its place, others follow."""
    both = [complete(before), complete(more)]
    names = list(dict.fromkeys(name for frame in both for name in frame.columns))
    first, second = (frame.reindex(columns=names, fill_value="") for frame in both)
    at = {id: row for row, id in enumerate(first["id"]) if id}
    rows: list[list[Any]] = first.to_numpy(dtype=object).tolist()
    for row in second.to_numpy(dtype=object).tolist():
        place = at.get(row[names.index("id")])
        if place is None:
            rows.append(row)
        else:
            rows[place] = row
    return pd.DataFrame(rows, columns=pd.Index(names, dtype="str"), dtype="str")


def written(frame: pd.DataFrame) -> str:
    """Return lines as CSV text: the same lines give the same bytes.

    Columns in which nothing stands are left out, unless a table of lines must have them. What a
    spreadsheet would compute is marked (`geo.cells`), and comes back as it was when read.
    """
    return cells.neutralise(slim(frame)).to_csv(index=False, lineterminator="\n")


def slim(frame: pd.DataFrame) -> pd.DataFrame:
    """Return lines without the columns in which nothing stands, except those that must be there."""
    # One comparison of all fields: column by column costs more than everything else here.
    stands = (frame.to_numpy(dtype=object) != "").any(axis=0)
    return frame[[n for n, used in zip(frame.columns, stands, strict=True) if used or n in NEEDED]]


def _lines(text: str, delimiter: str, where: str, *, strict: bool) -> list[tuple[int, list[Any]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=strict)
    try:
        rows = [(reader.line_num, [cells.restored(field) for field in row]) for row in reader]
    except csv.Error as error:
        raise StreamsUnreadable(where, detail=str(error)) from error
    return [(number, row) for number, row in rows if any(field.strip() for field in row)]


def _of_rows(rows: Rows, titles: Mapping[str, str]) -> pd.DataFrame:
    """Return rows as a complete table, its columns under the names that tables of lines have."""
    by_title = {title.casefold(): name for name, title in titles.items()}
    columns = {
        name if name in KNOWN else by_title.get(name.casefold(), name): rows.text(name)
        for name in rows.columns
    }
    if "id" not in columns and "stream" in columns:
        columns["id"] = columns.pop("stream")
    in_pence = {name: f"{name}_pence" for name in MONEY}
    if not set(MONEY) & set(columns) and set(in_pence.values()) & set(columns):
        # What a run writes states its money in whole pence.
        columns |= {name: columns.pop(p) for name, p in in_pence.items() if p in columns}
        columns["unit"] = ["pence"] * len(rows.numbers)
    return complete(pd.DataFrame(columns, dtype="str"))


def _delimiter(text: str, titles: Mapping[str, str]) -> str:
    """Return what divides the fields: what makes most known names, or most fields, of the head."""
    head = next((line for line in text.splitlines() if line.strip()), "")

    def worth(delimiter: str) -> tuple[int, int]:
        fields = head.split(delimiter)
        return _known(fields, titles), len(fields)

    return max(_DELIMITERS, key=worth)


def _known(fields: Sequence[Any], titles: Mapping[str, str]) -> int:
    """Return how many of the fields are names of columns."""
    names = {*KNOWN, *(title.casefold() for title in titles.values())}
    return sum(str(field).strip().strip('"').casefold() in names for field in fields)
