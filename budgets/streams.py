"""Streams: the lines of public money, read from a table and checked row by row.

In: a CSV or XLSX file or a frame with one row a stream. Out: a frame indexed by stream id with
amounts in whole pence and the areas each stream covers, or one error that names every fault.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from budgets.errors import (
    CoversNotUnderstood,
    DuplicateStream,
    EmptyStreamField,
    StreamColumnsMissing,
    UnknownArea,
    UnknownLayer,
)
from budgets.money import format_pounds
from budgets.streams_amounts import read_amounts, read_parts, take_pence
from budgets.streams_columns import (
    COLUMNS,
    FILLED,
    GRADES,
    KINDS,
    METHODS,
    NEEDED,
    NOT_TEXT,
    STATUSES,
    TEXTS,
    TIERS,
    check_words,
    fill_words,
    read_dates,
    read_truths,
)
from budgets.streams_links import check_follows, check_transfers, check_use, inherit
from budgets.tables import Rows, as_text, by_cause, read_rows
from geo.errors import Faults

__all__ = [
    "ALL_AREAS", "COLUMNS", "GRADES", "KINDS", "METHODS", "NEEDED", "NOT_TEXT", "STATUSES",
    "TIERS", "check_layers", "parse_covers", "read", "rounding_sentence", "split_cover",
]  # fmt: skip

ALL_AREAS = "*"


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
        kind, status` are needed (`gross` may stand for `amount`); docs/methods/budgets.md lists
        those that may be there; others are kept as text.
    where
        What errors call the table; by default the file's name.
    unit
        Unit of money where the column `unit` is absent or empty: pounds, thousands or pence.
    sheet
        Sheet of an XLSX file, by position or name.
    known
        Layers of the place: layer id -> codes, or a frame indexed by them. With it, the areas
        covered and the layers of `held_at` are checked too (see `check_layers`).

    Returns
    -------
    DataFrame indexed by `stream`, in the order of the table, with text columns and

    - `amount_pence` int64, signed, the net amount; `gross_pence` and `income_pence`, neither below
      nought: gross - income = amount; `overhead_pence`, part of gross;
    - `ring_fenced_pence, entitlement_pence, committed_pence` int64: parts that cannot move;
    - `rounding_pence` float64: what rounding the amount to whole pence added;
    - `covers`: list of `layer:code` (`layer:*` for all areas of a layer), empty for place-wide;
      `ring_fence_areas` likewise;
    - `demand_led` bool; dates as ISO text;
    - `row`: the number of the row in the table.

    Raises
    ------
    SeveralFaults, or the one fault: see `budgets.errors` and `budgets.streams_errors`.
    """
    label = where or ("streams" if isinstance(source, pd.DataFrame) else Path(source).name)
    rows = read_rows(source, where=label, sheet=sheet)
    names = _rename(rows)
    absent = [name for name in NEEDED if name not in names]
    if absent:
        raise StreamColumnsMissing(label, found=absent, detail="it has " + ", ".join(names))
    faults = Faults(label)
    labels = _labels(rows)
    known_names = (*NEEDED, *COLUMNS, "unit")
    own = [n for n in names if n not in known_names and f"{n}_pence" not in NOT_TEXT]
    own = [name for name in own if not name.endswith(" unit")]
    frame = pd.DataFrame({name: rows.text(name) for name in (*TEXTS, *own)}, dtype="str")
    frame.index = pd.Index(rows.text("id"), dtype="str", name="stream")
    _check_ids(rows, labels, faults)
    inherit(frame, rows)
    fill_words(frame)
    check_words(frame, labels, faults)
    read_dates(frame, labels, faults)
    read_truths(frame, rows.text("demand_led"), labels, faults)
    read_amounts(frame, rows, unit, labels, faults)
    _read_covers(frame, rows, labels, faults)
    read_parts(frame, rows, unit, labels, faults)
    frame["row"] = np.array(rows.numbers, np.int64)
    check_use(frame, labels, faults)
    check_follows(frame, labels, faults)
    check_transfers(frame, labels, faults)
    if known is not None:
        with faults.catch():
            check_layers(frame, known, where=label)
    faults.raise_any()
    return frame[[*COLUMNS, *own]]


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
    for label, held_at in zip(labels, streams["held_at"], strict=True):
        if held_at and held_at not in codes:
            layers.append(f"{label}: held at {held_at}")
    for column, verb in (("covers", "covers"), ("ring_fence_areas", "ring-fenced to")):
        for label, covers in zip(labels, streams[column], strict=True):
            for cover in covers if isinstance(covers, list) else []:
                layer, code = split_cover(cover)
                if layer not in codes:
                    layers.append(f"{label}: {verb} {cover}")
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


def _rename(rows: Rows) -> list[str]:
    """Bring the columns to their names: what this module writes can be read again."""
    take_pence(rows)
    if "amount" not in rows.columns and "gross" in rows.columns:
        rows.columns["amount"] = [""] * len(rows.numbers)
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


def _read_covers(frame: pd.DataFrame, rows: Rows, labels: list[str], faults: Faults) -> None:
    """Read the lists of areas; only place-wide money may cover none, every ring-fence may."""
    count = len(labels)
    may_be_empty = {
        "covers": list(frame["method"] == "place-wide"),
        "ring_fence_areas": [True] * count,
    }
    for column, leave in may_be_empty.items():
        readings: list[tuple[str, Callable[[], list[str]]]] = []
        raw = rows.columns.get(column, [""] * count)
        for label, value, left in zip(labels, raw, leave, strict=True):
            empty = as_text(value) in ("", "[]")
            readings.append((label, list if left and empty else partial(parse_covers, value)))
        covers, errors = by_cause(readings, faults.where)
        for error in errors:
            faults.add(error)
        lists = [[] if cover is None else cover for cover in covers]
        frame[column] = pd.Series(lists, index=frame.index, dtype=object)


def _codes(areas: Any) -> pd.Index:
    return areas.index if hasattr(areas, "columns") else pd.Index(areas)


def _labels_of(streams: pd.DataFrame) -> list[str]:
    if "row" not in streams.columns:
        return [str(stream) for stream in streams.index]
    return [f"row {n} ({stream})" for stream, n in streams["row"].items()]
