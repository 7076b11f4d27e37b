"""Makes the scores of domains and sub-domains from indicators.

In: a definition whose domains name indicators, and a table with the columns these are made from.
Out: one column a domain or sub-domain, high where deprivation is, still to be ranked; with the
figures and weights it was made from, and notes on what a reader should know.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from geo.errors import Faults
from indices import combining, factors, rates, shown
from indices.definitions import Definition, Part
from indices.errors import DefinitionFault, DirectionDoubtful, MissingDomainValue
from indices.rates import Measured


@dataclass(frozen=True, eq=False, repr=False)
class Made:
    """Domains made from indicators.

    Attributes
    ----------
    scores
        One column for each part of the definition (a domain, or its sub-domains), high is worse.
    measured
        The figures of the indicators, with the counts behind them, as far as these may be shown.
    weights
        For each part the weights of its indicators.
    notes
        Indicators that run against their domain, domains that run against the others, weights
        that are negative or unstable.
    """

    scores: pd.DataFrame
    measured: Measured
    weights: Mapping[str, pd.Series]
    notes: tuple[str, ...] = field(default=())

    @property
    def flag(self) -> pd.Series:
        """The heaviest flag of the counts behind each area: "", "rounded" or "hidden"."""
        return shown.heaviest(self.measured.flags)

    def __repr__(self) -> str:
        return f"<Made {', '.join(map(str, self.scores))} from {len(self.measured.values):,} areas>"


def make(
    definition: Definition,
    data: pd.DataFrame,
    *,
    districts: pd.Series | None = None,
    where: str = "data",
) -> Made:
    """Make every domain (or its sub-domains) of a definition from its indicators.

    Indicators are measured (`indices.rates.measure`), turned so that high is worse, brought to the
    scale of their domain and averaged with its weights: equal, stated, or those of one factor. A
    sum of counts is taken over their common denominator instead.

    Raises
    ------
    DefinitionFault
        A domain has no indicators.
    MissingDomainValue, ConstantIndicator, TooFewAreas, NotPositive, NumeratorAboveDenominator, ...
        What is wrong with the table, also as in `measure`; several faults come together.

    Warns
    -----
    DirectionDoubtful
        An indicator runs against the others of its domain.
    WeightsUnstable
        As in `indices.factors.one_factor`.
    """
    without = [part.id for part in definition.parts if not part.indicators]
    if without:
        detail = "these domains have no indicators; build the index from scores or ranks"
        raise DefinitionFault(definition.id, found=without, detail=detail)
    wanted = {use.id for part in definition.parts for use in part.indicators}
    measured = rates.measure(
        [item for item in definition.indicators if item.id in wanted],
        data,
        where=where,
        districts=districts,
    )
    measured = shown.safe(measured, where=where)
    faults = Faults(where)
    combining.check_spread(measured.values, faults, where=where)
    faults.raise_any()
    scores: dict[str, pd.Series] = {}
    weights: dict[str, pd.Series] = {}
    notes: list[str] = []
    for part in definition.parts:
        with faults.catch():
            _refuse_missing(part, measured.values, where)
            turned = _turned(part, measured)
            notes += [*_middles(part, measured), *_opposed_within(part, turned)]
            weights[part.id], said = _weights(part, turned)
            notes += said
            scores[part.id] = score(part, measured, weights[part.id], where=where)
    faults.raise_any()
    table = pd.DataFrame(scores, index=data.index)
    for id, correlation in combining.opposed(table):
        notes.append(f"{id} runs against the other domains (rank correlation {correlation:.2f})")
    return Made(table, measured, weights, (*notes, *_flagged(measured)))


def score(
    part: Part, measured: Measured, weights: pd.Series, *, where: str = "indicators"
) -> pd.Series:
    """Return the score of one domain or sub-domain from figures that are known, high is worse."""
    ids = [use.id for use in part.indicators]
    if part.combine == "counts":
        first = measured.indicators[ids[0]]
        share = combining.sum_counts(
            measured.events[ids], measured.people[ids[0]], where=f"{where}, domain {part.id}"
        )
        return (first.per * share).rename(part.id)
    scale = _scale(part)
    scaled = combining.normalise(
        measured.values[ids],
        scale,
        low_is_worse=_low_is_worse(ids, measured),
        goalposts={use.id: use.goalposts for use in part.indicators if use.goalposts},
        where=f"{where}, domain {part.id}",
    )
    scaled = combining.positive(scaled, scale, part.mean)
    if part.missing == "middle":
        # Nothing is invented for an area of which nothing is known.
        known = scaled.notna().any(axis=1)
        scaled = scaled.fillna(_middle(scaled, part)).where(known, np.nan)
    return combining.aggregate(scaled, weights=weights, mean=part.mean).rename(part.id)


def remake(definition: Definition, made: Made, counts: Mapping[str, pd.Series]) -> pd.DataFrame:
    """Return the scores again with other events for some indicators, weights as they were.

    For the sampling error of an index: `counts` holds drawn events by indicator.
    """
    measured = made.measured
    values, events = measured.values.copy(), measured.events.copy()
    for id, drawn in counts.items():
        indicator = measured.indicators[id]
        events[id] = drawn
        values[id] = rates.from_counts(indicator, drawn, measured.people[id], measured.districts)
    again = replace(measured, values=values, events=events)
    columns = {
        part.id: score(part, again, made.weights[part.id])
        for part in definition.parts
        if any(use.id in counts for use in part.indicators)
    }
    return pd.DataFrame(columns, index=values.index)


def _flagged(measured: Measured) -> list[str]:
    """Say of which indicators counts were hidden or rounded, by which rule."""
    notes = []
    for id, indicator in measured.indicators.items():
        hidden = int((measured.flags[id] == "hidden").sum())
        if hidden or (measured.flags[id] == "rounded").any():
            notes.append(
                f"indicator {id} is made from what the rule {indicator.disclosure!r} lets be "
                f"shown: {hidden:,} counts hidden, the others rounded as it says"
            )
    return notes


def _scale(part: Part) -> combining.Scale:
    """Return the scale of a part: normal scores by default, a single indicator as it is."""
    if part.scale is not None:
        return part.scale
    return "normal" if len(part.indicators) > 1 else "none"


def _low_is_worse(ids: list[str], measured: Measured) -> list[str]:
    return [id for id in ids if measured.indicators[id].direction == "low is worse"]


def _turned(part: Part, measured: Measured) -> pd.DataFrame:
    ids = [use.id for use in part.indicators]
    return combining.normalise(
        measured.values[ids], "none", low_is_worse=_low_is_worse(ids, measured)
    )


def _refuse_missing(part: Part, values: pd.DataFrame, where: str) -> None:
    faults = Faults(where)
    ids = [use.id for use in part.indicators]
    if part.missing == "middle":
        lost = values[ids].isna().all(axis=1)
        if lost.any():
            spot = f"{where}, domain {part.id}"
            faults.add(MissingDomainValue(spot, found=values.index[lost], detail="no indicator"))
    else:
        for id in ids:
            missing = values[id].isna()
            if missing.any():
                spot = f"{where}, domain {part.id}, indicator {id}"
                faults.add(MissingDomainValue(spot, found=values.index[missing]))
    faults.raise_any()


def _middles(part: Part, measured: Measured) -> list[str]:
    """Say where an indicator without a value takes the middle of its scale."""
    if part.missing != "middle":
        return []
    gaps = {use.id: int(measured.values[use.id].isna().sum()) for use in part.indicators}
    return [
        f"indicator {id} has no value in {count:,} areas, which take the middle of its scale"
        for id, count in gaps.items()
        if count
    ]


def _opposed_within(part: Part, turned: pd.DataFrame) -> list[str]:
    notes = []
    for id, correlation in combining.opposed(turned):
        note = (
            f"indicator {id} runs against the others of domain {part.id} (rank correlation "
            f"{correlation:.2f}): check its direction, or whether it belongs there"
        )
        warnings.warn(note, DirectionDoubtful, stacklevel=4)
        notes.append(note)
    return notes


def _weights(part: Part, turned: pd.DataFrame) -> tuple[pd.Series, list[str]]:
    if part.combine == "factor":
        found = factors.one_factor(turned)
        return found.weights, [f"domain {part.id}: {note}" for note in found.notes]
    stated = [1.0 if use.weight is None else use.weight for use in part.indicators]
    weights = pd.Series(stated, index=list(turned.columns), name="weight")
    return weights / weights.sum(), []


def _middle(scaled: pd.DataFrame, part: Part) -> pd.Series:
    """Return what stands for a missing value: the middle of each column's scale."""
    if part.mean == "arithmetic" and _scale(part) in ("normal", "z"):
        return pd.Series(0.0, index=scaled.columns)
    return scaled.median()
