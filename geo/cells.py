"""Text in exported tables, so that no spreadsheet computes what is only a name.

In: a frame that is to be written as CSV or XLSX. Out: the same frame, in which a text that a
spreadsheet would take for a formula has an apostrophe before it; and the way back, for tables that
are read again. Numbers stay numbers.
"""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

# Spreadsheets compute a cell that begins with = + - or @, also after a blank, a tab or a line
# break, and in the wide forms of East Asian keyboards.
_COMPUTED = re.compile(r"'* *[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_NUMBER = re.compile(
    r"[+-]?(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)?(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)? ?%?"
)
_DIGIT = re.compile(r"[0-9]")
MARK = "'"


def neutral(value: Any) -> Any:
    """Return a text that no spreadsheet computes; anything that is not text stays as it is.

    A text that begins like a formula gets an apostrophe before it, unless it is a plain number. A
    text that already begins with an apostrophe before such a sign gets another one, so that
    `restored` gives every text back as it was.

    Examples
    --------
    >>> neutral("=1+1"), neutral("-12.50"), neutral("Ash - Elm"), neutral("@home")
    ("'=1+1", '-12.50', 'Ash - Elm', "'@home")
    """
    if isinstance(value, str) and _computed(value):
        return MARK + value
    return value


def restored(value: Any) -> Any:
    """Return a text as it was before `neutral`; the way back.

    Examples
    --------
    >>> restored("'=1+1"), restored("'tis"), restored("''-x")
    ('=1+1', "'tis", "'-x")
    """
    if isinstance(value, str) and value.startswith(MARK) and _computed(value[1:]):
        return value[1:]
    return value


def neutralise(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose texts, index and column names no spreadsheet computes.

    Columns of numbers, dates and truth values are not looked at.
    """
    return _each(frame, neutral)


def restore(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame as it was before `neutralise`."""
    return _each(frame, restored)


def _computed(text: str) -> bool:
    if _COMPUTED.match(text) is None:
        return False
    return not (_NUMBER.fullmatch(text) and _DIGIT.search(text))


def _each(frame: pd.DataFrame, change: Any) -> pd.DataFrame:
    """Apply a change to every text; a column in which nothing changes is kept as it is."""
    columns: dict[int, pd.Series] = {}
    for at in range(frame.shape[1]):
        column = frame.iloc[:, at]
        if not _holds_text(column.dtype):
            continue
        # Names and codes repeat: each is looked at once.
        distinct = [value for value in column.unique() if isinstance(value, str)]
        changed = {value: new for value in distinct if (new := change(value)) is not value}
        if changed:
            values = [changed.get(value, value) for value in column.tolist()]
            columns[at] = pd.Series(values, frame.index, column.dtype, column.name)
    result = frame
    if columns:
        parts = [columns.get(at, frame.iloc[:, at]) for at in range(frame.shape[1])]
        result = pd.concat(parts, axis=1)
    index = _index(frame.index, change)
    names = pd.Index([change(name) for name in frame.columns], name=frame.columns.name)
    if result is frame and index.equals(frame.index) and names.equals(frame.columns):
        return frame
    result = result.copy()
    result.index, result.columns = index, names
    return result


def _index(index: pd.Index, change: Any) -> pd.Index:
    if isinstance(index, pd.MultiIndex) or not _holds_text(index.dtype):
        return index
    return pd.Index([change(value) for value in index], dtype=index.dtype, name=index.name)


def _holds_text(dtype: Any) -> bool:
    if isinstance(dtype, pd.CategoricalDtype):
        return False
    return pd.api.types.is_string_dtype(dtype) or pd.api.types.is_object_dtype(dtype)
