"""Checks the tables that come into this floor: codes, columns, numbers and vintages.

In: whatever a caller gives as a table or a series by area code. Out: the same as float64 with the
rows in the order given, or every fault of it at once.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geo.errors import Faults
from indices.errors import (
    CodesNotText,
    DuplicateCodes,
    EmptyIndexData,
    MissingDomainColumn,
    MissingDomainValue,
    NotANumber,
    VintageMismatch,
)

if TYPE_CHECKING:
    from indices.definitions import Codes, Definition


# How offices mark a figure that is hidden, not there or not applicable (GSS guidance on symbols),
# and what a spreadsheet shows where it could compute none.
SYMBOLS = ("*", "[c]", "[x]", "[z]", "..", ":", "#N/A", "#VALUE!", "#DIV/0!", "#REF!", "#NAME?")


def check_codes(index: pd.Index, faults: Faults, *, where: str) -> None:
    """Collect what is wrong with area codes: none at all, not text, empty, or repeated."""
    if not len(index):
        faults.add(EmptyIndexData(where))
        return
    missing = np.asarray(index.isna())
    if missing.any():
        faults.add(CodesNotText(where, count=int(missing.sum()), detail="rows without a code"))
    kind = pd.api.types.infer_dtype(index, skipna=True)
    if kind not in ("string", "empty"):
        wrong = [code for code in index if not isinstance(code, str)]
        faults.add(CodesNotText(where, found=wrong, detail=f"the codes are {kind}"))
    elif (blank := np.asarray(index[~missing].str.strip() == "")).any():
        faults.add(CodesNotText(where, count=int(blank.sum()), detail="empty codes"))
    if not index.is_unique:
        faults.add(DuplicateCodes(where, found=index[index.duplicated()].unique()))


def check_vintage(index: pd.Index, layer: Hashable | None, *, where: str) -> None:
    """Refuse codes of another layer: the index is named by the layer its codes belong to."""
    if layer is not None and index.name is not None and index.name != layer:
        raise VintageMismatch(
            where,
            detail=f"the codes are of {index.name!r}, {layer!r} is needed",
            got=index.name,
            expected=layer,
        )


def numbers(values: pd.Series, *, where: str) -> pd.Series:
    """Return a column as float64; missing, or marked by one of `SYMBOLS`, stays missing.

    Raises
    ------
    NotANumber
        A value is text that is no number, or infinite.
    """
    if values.dtype == np.float64 or pd.api.types.is_integer_dtype(values.dtype):
        turned = values.astype("float64")
    else:
        text = values.astype("str").str.strip()
        blank = values.isna() | (text == "") | text.isin(SYMBOLS)
        turned = pd.to_numeric(values.mask(blank), errors="coerce").astype("float64")
        lost = turned.isna() & ~blank
        if lost.any():
            found = [f"{code} = {value!r}" for code, value in values[lost].items()]
            raise NotANumber(where, found=found)
    infinite = np.isinf(turned.to_numpy())
    if infinite.any():
        raise NotANumber(where, found=turned.index[infinite], detail="infinite")
    return turned


def domain_values(definition: Definition, data: pd.DataFrame, *, where: str) -> pd.DataFrame:
    """Return the domain columns of a table as float64, checked against the definition.

    Where a domain has no column of its own, the columns of its sub-domains stand in.

    Raises every fault of the codes, the columns and the values at once.
    """
    faults = Faults(where)
    check_codes(data.index, faults, where=where)
    with faults.catch():
        check_vintage(data.index, definition.layer, where=where)
    if definition.codes is not None and definition.layer is not None:
        _check_edition_codes(data.index, definition.codes, definition.layer, faults, where)
    needed, absent = _columns_needed(definition, data)
    if absent:
        others = [str(column) for column in data.columns if column not in needed]
        detail = f"other columns there: {', '.join(others[:12])}" if others else ""
        faults.add(MissingDomainColumn(where, found=absent, detail=detail))
    columns = {}
    for id in needed:
        with faults.catch():
            columns[id] = numbers(data[id], where=f"{where}, column {id}")
            missing = columns[id].isna()
            if missing.any():
                raise MissingDomainValue(f"{where}, column {id}", found=data.index[missing])
    faults.raise_any()
    return pd.DataFrame(columns, index=data.index)


def _columns_needed(definition: Definition, data: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Return the columns to read, domains before their sub-domains, and the domains without any."""
    needed, absent = [], []
    for domain in definition.domains:
        parts = [part.id for part in domain.subdomains]
        if domain.id in data.columns:
            needed.append(domain.id)
        elif parts and all(part in data.columns for part in parts):
            needed.extend(parts)
        else:
            absent.append(domain.id + (f" (or {' and '.join(parts)})" if parts else ""))
    return needed, absent


def aligned_ranks(published: pd.Series, index: pd.Index) -> pd.Series:
    """Return published ranks in the order of the areas at hand."""
    where = "published_ranks"
    faults = Faults(where)
    check_codes(published.index, faults, where=where)
    with faults.catch():
        check_vintage(published.index, index.name, where=where)
    faults.raise_any()
    given = numbers(published, where=where).reindex(index)
    if given.isna().any():
        raise MissingDomainValue(where, found=index[given.isna()])
    return given


def _check_edition_codes(
    index: pd.Index, codes: Codes, layer: str, faults: Faults, where: str
) -> None:
    """Collect codes that the edition's vintage cannot have."""
    text = [code for code in index.tolist() if isinstance(code, str)]
    form = re.compile(codes.pattern)
    strange = [code for code in text if not form.fullmatch(code)]
    if not strange:
        # Codes are given out in order, so a later one belongs to a later vintage.
        first, last = codes.first or "", codes.last or "\U0010ffff"
        strange = [code for code in text if not first <= code <= last]
    if strange:
        faults.add(
            VintageMismatch(
                where,
                found=strange,
                detail=f"{layer!r} has no such code",
                got="another vintage",
                expected=layer,
            )
        )
