"""The table of one level: who lives in each area, how needy it is and what money falls there.

In: a crosswalk from the base layer, people, scores, and the ledger at that level. Out: `Facts`,
which do not change with the money, and the table that joins both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from boundaries.crosswalk import Crosswalk, Reconciliation
from budgets.ledger import Level
from data.place import Place
from indices.index import Index


@dataclass(frozen=True, eq=False)
class Facts:
    """What is known of the areas of a level besides money.

    Attributes
    ----------
    table
        By code of the level: name, people, people_inside (of them, in the place) and need (the
        average score by people, missing without an index or without anybody).
    books
        How the people were carried there.
    """

    table: pd.DataFrame
    books: Reconciliation


def facts(place: Place, crosswalk: Crosswalk, index: Index | None, inside: pd.Series) -> Facts:
    """Carry people and need to the areas of a level.

    Where areas of the level overlap, everybody counts in each area they live in. A base area that
    falls short of the level by no more than the place's tolerance is rescaled; what falls short by
    more lies outside.
    """
    layer = str(crosswalk.targets.name)
    overlapping = bool((crosswalk.overlapping > place.tolerance).any())
    overlap = "count-in-each" if overlapping else "refuse"
    people = place.people
    carried = crosswalk.apply_extensive(
        people, uncovered="report", tolerance=place.tolerance, overlap=overlap
    )
    within = crosswalk.apply_extensive(
        people.where(inside, 0.0),
        uncovered="report",
        tolerance=place.tolerance,
        overlap=overlap,
    )
    table = pd.DataFrame(
        {
            "name": place.layers[layer]["name"].reindex(crosswalk.targets),
            "people": carried.values,
            "people_inside": within.values,
            "need": _need(place, crosswalk, index),
        }
    )
    return Facts(table, carried.reconciliation)


def _need(place: Place, crosswalk: Crosswalk, index: Index | None) -> pd.Series:
    if index is None:
        return pd.Series(np.nan, index=crosswalk.targets)
    if str(crosswalk.targets.name) == place.base_layer:
        return index.scores.reindex(crosswalk.targets)
    return crosswalk.apply_intensive(
        index.scores, place.people, uncovered="report", tolerance=place.tolerance
    ).values


def table(known: Facts, level: Level) -> pd.DataFrame:
    """Join people and need of a level with its money.

    `amount_pence` is held once and adds up. Where the level overlaps itself,
    `counted_in_each_pence` counts the whole share of every area, and so does
    `pence_per_person`, because its people are counted in each as well.
    """
    index = known.table.index
    # One frame from whole columns: adding them one by one costs more than all the arithmetic.
    columns: dict[str, pd.Series | np.ndarray] = {
        str(name): column for name, column in known.table.items()
    }
    columns["amount_pence"] = pence = _by_code(level.pence.sum(axis=0), level.areas, index)
    if level.counted_in_each is not None:
        pence = _by_code(level.counted_in_each.sum(axis=0), level.areas, index)
        columns["counted_in_each_pence"] = pence
    people = known.table["people"].to_numpy()
    per_person = np.full(len(index), np.nan)
    np.divide(pence, people, out=per_person, where=people > 0)
    columns["pence_per_person"] = per_person
    return pd.DataFrame(columns, index=index)


def _by_code(pence: np.ndarray, areas: pd.Index, index: pd.Index) -> np.ndarray:
    if areas is index or areas.equals(index):
        return pence
    # A parent layer may hold areas in which no area of the level below nests: no money is there.
    return pd.Series(pence, index=areas).reindex(index, fill_value=0).to_numpy(np.int64)
