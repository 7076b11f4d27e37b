"""Brings the figures of the small areas into the one form from which every other figure is made.

In: indicators and their tables by small area, people, which areas touch. Out: `Basis`: events and
people by indicator, what must stay hidden, and how much neighbours differ; or every fault of the
tables at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.errors import Faults
from indices import inputs, rates
from indices.disclosure import disclose, rule
from indices.indicators import Indicator
from indices.profiles_errors import NothingToShow

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class Basis:
    """The figures of the small areas, from which every other figure is made.

    Attributes
    ----------
    indicators
        By id, in the order of the columns of the tables.
    events
        Counts; for a published value without counts, value x people.
    people
        Denominators; for a published value, the people it is averaged with; for a count of things,
        those among whom they are spread.
    unsure
        Variance of the events, where a count is hidden and its middle value is used.
    hidden
        Whether the count of an area may not be shown.
    roughness
        Mean squared difference between neighbouring small areas, in events per person squared.
    inside
        Which small areas lie in the place.
    england
        The figure of England by indicator, missing where the data carry none.
    """

    indicators: Mapping[str, Indicator]
    events: pd.DataFrame
    people: pd.DataFrame
    unsure: pd.DataFrame
    hidden: pd.DataFrame
    roughness: pd.Series
    inside: pd.Series
    england: pd.Series

    def __repr__(self) -> str:
        return f"<Basis {len(self.indicators)} indicators over {len(self.index):,} areas>"

    @property
    def index(self) -> pd.Index:
        """Codes of the small areas."""
        return self.events.index


def prepare(
    indicators: Sequence[Indicator],
    tables: Mapping[str, pd.DataFrame],
    people: pd.Series,
    *,
    inside: pd.Series | None = None,
    neighbours: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    england: Mapping[str, float] | None = None,
) -> Basis:
    """Bring the figures of the small areas into one form.

    Parameters
    ----------
    indicators
        What the figures are.
    tables
        By indicator id: one row a small area with the columns that the indicator names.
    people
        People by small area: its index says which areas there are, in which order.
    inside
        Which of them lie in the place; all where absent.
    neighbours
        Positions of small areas that touch, as two arrays; from them follows how much two halves
        of a small area may differ. Without them all pairs of small areas are taken, which is wider.
    england
        Figures of England by indicator id, in its unit.

    Raises
    ------
    NothingToShow
        There is no indicator.
    MissingIndicatorColumn, NumeratorAboveDenominator, NotANumber, AllMissing, VintageMismatch, ...
        What is wrong with a table (see `indices.rates.measure`); all faults come together.
    """
    faults = Faults("indicators")
    inputs.check_codes(people.index, faults, where="people")
    faults.raise_any()
    if not indicators:
        raise NothingToShow("indicators")
    columns: dict[str, dict[str, pd.Series]] = {}
    for indicator in indicators:
        with faults.catch():
            columns[indicator.id] = _column(indicator, tables[indicator.id], people)
    faults.raise_any()
    parts = {
        name: pd.DataFrame({id: found[name] for id, found in columns.items()}, index=people.index)
        for name in ("events", "people", "unsure", "hidden")
    }
    everywhere = pd.Series(True, index=people.index)
    known = {item.id: item for item in indicators}
    ratio = (parts["events"] / parts["people"].where(parts["people"] > 0)).to_numpy()
    figures = pd.Series(england or {}, dtype="float64").reindex(list(known))
    return Basis(
        indicators=known,
        events=parts["events"],
        people=parts["people"],
        unsure=parts["unsure"],
        hidden=parts["hidden"].astype(bool),
        roughness=pd.Series(_roughness(ratio, neighbours), index=list(known)),
        inside=everywhere if inside is None else inside.reindex(people.index).astype(bool),
        england=figures,
    )


def _column(indicator: Indicator, table: pd.DataFrame, people: pd.Series) -> dict[str, pd.Series]:
    """Return events, people and what is hidden of one indicator, by small area."""
    measured = rates.measure([indicator], table, where=f"indicator {indicator.id}")
    inputs.check_vintage(people.index, table.index.name, where=f"indicator {indicator.id}")
    spread_over = people.reindex(table.index)
    if indicator.counted:
        events, of = measured.events[indicator.id], measured.people[indicator.id]
    elif indicator.kind == "count":
        events, of = measured.values[indicator.id], spread_over
    else:
        events, of = measured.values[indicator.id] * spread_over, spread_over
    unsure = pd.Series(0.0, index=events.index)
    hidden = pd.Series(False, index=events.index)
    hiding = rule(indicator.disclosure)
    if indicator.numerator is not None and (hiding.hide is not None or hiding.round_to > 1):
        # Every other figure is made from what may be shown, so that no sum gives a count away.
        shown = disclose(events, hiding)
        hidden = shown.flag == "hidden"
        least, most = hiding.hide or (0, 0)
        unsure = hidden * ((most - least + 1) ** 2 - 1) / 12 + (hiding.round_to**2 - 1) / 12
        events = shown.values.mask(hidden, (least + most) / 2)
        events = (
            events.clip(upper=of) if indicator.part_of_denominator and indicator.counted else events
        )
    parts = {"events": events, "people": of, "unsure": unsure, "hidden": hidden}
    full = {name: part.reindex(people.index) for name, part in parts.items()}
    return full | {"unsure": full["unsure"].fillna(0.0), "hidden": full["hidden"] == True}  # noqa: E712


def _roughness(ratio: Floats, neighbours: tuple[npt.ArrayLike, npt.ArrayLike] | None) -> Floats:
    """Return the mean squared difference between neighbours, or between any two areas."""
    if neighbours is not None:
        first, second = (np.asarray(side, dtype=np.int64) for side in neighbours)
        squares = (ratio[first] - ratio[second]) ** 2
        counted = (~np.isnan(squares)).sum(axis=0)
        total = np.nansum(squares, axis=0)
        near = np.divide(total, counted, out=np.full(ratio.shape[1], np.nan), where=counted > 0)
    else:
        near = np.full(ratio.shape[1], np.nan)
    known = (~np.isnan(ratio)).sum(axis=0)
    middle = np.nansum(ratio, axis=0) / np.maximum(known, 1)
    variance = np.nansum((ratio - middle) ** 2, axis=0) / np.maximum(known, 1)
    return np.where(np.isnan(near), 2.0 * variance, near)
