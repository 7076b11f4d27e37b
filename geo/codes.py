"""Codes as text, for ever.

In: a column that holds the codes of areas, of whatever type the file gave it. Out: text codes,
stripped, unique and non-empty, with notes of what had to be done; or every fault at once.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.errors import Faults
from geo.faults import DuplicateCodes, EmptyCodes, MissingColumn, NotCodes, NumericLookingCodes
from geo.files import Note

Texts = npt.NDArray[np.object_]
Flags = npt.NDArray[np.bool_]

# Marks that str.strip() leaves and nobody can see: byte order mark, zero-width space and joiners.
INVISIBLE = "\ufeff\u200b\u200c\u200d\u2060"
# What tables write where a code is missing.
NOTHING = frozenset({"", "nan", "none", "null", "<na>", "#n/a", "n/a"})
# Above this a float no longer tells neighbouring integers apart.
LARGEST_EXACT = 2**53
FROM_SPREADSHEET = r"\d+\.0+|\d\.\d+[eE][+]\d+"


def find_column(columns: Iterable[object], wanted: str, *, where: str, role: str) -> str:
    """Return `wanted` if the table has it.

    Raises
    ------
    MissingColumn
        With the nearest names in `nearest`, one that differs only in case first.
    """
    names = [str(column) for column in columns]
    if wanted in names:
        return wanted
    lower = {name.lower(): name for name in reversed(names)}
    close = difflib.get_close_matches(wanted.lower(), lower, n=3, cutoff=0.5)
    nearest = [lower[name] for name in close]
    found = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
    detail = f"no {wanted!r} for the {role}"
    detail += f"; nearest: {', '.join(nearest)}" if nearest else ""
    detail += f"; columns: {found or 'none'}"
    raise MissingColumn(where, detail=detail, column=wanted, nearest=tuple(nearest))


def row_of(codes: pd.Index, code: str) -> int:
    """Return the row in which a code stands among unique codes, or -1 where it does not.

    A tenth of what `get_indexer` takes for one code, because nothing is converted.
    """
    try:
        found = codes.get_loc(code)
    except KeyError:
        return -1
    if not isinstance(found, int):
        raise ValueError(f"{code} stands in more than one row")
    return found


def clean(values: pd.Series, *, where: str) -> tuple[Texts, list[Note]]:
    """Turn a column into unique, non-empty text codes.

    Integers become their digits, also those that a file holds as `1001.0`. Text is kept as it
    is, leading zeros included; blanks and invisible marks around it are removed with a note.

    Returns
    -------
    tuple
        Codes, an object array of `str` of the column's length, and notes.

    Raises
    ------
    EmptyCodes, DuplicateCodes, NumericLookingCodes, NotCodes
        All that apply, together.
    """
    faults, notes = Faults(where), []
    texts, from_numbers, refused = _texts(values)
    if refused.any():
        detail = f"column {values.name!r} holds fractions, dates or other things"
        faults.add(NotCodes(where, found=values[refused].tolist(), detail=detail))
    if from_numbers:
        detail = f"{from_numbers:,} codes were numbers; zeros in front, if any, were lost before"
        notes.append({"kind": "codes from numbers", "code": "", "detail": detail})
    texts, blanks = _stripped(texts)
    if blanks:
        detail = f"blanks around {len(blanks):,} codes were removed: {', '.join(blanks[:5])}"
        notes.append({"kind": "codes stripped", "code": "", "detail": detail})
    _check(texts, refused, faults, where)
    faults.raise_any()
    return texts, notes


def labels(values: pd.Series | None, length: int) -> Texts:
    """Name rows by their code where they have one, and as `row 3` where not."""
    rows = np.array([f"row {position + 1}" for position in range(length)], dtype=object)
    if values is None:
        return rows
    texts = _stripped(_texts(values)[0])[0]
    return np.where(texts == "", rows, texts)


def names(values: pd.Series | None, codes: Texts) -> tuple[Texts, int]:
    """Return the name of each area, its code where it has none, and how many had none."""
    if values is None:
        return codes.copy(), 0
    given = ["" if missing else _strip(str(value)) for value, missing in _pairs(values)]
    texts = np.array([name or code for name, code in zip(given, codes, strict=True)], dtype=object)
    return texts, given.count("")


def _pairs(values: pd.Series) -> Iterable[tuple[Any, bool]]:
    return zip(values.astype(object), values.isna(), strict=True)


def _texts(values: pd.Series) -> tuple[Texts, int, Flags]:
    """Return the column as text ('' where missing), how many were numbers, what is neither."""
    kind = pd.api.types.infer_dtype(values, skipna=True)
    missing = values.isna().to_numpy()
    texts = np.full(len(values), "", dtype=object)
    refused = np.zeros(len(values), dtype=bool)
    given = values[~missing]
    if kind == "string":
        texts[~missing] = given.astype(object).to_numpy()
        return texts, 0, refused
    if kind == "integer":
        texts[~missing] = [str(int(value)) for value in given]
        return texts, int((~missing).sum()), refused
    numbers = 0
    for position in np.flatnonzero(~missing):
        value = values.iloc[position]
        text = value if isinstance(value, str) else _digits(value)
        if text is None:
            refused[position] = True
            continue
        numbers += int(not isinstance(value, str))
        texts[position] = text
    return texts, numbers, refused


def _digits(value: Any) -> str | None:
    """Return the digits of a whole number, or None for anything else."""
    if isinstance(value, bool | np.bool_):
        return None
    if isinstance(value, int | np.integer):
        return str(int(value))
    if not isinstance(value, float | np.floating | Decimal):
        return None
    whole = abs(float(value)) <= LARGEST_EXACT and value == int(value)
    return str(int(value)) if whole else None


def _stripped(texts: Texts) -> tuple[Texts, list[str]]:
    bare = np.array([_strip(text) for text in texts], dtype=object)
    changed = np.flatnonzero(bare != texts)
    return bare, [str(bare[position]) for position in changed]


def _strip(text: str) -> str:
    bare = text.strip().strip(INVISIBLE).strip()
    return "" if bare.lower() in NOTHING else bare


def _check(texts: Texts, refused: Flags, faults: Faults, where: str) -> None:
    column = pd.Series(texts, dtype=object)
    empty = (column == "").to_numpy()
    if (empty & ~refused).any():
        rows = [f"row {position + 1}" for position in np.flatnonzero(empty & ~refused)]
        faults.add(EmptyCodes(where, found=rows))
    codes = column[~empty]
    repeated = codes[codes.duplicated()].unique().tolist()
    if repeated:
        faults.add(DuplicateCodes(where, found=repeated))
    spoilt = codes[codes.str.fullmatch(FROM_SPREADSHEET).astype(bool)].tolist()
    if spoilt and codes.str.fullmatch(rf"\d+|{FROM_SPREADSHEET}").all():
        faults.add(NumericLookingCodes(where, found=spoilt))
    control = codes[codes.str.contains(r"[\x00-\x1f\x7f]").astype(bool)].tolist()
    if control:
        faults.add(NotCodes(where, found=[repr(code) for code in control], detail="control marks"))
