"""Measures: what streams are split by, counted in the base areas.

In: people, households and the table of use of a place, and the streams that name them. Out:
`Measures`, which gives the weight of every base area for a method; or an error that names the
streams at fault.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from budgets.errors import CoverWithoutPeople
from budgets.money import Float64
from budgets.need import in_order
from budgets.streams import split_cover
from budgets.streams_errors import (
    AssetWithoutPlace,
    CoverWithoutUse,
    HouseholdsMissing,
    UnknownUse,
    UseNotUsable,
)
from budgets.streams_links import parse_use
from geo.errors import Faults

BY_HEADS = ("people", "need", "households")


@dataclass(frozen=True, eq=False)
class Measures:
    """People, households and use of every base area, all float64 and in the same order.

    `households` is None where they were not counted; `use` holds the columns that streams name.
    """

    people: pd.Series
    households: Float64 | None
    use: Mapping[str, Float64]

    @classmethod
    def of(
        cls,
        streams: pd.DataFrame,
        people: pd.Series,
        households: pd.Series | None,
        use: pd.DataFrame | None,
    ) -> Measures:
        """Check what the streams name and bring it to the order of the people.

        Raises
        ------
        UnknownUse, UseNotUsable, HouseholdsMissing, AssetWithoutPlace
        """
        faults = Faults("streams")
        with faults.catch():
            check_named(
                streams,
                uses=[] if use is None else list(use.columns),
                households=households is not None,
                base=str(people.index.name),
                where="streams",
            )
        columns: dict[str, Float64] = {}
        if use is not None:
            for name in dict.fromkeys(name for _, name in _named(streams) if name in use):
                with faults.catch():
                    columns[name] = _count(use[name], people.index, f"use, column {name}")
        heads = None
        if households is not None:
            with faults.catch():
                heads = _count(households, people.index, "households")
        faults.raise_any()
        return cls(people, heads, columns)

    def weights(self, covered: Float64, method: str, use: str) -> Float64:
        """Return the weight of every base area for a stream that covers `covered` of each.

        For `need` it is the people covered, whom need then weighs.
        """
        if method in ("people", "need"):
            return covered * self.people.to_numpy()
        if method == "households":
            if self.households is None:
                raise HouseholdsMissing("households")
            return covered * self.households
        parts = parse_use(use, method)
        if not parts:
            return covered.copy()
        total = np.zeros(len(covered))
        for part in parts:
            total += part.cost_pence * self.use[part.column]
        return covered * total


def check_named(
    streams: pd.DataFrame, *, uses: list[str], households: bool, base: str, where: str
) -> None:
    """Check that what streams are split by was counted, whatever the counts are.

    Parameters
    ----------
    uses
        Columns of counted use.
    households
        Whether households were counted.
    base
        Id of the base layer, in whose areas assets stand.

    Raises
    ------
    UnknownUse, HouseholdsMissing, AssetWithoutPlace
    """
    faults = Faults(where)
    missing = [] if households else list(streams.index[streams["method"] == "households"])
    if missing:
        faults.add(HouseholdsMissing(where, found=missing))
    assets = streams[(streams["method"] == "asset") & (streams["use"] == "")]
    astray = [
        f"{stream}: {cover}"
        for stream, covers in assets["covers"].items()
        for cover in covers
        if split_cover(cover)[0] != base
    ]
    if astray:
        faults.add(AssetWithoutPlace(where, found=astray))
    found = [f"{stream}: {name}" for stream, name in _named(streams) if name not in uses]
    if found:
        detail = "there are " + ", ".join(uses[:12]) if uses else "there is no table of use"
        faults.add(UnknownUse(where, found=found, detail=detail))
    faults.raise_any()


def refuse_empty(streams: pd.DataFrame, weights: list[Float64]) -> None:
    """Refuse streams over areas where there is nobody, or no use; nought pounds need nobody.

    Raises
    ------
    CoverWithoutPeople, CoverWithoutUse
    """
    rows = zip(streams.index, streams["method"], streams["amount_pence"], weights, strict=True)
    empty = [(s, m) for s, m, amount, weight in rows if amount != 0 and not weight.any()]
    faults = Faults("streams")
    nobody = [stream for stream, method in empty if method in BY_HEADS]
    unused = [stream for stream, method in empty if method not in BY_HEADS]
    if nobody:
        faults.add(CoverWithoutPeople("streams", found=nobody))
    if unused:
        faults.add(CoverWithoutUse("streams", found=unused))
    faults.raise_any()


def _named(streams: pd.DataFrame) -> list[tuple[str, str]]:
    """Return each stream with each column of use that it names."""
    rows = zip(streams.index, streams["use"], streams["method"], strict=True)
    return [(str(s), part.column) for s, text, method in rows for part in parse_use(text, method)]


def _count(values: pd.Series, areas: pd.Index, where: str) -> Float64:
    count = in_order(values, areas, where=where)
    wrong = ~(np.isfinite(count) & (count >= 0))
    if wrong.any():
        raise UseNotUsable(where, found=areas[wrong])
    return count
