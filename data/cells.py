"""Text that a spreadsheet would compute is written so that it is read.

In: a table about to be written. Out: the same, with an apostrophe before text that begins like a
formula, as spreadsheets themselves mark text.
"""

from __future__ import annotations

import pandas as pd

# What makes a spreadsheet take a cell for a formula; tabs and line ends are skipped by some.
STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def neutral(frame: pd.DataFrame) -> pd.DataFrame:
    """Put an apostrophe before text that begins with = + - @, a tab or a line end.

    Numbers stay numbers; headings are treated like text.
    """
    kept = frame.copy()
    for position, column in enumerate(kept.columns):
        values = kept.iloc[:, position]
        if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
            continue
        guilty = values.map(_begins_like_a_formula).astype(bool)
        if guilty.any():
            kept[column] = values.where(~guilty, "'" + values.astype("str"))
    return kept.rename(columns=lambda name: f"'{name}" if _begins_like_a_formula(name) else name)


def _begins_like_a_formula(value: object) -> bool:
    return isinstance(value, str) and value.startswith(STARTS)
