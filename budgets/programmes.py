"""The register of programmes and partnerships: who leads what, where, until when.

In: a CSV or XLSX file or a frame with one row a programme, and crosswalks from the base layer to
what programmes cover. Out: the register, checked row by row; its matrix of themes and leads; and by
area of any level which programmes work there: the data of its map.

The money of a programme is what its lead says it is. It is not added to the ledger, where the same
pounds may stand as a stream.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from boundaries.crosswalk import Crosswalk
from budgets.apportion import cover_shares
from budgets.errors import BudgetError
from budgets.money import Float64, read_amount
from budgets.programmes_errors import (
    DuplicateProgramme,
    EmptyProgrammeField,
    EndNotUnderstood,
    ProgrammeBelowNought,
    ProgrammeColumnsMissing,
    UnknownImportance,
    UnknownRole,
)
from budgets.streams import ALL_AREAS, check_layers, parse_covers, split_cover
from budgets.tables import Rows, as_text, by_cause, read_rows
from geo.errors import Faults

ROLES = ("strategic", "operational", "consultative")
IMPORTANCE = ("critical", "desirable", "peripheral")
NEEDED = ("id", "title", "lead", "theme", "role", "importance", "covers", "amount", "ends")
FILLED = ("title", "lead", "theme")
COLUMNS = (
    "title", "lead", "partners", "theme", "role", "importance", "covers", "amount_pence", "ends",
    "source", "row",
)  # fmt: skip
# A programme is at work in an area where it covers at least this part of the people. [own]
AT_WORK = 0.1


def read(
    source: str | Path | pd.DataFrame,
    *,
    where: str | None = None,
    unit: str = "pounds",
    known: Mapping[str, Any] | None = None,
) -> pd.DataFrame:
    """Read the register and raise every fault of the table at once.

    Parameters
    ----------
    source
        CSV (UTF-8), XLSX, or a frame with the columns of `NEEDED`; `partners` (organisations,
        separated by semicolons), `unit` and `source` may be there.
    where
        What errors call the table; by default the file's name.
    unit
        Unit of `amount` where the column `unit` is absent or empty.
    known
        Layers of the place, layer id -> codes; with it, the areas covered are checked.

    Returns
    -------
    DataFrame indexed by `programme` with the columns of `COLUMNS`: `covers` a list of `layer:code`,
    `partners` a list, `amount_pence` Int64 (missing where not stated), `ends` ISO text or empty.

    Raises
    ------
    SeveralFaults, or the one fault: see `budgets.programmes_errors` and `budgets.errors`.
    """
    label = where or ("programmes" if isinstance(source, pd.DataFrame) else Path(source).name)
    rows = read_rows(source, where=label)
    absent = [name for name in NEEDED if name not in rows.columns]
    if absent:
        detail = "it has " + ", ".join(rows.columns)
        raise ProgrammeColumnsMissing(label, found=absent, detail=detail)
    faults = Faults(label)
    ids = rows.text("id")
    labels = [f"row {n} ({i})" if i else f"row {n}" for n, i in zip(rows.numbers, ids, strict=True)]
    texts = ("title", "lead", "theme", "role", "importance", "ends", "source")
    frame = pd.DataFrame({name: rows.text(name) for name in texts}, dtype="str")
    frame.index = pd.Index(ids, dtype="str", name="programme")
    for name in ("role", "importance"):
        frame[name] = frame[name].str.lower()
    _check_words(frame, labels, faults)
    frame["partners"] = pd.Series(_listed(rows), index=frame.index, dtype=object)
    frame["covers"] = _covers(frame, rows, labels, faults)
    frame["amount_pence"] = _amounts(frame, rows, unit, labels, faults)
    frame["row"] = np.array(rows.numbers, np.int64)
    if known is not None:
        with faults.catch():
            _check_places(frame, known, where=label)
    faults.raise_any()
    return frame[list(COLUMNS)]


def active(register: pd.DataFrame, *, on: dt.date) -> pd.DataFrame:
    """Return the programmes that have not ended by a date; those without an end go on."""
    ends = register["ends"]
    return register[(ends == "") | (ends >= on.isoformat())]


def matrix(register: pd.DataFrame) -> pd.DataFrame:
    """Return who does what: one row a theme, lead, role and importance.

    Columns `theme, lead, role, importance, programmes, amount_pence, ids`: their number, their
    money as far as it is stated, and the ids joined by semicolons; in the order of the words above.
    """
    keys = ["theme", "lead", "role", "importance"]
    table = register.reset_index()
    table["role"] = pd.Categorical(table["role"], ROLES, ordered=True)
    table["importance"] = pd.Categorical(table["importance"], IMPORTANCE, ordered=True)
    grouped = table.groupby(keys, observed=True)
    found = grouped.agg(
        programmes=("programme", "size"),
        amount_pence=("amount_pence", "sum"),
        ids=("programme", ";".join),
    ).reset_index()
    return found.astype({"role": "str", "importance": "str", "amount_pence": "int64"})


def grid(register: pd.DataFrame) -> pd.DataFrame:
    """Return the matrix as it is looked at: themes down, leads across, programmes counted."""
    return pd.crosstab(register["theme"], register["lead"])


def coverage(
    register: pd.DataFrame, *, covers: Mapping[str, Crosswalk], areas: pd.Index
) -> pd.DataFrame:
    """Return which share of each base area each programme covers, programmes x base areas.

    Parameters
    ----------
    covers
        Layer id -> crosswalk from the base layer; the base layer itself needs none.

    Raises
    ------
    UnknownLayer, UnknownArea
        A programme covers what the crosswalks do not have.
    """
    known: dict[str, pd.Index] = {layer: walk.targets for layer, walk in covers.items()}
    known.setdefault(str(areas.name), areas)
    _check_places(register, known, where="programmes")
    table = np.zeros((len(register), len(areas)))
    for at, parts in enumerate(register["covers"]):
        by_layer: dict[str, list[str]] = {}
        for part in parts:
            layer, code = split_cover(part)
            by_layer.setdefault(layer, []).append(code)
        for layer, codes in by_layer.items():
            if layer in covers:
                table[at] += cover_shares(codes, covers[layer], areas=areas)
            else:
                table[at] += np.where(areas.isin(codes) | (ALL_AREAS in codes), 1.0, 0.0)
    return pd.DataFrame(np.minimum(table, 1.0), index=register.index, columns=areas)


def at_level(
    register: pd.DataFrame,
    covered: pd.DataFrame,
    *,
    crosswalk: Crosswalk,
    people: pd.Series,
    themes: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Say which programmes work in each area of a level, theme by theme: the data of the map.

    A programme is at work in an area where it covers at least a tenth of the people. [own]

    Parameters
    ----------
    covered
        What `coverage` returns.
    people
        People of each base area who count, such as those inside the place.
    themes
        Themes to be answered for, by default those of the register.

    Returns
    -------
    DataFrame, one row an area and theme, areas in the order of the level, themes in that of the
    register: `area_code, theme, programmes, critical, ids, covered` (share of the people whom at
    least one programme of the theme reaches) and `twice` (whom at least two reach; where each
    covers a part of a small area, as many as can be).
    """
    areas = covered.columns
    weights = csr_array(crosswalk.weights[crosswalk.sources.get_indexer(areas)])
    count = people.reindex(areas).to_numpy(dtype=np.float64)
    whole = np.asarray(weights.T @ count).ravel()
    shares = _by_area(covered.to_numpy(), weights, count, whole)
    parts = []
    for theme in dict.fromkeys(register["theme"] if themes is None else themes):
        mine = (register["theme"] == theme).to_numpy()
        working = shares[mine] >= AT_WORK
        critical = (register["importance"] == "critical").to_numpy()[mine]
        # The largest and the second largest share of each small area.
        largest = -np.sort(-covered[mine].to_numpy(), axis=0)
        largest = np.vstack([largest, np.zeros((max(2 - len(largest), 0), len(areas)))])
        first = _by_area(largest[:1], weights, count, whole)[0]
        second = _by_area(largest[1:2], weights, count, whole)[0]
        ids = register.index[mine].to_numpy(dtype=object)
        parts.append(
            pd.DataFrame(
                {
                    "area_code": crosswalk.targets.to_numpy(dtype=object),
                    "theme": theme,
                    "programmes": working.sum(axis=0).astype(np.int64),
                    "critical": (working & critical[:, None]).sum(axis=0).astype(np.int64),
                    "ids": [";".join(ids[column]) for column in working.T],
                    "covered": first,
                    "twice": second,
                }
            )
        )
    lived_in = np.tile(whole > 0, len(parts))
    table = pd.concat(parts, ignore_index=True)[lived_in]
    order = {code: at for at, code in enumerate(crosswalk.targets)}
    ordered = table.sort_values("area_code", key=lambda code: code.map(order), kind="stable")
    return ordered.astype({"area_code": "str", "theme": "str"}).reset_index(drop=True)


def _by_area(table: Float64, weights: csr_array, people: Float64, whole: Float64) -> Float64:
    """Return the share of the people of each area in what a table (rows x base areas) covers."""
    reached = np.asarray((weights.T @ (table * people).T).T)
    return np.divide(reached, whole, out=np.zeros_like(reached), where=whole > 0)


def _check_words(frame: pd.DataFrame, labels: list[str], faults: Faults) -> None:
    ids = list(frame.index)
    empty = [f"{label}: id" for label, id in zip(labels, ids, strict=True) if not id]
    for name in FILLED:
        cells = zip(labels, frame[name], strict=True)
        empty += [f"{label}: {name}" for label, text in cells if not text]
    if empty:
        faults.add(EmptyProgrammeField(faults.where, found=empty))
    counts = Counter(ids)
    twice = [label for label, id in zip(labels, ids, strict=True) if id and counts[id] > 1]
    if twice:
        faults.add(DuplicateProgramme(faults.where, found=twice))
    checks: list[tuple[str, list[bool], type[BudgetError]]] = [
        ("role", [word not in ROLES for word in frame["role"]], UnknownRole),
        ("importance", [word not in IMPORTANCE for word in frame["importance"]], UnknownImportance),
        ("ends", [not _is_date(text) for text in frame["ends"]], EndNotUnderstood),
    ]
    for name, wrong, kind in checks:
        marked = zip(labels, frame[name], wrong, strict=True)
        found = [f"{label}: {text or '(empty)'}" for label, text, bad in marked if bad]
        if found:
            faults.add(kind(faults.where, found=found))


def _check_places(register: pd.DataFrame, known: Mapping[str, Any], *, where: str) -> None:
    """Check what programmes cover as that of streams is checked; they hold and fence nothing."""
    check_layers(register.assign(held_at="", ring_fence_areas=""), known, where=where)


def _is_date(text: str) -> bool:
    if text == "":
        return True
    try:
        return dt.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _listed(rows: Rows) -> list[list[str]]:
    return [
        [part.strip() for part in text.split(";") if part.strip()] for text in rows.text("partners")
    ]


def _covers(frame: pd.DataFrame, rows: Rows, labels: list[str], faults: Faults) -> pd.Series:
    readings = zip(labels, rows.columns["covers"], strict=True)
    found, errors = by_cause(
        [(label, partial(parse_covers, value)) for label, value in readings], faults.where
    )
    for error in errors:
        faults.add(error)
    return pd.Series([part or [] for part in found], index=frame.index, dtype=object)


def _amounts(
    frame: pd.DataFrame, rows: Rows, unit: str, labels: list[str], faults: Faults
) -> pd.Series:
    """Read amounts; an empty field is money that is not stated, which is not nought."""
    values = rows.columns["amount"]
    stated = [at for at, value in enumerate(values) if as_text(value) != ""]
    units = rows.text("unit")
    readings = [
        (labels[at], partial(read_amount, values[at], unit=units[at].lower() or unit))
        for at in stated
    ]
    found, errors = by_cause(readings, faults.where)
    for error in errors:
        faults.add(error)
    pence: list[Any] = [pd.NA] * len(values)
    for at, amount in zip(stated, found, strict=True):
        pence[at] = pd.NA if amount is None else amount.pence
    below = [labels[at] for at in stated if pence[at] is not pd.NA and pence[at] < 0]
    if below:
        faults.add(ProgrammeBelowNought(faults.where, found=below))
    return pd.Series(pence, index=frame.index, dtype="Int64")
