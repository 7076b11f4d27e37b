"""Streams: the lines of public money, read from a table and checked row by row.

In: a CSV or XLSX file or a frame with one row a stream. Out: a frame indexed by stream id with
amounts in whole pence and the areas each stream covers, or one error that names every fault.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from budgets.errors import (
    BudgetError,
    CoversNotUnderstood,
    DuplicateStream,
    EmptyStreamField,
    GradeNotEarned,
    NegativeWithoutReason,
    StreamColumnsMissing,
    UnknownArea,
    UnknownGrade,
    UnknownKind,
    UnknownLayer,
    UnknownMethod,
    UnknownStatus,
    YearNotUnderstood,
)
from budgets.money import format_pounds, read_amount
from budgets.tables import Rows, as_text, by_cause, read_rows
from geo.errors import Faults

# The grade that a method earns on the ladder of methods, section 3.
METHODS = {"people": "E", "need": "D", "place-wide": "G"}
GRADES = tuple("ABCDEFG")
KINDS = ("revenue", "capital", "housing account", "benefit")
STATUSES = ("budget", "forecast", "outturn")

NEEDED = ("id", "title", "agency", "amount", "covers", "method", "year", "kind", "status")
FILLED = ("title", "agency", "year")
COLUMNS = (
    *("title", "agency", "service", "theme", "amount_pence", "rounding_pence", "reason", "covers"),
    *("method", "grade", "held_at", "year", "kind", "status", "source", "assumption", "row"),
)
NOT_TEXT = ("amount_pence", "rounding_pence", "covers", "row")
ALL_AREAS = "*"

_YEAR = re.compile(r"[0-9]{4}(?:[-/](?:[0-9]{2}|[0-9]{4}))?")


def read(
    source: str | Path | pd.DataFrame,
    *,
    where: str | None = None,
    unit: str = "pounds",
    sheet: int | str = 0,
    known: Mapping[str, Any] | None = None,
) -> pd.DataFrame:
    """Read the streams and raise every fault of the table at once.

    Parameters
    ----------
    source
        CSV (UTF-8), XLSX, or a frame. Columns `id, title, agency, amount, covers, method, year,
        kind, status` are needed; `service, theme, unit, reason, grade, held_at, source,
        assumption` may be there; others are kept as text.
    where
        What errors call the table; by default the file's name.
    unit
        Unit of `amount` where the column `unit` is absent or empty: pounds, thousands or pence.
    sheet
        Sheet of an XLSX file, by position or name.
    known
        Layers of the place: layer id -> codes, or a frame indexed by them. With it, the areas
        covered and the layers of `held_at` are checked too (see `check_layers`).

    Returns
    -------
    DataFrame indexed by `stream`, in the order of the table, with text columns and

    - `amount_pence` int64, signed; `rounding_pence` float64: what rounding to whole pence added;
    - `covers`: list of `layer:code` (`layer:*` for all areas of a layer), empty for place-wide;
    - `row`: the number of the row in the table.

    Raises
    ------
    SeveralFaults, or the one fault: see `budgets.errors`, "tables of streams".
    """
    label = where or ("streams" if isinstance(source, pd.DataFrame) else Path(source).name)
    rows = read_rows(source, where=label, sheet=sheet)
    names = _rename_pence(rows)
    absent = [name for name in NEEDED if name not in names]
    if absent:
        raise StreamColumnsMissing(label, found=absent, detail="it has " + ", ".join(rows.columns))
    faults = Faults(label)
    labels = _labels(rows)
    texts = [name for name in COLUMNS if name not in NOT_TEXT]
    texts += [n for n in rows.columns if n not in (*NEEDED, *COLUMNS, "unit")]
    frame = pd.DataFrame({name: rows.text(name) for name in texts}, dtype="str")
    frame.index = pd.Index(rows.text("id"), dtype="str", name="stream")
    _check_ids(rows, labels, faults)
    _fill_grades(frame)
    _check_words(frame, labels, faults)
    _read_amounts(frame, rows, unit, labels, faults)
    _read_covers(frame, rows, labels, faults)
    frame["row"] = np.array(rows.numbers, np.int64)
    if known is not None:
        with faults.catch():
            check_layers(frame, known, where=label)
    faults.raise_any()
    return frame[[*COLUMNS, *(name for name in texts if name not in COLUMNS)]]


def check_layers(streams: pd.DataFrame, known: Mapping[str, Any], *, where: str) -> None:
    """Check that every layer and area a stream names exists.

    Raises
    ------
    UnknownLayer, UnknownArea (together as `SeveralFaults`), naming row, stream and code.
    """
    codes = {layer: _codes(areas) for layer, areas in known.items()}
    layers: list[str] = []
    named: dict[str, list[tuple[str, str]]] = {layer: [] for layer in codes}
    labels = _labels_of(streams)
    for label, held_at, covers in zip(labels, streams["held_at"], streams["covers"], strict=True):
        if held_at and held_at not in codes:
            layers.append(f"{label}: held at {held_at}")
        for cover in covers if isinstance(covers, list) else []:
            layer, code = split_cover(cover)
            if layer not in codes:
                layers.append(f"{label}: covers {cover}")
            elif code != ALL_AREAS:
                named[layer].append((code, f"{label}: {cover}"))
    areas: list[str] = []
    for layer, pairs in named.items():
        at = codes[layer].get_indexer(pd.Index([code for code, _ in pairs], dtype="str"))
        areas += [text for (_, text), found in zip(pairs, at, strict=True) if found < 0]
    faults = Faults(where)
    if layers:
        faults.add(UnknownLayer(where, found=layers, detail="it has " + ", ".join(codes)))
    if areas:
        faults.add(UnknownArea(where, found=areas))
    faults.raise_any()


def parse_covers(value: object) -> list[str]:
    """Read `layer:code;layer:code` into a list, each area once and in the order given.

    Raises
    ------
    CoversNotUnderstood
        A part is not `layer:code`.
    """
    if isinstance(value, list | tuple):
        parts = [str(part).strip() for part in value]
    else:
        parts = [part.strip() for part in as_text(value).split(";")]
    parts = [part for part in parts if part]
    wrong = [part for part in parts if not all(split_cover(part))]
    if wrong or not parts:
        raise CoversNotUnderstood("covers", found=wrong[:1] or ["(empty)"])
    return list(dict.fromkeys(":".join(split_cover(part)) for part in parts))


def split_cover(cover: str) -> tuple[str, str]:
    """Return the layer and the code of `layer:code`; a code may itself hold a colon."""
    layer, _, code = cover.partition(":")
    return layer.strip(), code.strip()


def rounding_sentence(streams: pd.DataFrame) -> str:
    """Say what rounding the amounts to whole pence changed."""
    moved = streams["rounding_pence"]
    changed = int((moved != 0).sum())
    if not changed:
        return f"All {len(streams):,} amounts were whole pence; none was rounded."
    net, gross = float(moved.sum()), float(moved.abs().sum())
    return (
        f"{changed:,} of {len(streams):,} amounts were rounded to whole pence, halves to the even "
        f"penny: {gross:.4g} pence moved in all, {net:+.4g} pence on the total of "
        f"{format_pounds(int(streams['amount_pence'].sum()))}."
    )


def _rename_pence(rows: Rows) -> list[str]:
    """Take `amount_pence`, as this module writes it, for an amount in pence."""
    if "amount" not in rows.columns and "amount_pence" in rows.columns:
        rows.columns["amount"] = rows.columns["amount_pence"]
        rows.columns["unit"] = ["pence"] * len(rows.numbers)
    if "id" not in rows.columns and "stream" in rows.columns:
        rows.columns["id"] = rows.columns.pop("stream")
    return list(rows.columns)


def _labels(rows: Rows) -> list[str]:
    ids = rows.text("id")
    return [f"row {n} ({i})" if i else f"row {n}" for n, i in zip(rows.numbers, ids, strict=True)]


def _check_ids(rows: Rows, labels: list[str], faults: Faults) -> None:
    ids = rows.text("id")
    empty = [f"row {n}: id" for n, i in zip(rows.numbers, ids, strict=True) if not i]
    for name in FILLED:
        cells = zip(labels, rows.text(name), strict=True)
        empty += [f"{label}: {name}" for label, text in cells if not text]
    if empty:
        faults.add(EmptyStreamField(faults.where, found=empty))
    counts = Counter(ids)
    twice = [label for label, i in zip(labels, ids, strict=True) if i and counts[i] > 1]
    if twice:
        faults.add(DuplicateStream(faults.where, found=twice))


def _fill_grades(frame: pd.DataFrame) -> None:
    for name in ("method", "kind", "status"):
        frame[name] = frame[name].str.lower()
    earned = frame["method"].map(METHODS).fillna("").astype("str")
    frame["grade"] = frame["grade"].str.upper().where(frame["grade"] != "", earned)


def _check_words(frame: pd.DataFrame, labels: list[str], faults: Faults) -> None:
    checks: list[tuple[str, Iterable[str], type[BudgetError]]] = [
        ("method", METHODS, UnknownMethod),
        ("kind", KINDS, UnknownKind),
        ("status", STATUSES, UnknownStatus),
    ]
    known_method = frame["method"].isin(list(METHODS)).to_numpy()
    for name, allowed, kind in checks:
        wrong = ~frame[name].isin(list(allowed)).to_numpy()
        _add(faults, kind, wrong, labels, frame[name])
    # An empty grade where the method is unknown follows from that fault and is not another.
    bad_grade = ~frame["grade"].isin([*GRADES, ""]).to_numpy()
    _add(faults, UnknownGrade, bad_grade, labels, frame["grade"])
    earned = frame["method"].map(METHODS).to_numpy()
    claims = known_method & ~bad_grade & (frame["grade"].to_numpy() != earned)
    _add(faults, GradeNotEarned, claims, labels, frame["grade"] + " by " + frame["method"])
    years = np.array([not _YEAR.fullmatch(y) and y != "" for y in frame["year"]])
    _add(faults, YearNotUnderstood, years, labels, frame["year"])


def _add(
    faults: Faults,
    kind: type[BudgetError],
    wrong: np.ndarray,
    labels: list[str],
    values: pd.Series,
) -> None:
    if wrong.any():
        pairs = zip(labels, values, wrong, strict=True)
        found = [f"{label}: {value or '(empty)'}" for label, value, bad in pairs if bad]
        faults.add(kind(faults.where, found=found))


def _read_amounts(
    frame: pd.DataFrame, rows: Rows, unit: str, labels: list[str], faults: Faults
) -> None:
    units = [text.lower() or unit for text in rows.text("unit")]
    readings = [
        (label, partial(read_amount, value, unit=unit))
        for label, value, unit in zip(labels, rows.columns["amount"], units, strict=True)
    ]
    amounts, errors = by_cause(readings, faults.where)
    for error in errors:
        faults.add(error)
    frame["amount_pence"] = np.array([a.pence if a else 0 for a in amounts], np.int64)
    frame["rounding_pence"] = np.array([float(a.rounding) if a else 0.0 for a in amounts])
    negative = (frame["amount_pence"] < 0).to_numpy() & (frame["reason"] == "").to_numpy()
    shown = frame["amount_pence"].map(format_pounds).astype("str")
    _add(faults, NegativeWithoutReason, negative, labels, shown)


def _read_covers(frame: pd.DataFrame, rows: Rows, labels: list[str], faults: Faults) -> None:
    """Read what each stream covers; only place-wide money may leave it empty."""
    readings: list[tuple[str, Callable[[], list[str]]]] = []
    for label, value, method in zip(labels, rows.columns["covers"], frame["method"], strict=True):
        empty = as_text(value) in ("", "[]")
        may_be_empty = empty and method == "place-wide"
        readings.append((label, list if may_be_empty else partial(parse_covers, value)))
    covers, errors = by_cause(readings, faults.where)
    for error in errors:
        faults.add(error)
    frame["covers"] = pd.Series(covers, index=frame.index, dtype=object)


def _codes(areas: Any) -> pd.Index:
    return areas.index if hasattr(areas, "columns") else pd.Index(areas)


def _labels_of(streams: pd.DataFrame) -> list[str]:
    if "row" not in streams.columns:
        return [str(stream) for stream in streams.index]
    return [f"row {n} ({stream})" for stream, n in streams["row"].items()]
