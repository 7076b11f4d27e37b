"""The table: figures as text that sorts by number, and rows that choose an area.

In: a frame and how its columns are written. Out: a plain HTML table on the page, and the code of
the row that a visitor chose. Streamlit's own table is a picture to a screen reader and costs two
megabytes of scripts before a page can paint; this one is 150 lines in `js/live_table.js`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from pages.shared import scripts

_component = scripts.component("live_table")


@dataclass(frozen=True)
class Column:
    """How a column is called and written; without `write` it holds words and sorts as words.

    `instead` are words by code that stand where the value would, such as that it is withheld.
    """

    title: str
    write: Callable[[Any], str] | None = None
    help: str = ""
    instead: Mapping[str, str] = field(default_factory=dict)


STEP = 256  # of the numbers of places that are kept as they are written
Written = Mapping[str, Any]  # the columns of a table as they travel


def live_table(
    frame: pd.DataFrame | Written,
    columns: Mapping[str, Column] | None = None,
    *,
    caption: str,
    sorted_by: str = "",
    picked: str = "",
    height: int = 320,
    key: str,
    on_pick: Callable[[str], None] | None = None,
) -> None:
    """Show the columns of a frame, highest `sorted_by` first (by default in the frame's order).

    `caption` says what the table holds to whoever cannot see it. With `on_pick` rows can be chosen
    and `picked`, a code of the index, is marked. Instead of a frame and its columns, what `written`
    made of them can be given.
    """

    def report() -> None:
        code = getattr(st.session_state.get(key), "picked", None)
        if code is not None and on_pick is not None:
            on_pick(str(code))

    shown = written(frame, columns or {}) if isinstance(frame, pd.DataFrame) else frame
    data = {
        "module": scripts.address("live_table.js"),
        **shown,
        "caption": caption,
        "sorted": sorted_by,
        "descending": True,
        "picked": picked,
        "height": height,
        "selectable": on_pick is not None,
    }
    _component(key=key, data=data, on_picked_change=report)


def written(frame: pd.DataFrame, columns: Mapping[str, Column]) -> Written:
    """Return the columns of a frame as they travel: all that does not depend on who looks at it."""
    return scripts.packed(
        {
            "columns": [_column(id, frame[id], columns[id]) for id in columns if id in frame],
            "codes": [str(code) for code in frame.index.tolist()],
        }
    )


def _column(id: str, values: pd.Series, column: Column) -> dict[str, Any]:
    """Write the texts of a column, and for numbers the place of each in ascending order."""
    head = {"id": id, "title": column.title, "help": column.help}
    if column.write is None:
        return head | {"texts": [str(value) for value in values.tolist()], "order": None}
    listed = values.tolist()
    if column.instead:
        codes = values.index.astype(str).tolist()
        rows = zip(codes, listed, strict=True)
        texts = [column.instead.get(code) or column.write(value) for code, value in rows]
    else:
        texts = [column.write(value) for value in listed]
    width = len(_in_36(len(values)))
    return head | {
        "texts": texts,
        "order": _order(values, width),
        "width": width,
    }


def _order(values: pd.Series, width: int) -> str:
    """Write the place of each value, 1 the lowest, equal values alike; blanks for those unknown."""
    if not pd.api.types.is_numeric_dtype(values):
        values = values.rank(method="dense")
    numbers = values.to_numpy(dtype="float64", na_value=np.nan)
    known = ~np.isnan(numbers)
    found, at = np.unique(numbers[known], return_inverse=True)
    places = np.zeros(len(numbers), dtype="int64")
    places[known] = at + 1
    last = len(found) + -len(found) % STEP
    return "".join(_written_places(last, width)[places].tolist())


@lru_cache(maxsize=32)
def _written_places(last: int, width: int) -> np.ndarray:
    """Return how the places from 0, which is none, to the last are written.

    Those of a few more are kept than are asked for: nearly every column has as many of its own.
    """
    written = ["".rjust(width), *(_in_36(place).rjust(width) for place in range(1, last + 1))]
    return np.array(written, dtype=object)


def _in_36(number: int) -> str:
    """Write a whole number in figures to the base of 36, as JavaScript reads them: shorter."""
    digits = ""
    while number:
        number, last = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[last] + digits
    return digits
