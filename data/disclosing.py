"""Counts that may not be shown as they are, carried to other areas.

In: counts by source and the disclosure rule of each column. Out: what may be shown of them, from
which everything else is computed, and for each target a flag.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from boundaries.crosswalk import Crosswalk
from data.errors import MissingChoice, UnknownChoice
from geo.errors import Faults
from indices.disclosure import carried, disclose, rule

FLAG = "{}_flag"
HIDDEN = "hidden"


def seen(
    counts: dict[str, pd.Series], rules: Mapping[str, str], faults: Faults
) -> dict[str, pd.Series]:
    """Replace counts by what may be shown of them, in place; return their flags by column.

    A hidden count becomes the middle of the range that its rule hides, the same everywhere, so
    that no target, and no difference of targets, tells what it was.
    """
    flags = {}
    for column, id in rules.items():
        if column not in counts:
            detail = "--disclosure names a column that is not converted"
            faults.add(MissingChoice(f"--disclosure {column}", detail=detail))
            continue
        with faults.catch():
            hiding = rule(id)
            shown = disclose(counts[column], hiding)
            low, high = hiding.hide or (0, 0)
            counts[column] = shown.values.mask(shown.flag == HIDDEN, (low + high) / 2)
            flags[column] = shown.flag
    return flags


def flagged(
    table: pd.DataFrame,
    walk: Crosswalk,
    counts: Mapping[str, pd.Series],
    flags: Mapping[str, pd.Series],
) -> pd.DataFrame:
    """Add a flag beside each column; a target made of hidden counts alone has no figure."""
    columns: dict[str, pd.Series] = {}
    for name in table.columns:
        columns[str(name)] = table[name]
        if name not in flags:
            continue
        flag = carried(flags[name], walk.weights, walk.sources, walk.targets)
        open_counts = counts[name].where(flags[name] != HIDDEN, 0.0).reindex(walk.sources)
        rest = np.asarray(walk.weights.T @ open_counts.fillna(0.0).to_numpy(dtype=float))
        alone = (flag == HIDDEN).to_numpy() & (rest <= 0)
        columns[str(name)] = table[name].mask(alone)
        columns[FLAG.format(name)] = flag
    return pd.DataFrame(columns, index=table.index)


def split(text: str) -> tuple[str, str]:
    """Read `COLUMN:RULE`."""
    column, _, id = text.partition(":")
    if not column or not id:
        raise UnknownChoice("--disclosure", found=[text], detail="write it as COLUMN:RULE")
    return column, id
