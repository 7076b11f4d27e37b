"""Makes the figures of indicators from a table: rates from counts, published values as they are.

In: indicators and a table with the columns they name, one row an area. Out: one column an
indicator in its unit, with the counts behind it where there are any; or every fault of the table
at once. Missing stays missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.errors import CommonGroundError, Faults
from indices import inputs, intervals, smallnumbers
from indices.errors import (
    AllMissing,
    DefinitionFault,
    MissingIndicatorColumn,
    MixedScales,
    NegativeCount,
    NumeratorAboveDenominator,
    OutOfUnit,
    ZeroDenominator,
)
from indices.indicators import Indicator

# Between shares and percentages of the same figure there is a gap that real figures do not have.
SCALE_GAP = 2.5
SCALE_SLACK = 2.0


@dataclass(frozen=True, eq=False, repr=False)
class Measured:
    """The figures of some indicators over some areas.

    Attributes
    ----------
    indicators
        By id, in the order of the columns.
    values
        One column an indicator, in its unit; missing where unknown.
    events, people
        The counts behind the rates, one column for each indicator that has them.
    districts
        District of each area, where rates were shrunk towards it.
    flags
        One column an indicator: "", "rounded" or "hidden" by its source's rule (`indices.shown`);
        empty where no rule was applied.
    """

    indicators: Mapping[str, Indicator]
    values: pd.DataFrame
    events: pd.DataFrame
    people: pd.DataFrame
    districts: pd.Series | None = None
    flags: pd.DataFrame = field(default_factory=pd.DataFrame)

    def __repr__(self) -> str:
        return f"<Measured {', '.join(self.indicators)} over {len(self.values):,} areas>"

    def intervals(self, id: str, *, level: float = 0.95) -> pd.DataFrame:
        """Return value, low and high of one indicator in its unit; ends are missing without counts.

        Wilson where the numerator is a part of the denominator, Byar otherwise.
        """
        indicator = self.indicators[id]
        if not indicator.counted:
            missing = pd.Series(np.nan, index=self.values.index)
            return pd.DataFrame({"rate": self.values[id], "low": missing, "high": missing})
        method = intervals.wilson if indicator.part_of_denominator else intervals.byar
        people = self.people[id].where(self.people[id] > 0)
        return method(self.events[id], people, level=level) * indicator.per


def measure(
    indicators: Sequence[Indicator],
    data: pd.DataFrame,
    *,
    where: str = "data",
    districts: pd.Series | None = None,
) -> Measured:
    """Compute the figures of indicators from a table.

    A rate is `per * numerator / denominator`, shrunk towards its district where the indicator says
    so; a count is its numerator; everything else is the published value.

    Parameters
    ----------
    data
        One row an area, indexed by text code; columns as the indicators name them.
    districts
        District of each area, needed where an indicator is shrunk.

    Raises
    ------
    MissingIndicatorColumn, NotANumber, NegativeCount, ZeroDenominator, NumeratorAboveDenominator,
    OutOfUnit, MixedScales, AllMissing, CodesNotText, DuplicateCodes, VintageMismatch,
    DefinitionFault
        What is wrong with the table; several faults come together.
    """
    faults = Faults(where)
    inputs.check_codes(data.index, faults, where=where)
    for vintage in sorted({indicator.vintage for indicator in indicators}):
        with faults.catch():
            inputs.check_vintage(data.index, vintage, where=where)
    columns = _read_columns(indicators, data, faults, where)
    unplaced = [i.id for i in indicators if i.shrink != "none" and districts is None]
    if unplaced:
        faults.add(DefinitionFault(where, found=unplaced, detail="to be shrunk, without districts"))
    values: dict[str, pd.Series] = {}
    events: dict[str, pd.Series] = {}
    people: dict[str, pd.Series] = {}
    for indicator in indicators:
        if any(column not in columns for column in indicator.columns):
            continue
        parts = {name: columns[name] for name in indicator.columns}
        found = list(_wrong_values(indicator, parts, f"{where}, indicator {indicator.id}"))
        for fault in found:
            faults.add(fault)
        if found or indicator.id in unplaced:
            continue
        if indicator.counted:
            events[indicator.id] = parts[str(indicator.numerator)]
            people[indicator.id] = parts[str(indicator.denominator)]
            with faults.catch():
                values[indicator.id] = from_counts(
                    indicator, events[indicator.id], people[indicator.id], districts
                )
        else:
            values[indicator.id] = parts[indicator.columns[0]]
    faults.raise_any()
    return Measured(
        indicators={indicator.id: indicator for indicator in indicators},
        values=pd.DataFrame(values, index=data.index),
        events=pd.DataFrame(events, index=data.index),
        people=pd.DataFrame(people, index=data.index),
        districts=districts,
    )


def from_counts(
    indicator: Indicator, events: pd.Series, people: pd.Series, districts: pd.Series | None
) -> pd.Series:
    """Return the rate of an indicator from its counts, shrunk where it says so."""
    someone = people.where(people > 0)
    if indicator.shrink == "none" or districts is None:
        return indicator.per * events / someone
    if indicator.shrink == "official":
        table = smallnumbers.shrink(events, someone, districts)
    else:
        table = smallnumbers.empirical_bayes(events, someone, districts)
    return indicator.per * table["shrunk"]


def _read_columns(
    indicators: Sequence[Indicator], data: pd.DataFrame, faults: Faults, where: str
) -> dict[str, pd.Series]:
    """Read every column that is needed once, as numbers."""
    needed = dict.fromkeys(column for item in indicators for column in item.columns)
    absent = [column for column in needed if column not in data.columns]
    if absent:
        others = [str(column) for column in data.columns if column not in needed]
        detail = f"other columns there: {', '.join(others[:12])}" if others else ""
        faults.add(MissingIndicatorColumn(where, found=absent, detail=detail))
    columns = {}
    for column in needed:
        if column in data.columns:
            with faults.catch():
                columns[column] = inputs.numbers(data[column], where=f"{where}, column {column}")
    return columns


def _wrong_values(
    indicator: Indicator, parts: Mapping[str, pd.Series], where: str
) -> list[CommonGroundError]:
    """Return what is wrong with the values that one indicator is made from."""
    wrong: list[CommonGroundError] = []
    known = pd.concat(parts, axis=1).notna().all(axis=1)
    if not known.any():
        return [AllMissing(where)]
    if indicator.value is not None:
        wrong += _wrong_scale(indicator, parts[indicator.value].dropna(), where)
        return wrong
    for column, counts in parts.items():
        if (counts < 0).any():
            wrong.append(NegativeCount(f"{where}, {column}", found=counts.index[counts < 0]))
    if indicator.counted:
        r, n = parts[str(indicator.numerator)], parts[str(indicator.denominator)]
        above = (r > n) if indicator.part_of_denominator else (r > 0) & (n == 0)
        if above.any():
            wrong.append(NumeratorAboveDenominator(where, found=_shown(r, n, above)))
        empty = (n == 0) & ~above
        if empty.any() and indicator.empty_areas == "refuse":
            wrong.append(
                ZeroDenominator(
                    where, found=n.index[empty], detail='or say empty_areas = "missing"'
                )
            )
    return wrong


def _wrong_scale(indicator: Indicator, values: pd.Series, where: str) -> list[CommonGroundError]:
    """Check a published value against its unit, and percentages for shares among them."""
    if indicator.unit.startswith("%"):
        top = 100.0
    elif indicator.unit.startswith("share"):
        top = 1.0
    else:
        return []
    outside = (values < 0) | (values > top)
    wrong: list[CommonGroundError] = []
    if outside.any():
        wrong.append(OutOfUnit(where, found=_labelled(values[outside]), detail=indicator.unit))
    if top == 1.0 or indicator.scale_checked:
        return wrong
    low, high = values[(values > 0) & (values <= 1)], values[values > 1]
    if low.empty:
        return wrong
    if high.empty:
        if len(low) > 1:
            wrong.append(MixedScales(where, found=_labelled(low), detail="no value is above 1"))
    elif _is_share(low.to_numpy(), high.to_numpy()):
        wrong.append(MixedScales(where, found=_labelled(low), detail=f"{len(high):,} are above 1"))
    return wrong


def _is_share(low: npt.NDArray[np.float64], high: npt.NDArray[np.float64]) -> bool:
    """Say whether values up to 1 look like hundredths of the others: apart, and alike times 100."""
    gap = bool(high.min() >= SCALE_GAP * low.max())
    least, most = high.min() / SCALE_SLACK, high.max() * SCALE_SLACK
    return gap and bool((100 * low.min() >= least) and (100 * low.max() <= most))


def _shown(r: pd.Series, n: pd.Series, mask: pd.Series) -> list[str]:
    return [
        f"{code}: {a:g} of {b:g}"
        for code, a, b in zip(r.index[mask], r[mask], n[mask], strict=True)
    ]


def _labelled(values: pd.Series) -> list[str]:
    return [f"{code} = {value:g}" for code, value in values.items()]
