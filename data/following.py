"""How the figures of one area moved over the years, ready to be shown.

In: a prepared place and an area of a level, or one of one's own. Out: a `Followed` a measure: its
figures by year with their intervals, where they are known (the area itself, or the ward that most
of it lies in), and what they say.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from boundaries.custom import CustomArea
from data.profiles import ward_of
from data.profiling import Prepared
from geo.codes import row_of
from indices import profiles
from indices.trends import Series


@dataclass(frozen=True, eq=False)
class Followed:
    """One measure over the years.

    Attributes
    ----------
    id, title, unit, source
        The measure.
    where
        Where the years are known for, if that is not the area itself; else "".
    table
        By year: `value, low, high`, missing where nothing is known, and `hidden`: whether the
        count of that year may not be shown.
    said
        What the years say in a sentence.
    """

    id: str
    title: str
    unit: str
    source: str
    where: str
    table: pd.DataFrame
    said: str


def of_area(prepared: Prepared, code: str, level: str) -> list[Followed]:
    """Follow an area of a level; measures that are known for its ward only are its ward's."""
    at = prepared.level(level)
    column = csr_array(at.weights[:, [row_of(at.people.index, code)]])
    own = _of(prepared, level, code, "")
    return own + _of_ward(prepared, column, level, {one.id for one in own})


def of_custom(prepared: Prepared, area: CustomArea) -> list[Followed]:
    """Follow the ward that most of an area of one's own lies in."""
    chosen = np.asarray(prepared.pieces.codes.isin(area.members))
    people = prepared.pieces.shares(chosen, prepared.place.settings.base.people)
    return _of_ward(prepared, csr_array(people[:, None]), None, set())


def _of_ward(
    prepared: Prepared, column: csr_array, level: str | None, known: set[str]
) -> list[Followed]:
    ward = ward_of(prepared, column, level)
    if ward is None or prepared.ward is None:
        return []
    found = _of(prepared, prepared.ward, ward[0], ward[1])
    return [one for one in found if one.id not in known]


def _of(prepared: Prepared, level: str, code: str, where: str) -> list[Followed]:
    found = []
    for id, series in prepared.years.items():
        if series.measure.vintage != level or code not in series.values.index:
            continue
        told = profiles.trends_of({id: series}, code).get(id, "")
        measure = series.measure
        table = _table(series, code)
        if table["value"].notna().sum() < 2:
            continue
        source = ", ".join(part for part in (measure.source, measure.date) if part)
        found.append(Followed(id, measure.title, measure.unit, source or "", where, table, told))
    return found


def _table(series: Series, code: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "value": series.values.loc[code].astype("float64"),
            "low": series.low.loc[code].astype("float64"),
            "high": series.high.loc[code].astype("float64"),
            "hidden": series.flags.loc[code] == "hidden",
        }
    )
