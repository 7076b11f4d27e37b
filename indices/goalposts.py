"""Rebuilds two editions of an index from the same indicators on the same goalposts.

In: one definition with indicators, and a table of counts or values for each edition. Out: scores
that can be compared over time, because nothing in them depends on how other areas did, with the
interval that weights and counts leave open. They say how the measured indicators stood, no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.errors import Faults
from indices import combining, editions, factors, inputs, rates, shown
from indices import draws as engine
from indices.change_errors import EditionsUnlike
from indices.definitions import Definition, Part
from indices.editions import Bridge
from indices.errors import ConstantIndicator, DefinitionFault, OptionUnknown
from indices.indicators import Indicator
from indices.rates import Measured
from indices.robustness import SEED

Floats = npt.NDArray[np.float64]
Ends = tuple[float, float]

WORSE, BETTER, NONE = "worse on these indicators", "better on these indicators", "none"
FIXED = (
    "Goalposts are the same in both editions: those stated, or the best and the worst value of any "
    "area in either."
)
POOL = 50
SPREAD = 0.25


@dataclass(frozen=True, eq=False, repr=False)
class Rebuilt:
    """Two editions on one scale, 0 the best goalpost and 100 the worst.

    Attributes
    ----------
    table
        By area: `earlier_score`, `later_score`, `points` (later minus earlier, positive is worse),
        `points_low`, `points_high`, and `change`: worse or better on these indicators, or none
        beyond the doubt.
    domains
        Points by area and domain.
    goalposts
        Best and worst end of each indicator.
    level, draws, seed
        As in `indices.robustness.Doubt`.
    notes
        What was assumed and what the interval leaves out.
    flag
        By area: what was hidden or rounded behind either edition.
    """

    table: pd.DataFrame
    domains: pd.DataFrame
    goalposts: pd.DataFrame
    level: float
    draws: int
    seed: int
    notes: tuple[str, ...] = field(default=())
    flag: pd.Series = field(default_factory=lambda: pd.Series(dtype="str"))

    def __repr__(self) -> str:
        moved = int((self.table["change"] != NONE).sum())
        return f"<Rebuilt {len(self.table):,} areas, {moved:,} moved by more than the doubt>"

    def sentences(self) -> pd.Series:
        """Say of each area what its indicators did on the fixed scale."""
        said = [
            f"{'no change larger than the doubt' if change == NONE else change}: "
            f"{before:.1f} and then {after:.1f} points of 100 (change between {low:+.1f} and "
            f"{high:+.1f}; more points are worse)"
            for change, before, after, low, high in zip(
                self.table["change"],
                self.table["earlier_score"],
                self.table["later_score"],
                self.table["points_low"],
                self.table["points_high"],
                strict=True,
            )
        ]
        return pd.Series(said, index=self.table.index, name="sentence", dtype="str")


def rebuild(
    definition: Definition,
    earlier: pd.DataFrame,
    later: pd.DataFrame,
    *,
    bridge: Bridge | None = None,
    draws: int = 1000,
    level: float = 0.95,
    spread: float = SPREAD,
    seed: int = SEED,
) -> Rebuilt:
    """Rebuild both editions with fixed goalposts and compare their scores.

    Each indicator becomes `100 (x - best)/(worst - best)` with the ends that the definition states,
    or else the best and the worst value of any area in either edition; domains are means of their
    indicators and the score the mean of the domains, both as the definition weighs them. No rank
    and no mean over areas enters, so that an area's score changes only with its own figures.
    Source: OECD/JRC, Handbook on constructing composite indicators (2008), chapter 5; Mazziotta
    and Pareto (2016) for goalposts over several years. The interval is that of `draws` draws:
    weights moved by up to `spread`, the same in both editions, counts drawn apart as in
    `indices.draws`.

    Parameters
    ----------
    earlier, later
        One row an area, with the columns the indicators name.
    bridge
        Carries the earlier counts to today's areas; None where the areas are the same.

    Raises
    ------
    DefinitionFault, EditionsUnlike, OptionUnknown, ConstantIndicator
        The definition has no indicators, the areas differ, a choice cannot be made, or an indicator
        without stated goalposts has one value throughout both editions.
    MissingIndicatorColumn, NotANumber, ...
        Whatever `indices.rates.measure` finds in either table; all faults together.
    """
    _check(definition, earlier, later, bridge, draws, level, spread)
    joined = bridge or editions.same_areas(later.index)
    wanted = [use.id for part in definition.parts for use in part.indicators]
    # Shrinkage pulls an area towards its district in that edition, which is no figure of its own.
    chosen = [
        item.model_copy(update={"shrink": "none"})
        for item in definition.indicators
        if item.id in wanted
    ]
    faults = Faults("editions")
    pair: list[Measured] = []
    tables, flags = [], []
    for name, table in (("earlier edition", earlier), ("later edition", later)):
        with faults.catch():
            seen, flag = _shown(table, chosen, where=name)
            tables.append(seen)
            flags.append(flag)
    faults.raise_any()
    brought = (
        _bring(tables[0], joined, chosen) if bridge is not None else tables[0].loc[later.index]
    )
    for name, table in (("earlier edition", brought), ("later edition", tables[1])):
        with faults.catch():
            pair.append(rates.measure(chosen, table, where=name))
    faults.raise_any()
    frame = _Frame(definition, pair)
    own = [frame.scores(measured) for measured in pair]
    random = np.random.default_rng(seed)
    pools = [
        [_ready(definition, frame.scores(_redrawn(m, random))) for _ in range(POOL)] for m in pair
    ]
    low_high = _draw(definition, pools, draws=draws, level=level, spread=spread, random=random)
    weights = definition.weights.to_numpy()
    before, after = (_overall(definition, _ready(definition, scores), weights) for scores in own)
    table = pd.DataFrame({"earlier_score": before, "later_score": after}, index=later.index)
    table["points"] = after - before
    table["points_low"], table["points_high"] = low_high
    table["change"] = _changed(table, joined.whole)
    return Rebuilt(
        table=table,
        domains=pd.DataFrame(own[1] - own[0], index=later.index, columns=definition.domain_ids),
        goalposts=pd.DataFrame(frame.ends, index=["best", "worst"]).T,
        level=level,
        draws=draws,
        seed=seed,
        notes=_notes(definition, pair, joined if bridge is not None else None),
        flag=joined.carry(flags[0], flags[1]),
    )


class _Frame:
    """The fixed part of both editions: goalposts, weights, and what stands for a missing value."""

    def __init__(self, definition: Definition, pair: Sequence[Measured]) -> None:
        self.definition = definition
        self.ends: dict[str, Ends] = {}
        self.weights: dict[str, pd.Series] = {}
        self.middle: dict[str, float] = {}
        constant: list[str] = []
        for part in definition.parts:
            figures = [_figures(part, measured) for measured in pair]
            stated = {use.id: use.goalposts for use in part.indicators}
            both = pd.concat(figures)
            for id in map(str, figures[0]):
                # A sum of counts goes by the name of its domain, and the way its counts go.
                first = id if id in pair[0].indicators else part.indicators[0].id
                ends = _outermost(both[id], _low_is_worse(first, pair[0]))
                self.ends[id] = stated.get(id) or ends
                if ends[0] == ends[1] and stated.get(id) is None:
                    constant.append(id)
                self.middle[id] = float(both[id].median())
            self.weights[part.id] = _weights(part, figures[0], pair[0])
        if constant:
            raise ConstantIndicator("both editions", found=constant)

    def scores(self, measured: Measured) -> Floats:
        """Return the scores of the domains (n_areas, n_domains) on the fixed scale."""
        columns = []
        for domain in self.definition.domains:
            parts = domain.subdomains or (domain,)
            made = pd.DataFrame({part.id: self._part(part, measured) for part in parts})
            if domain.subdomains:
                stated = pd.Series({part.id: part.weight for part in parts})
                columns.append(combining.aggregate(made, weights=stated))
            else:
                columns.append(made[domain.id])
        return np.column_stack(columns)

    def _part(self, part: Part, measured: Measured) -> pd.Series:
        figures = _figures(part, measured)
        if part.missing == "middle":
            known = figures.notna().any(axis=1)
            figures = figures.fillna(self.middle).where(known, np.nan)
        scaled = combining.normalise(figures, "goalposts", goalposts=self.ends, where=part.id)
        scaled = combining.positive(scaled, "goalposts", part.mean)
        return combining.aggregate(scaled, weights=self.weights[part.id], mean=part.mean)


def _figures(part: Part, measured: Measured) -> pd.DataFrame:
    """Return the figures of a part: its indicators, or the one share that its counts add up to."""
    ids = [use.id for use in part.indicators]
    if part.combine != "counts":
        return measured.values[ids]
    share = combining.sum_counts(measured.events[ids], measured.people[ids[0]], where=part.id)
    return (measured.indicators[ids[0]].per * share).to_frame(part.id)


def _weights(part: Part, figures: pd.DataFrame, measured: Measured) -> pd.Series:
    if part.combine == "factor":
        low = [id for id in map(str, figures) if _low_is_worse(id, measured)]
        turned = combining.normalise(figures, "none", low_is_worse=low)
        return factors.one_factor(turned).weights
    stated = {use.id: 1.0 if use.weight is None else use.weight for use in part.indicators}
    return pd.Series({id: stated.get(str(id), 1.0) for id in figures})


def _outermost(values: pd.Series, low_is_worse: bool) -> Ends:
    low, high = float(values.min()), float(values.max())
    return (high, low) if low_is_worse else (low, high)


def _low_is_worse(id: str, measured: Measured) -> bool:
    found: Indicator | None = measured.indicators.get(id)
    return found is not None and found.direction == "low is worse"


def _shown(
    table: pd.DataFrame, chosen: Sequence[Indicator], *, where: str
) -> tuple[pd.DataFrame, pd.Series]:
    """Return a table with the counts of guarded sources as they may be shown, and its flags."""
    guarded = [item for item in chosen if item.disclosure != "published" and item.counted]
    if not guarded:
        return table, pd.Series("", index=table.index, name="flag", dtype="str")
    # Counts are guarded where they were counted, before they are brought to other areas.
    measured = shown.safe(rates.measure(guarded, table.rename_axis(None), where=where))
    seen = {str(item.numerator): measured.events[item.id].to_numpy() for item in guarded}
    return table.assign(**seen), shown.heaviest(measured.flags).set_axis(table.index)


def _bring(table: pd.DataFrame, bridge: Bridge, chosen: Sequence[Indicator]) -> pd.DataFrame:
    """Carry counts as counts and values as means to today's areas."""
    counts = {name for item in chosen for name in (item.numerator, item.denominator)}
    values = {item.value for item in chosen}
    moved = pd.DataFrame(index=bridge.later)
    for column in (c for c in table.columns if c in counts or c in values):
        found = inputs.numbers(table[column], where=f"earlier edition, column {column}")
        if column in counts:
            moved[column] = bridge.bring_counts(found.to_frame())[column]
        else:
            moved[column] = bridge.bring(found.reindex(bridge.earlier).to_numpy())
    return moved


def _redrawn(measured: Measured, random: np.random.Generator) -> Measured:
    """Return the figures with the events drawn again from what their counts leave open."""
    events, values = measured.events.copy(), measured.values.copy()
    for id in measured.events:
        drawn = engine.drawn_events(measured, str(id), random)
        events[id] = drawn
        values[id] = rates.from_counts(
            measured.indicators[str(id)], drawn, measured.people[id], None
        )
    return Measured(measured.indicators, values, events, measured.people)


def _draw(
    definition: Definition,
    pools: Sequence[Sequence[Floats]],
    *,
    draws: int,
    level: float,
    spread: float,
    random: np.random.Generator,
) -> Floats:
    """Return the low and high end of the change in points of each area, (2, n_areas)."""
    weights = definition.weights.to_numpy()
    moved = np.empty((draws, pools[0][0].shape[1]))
    for draw in range(draws):
        mine = weights * random.uniform(1.0 - spread, 1.0 + spread, len(weights))
        first, second = (pool[int(random.integers(len(pool)))] for pool in pools)
        moved[draw] = _overall(definition, second, mine) - _overall(definition, first, mine)
    cut = int((1.0 - level) / 2.0 * draws + 1e-9)
    ends = [cut, draws - 1 - cut]
    return np.asarray(np.partition(moved, ends, axis=0)[ends], dtype=float)


def _overall(definition: Definition, scores: Floats, weights: Floats) -> Floats:
    """Return the mean (n_areas,) of the domains (n_domains, n_areas)."""
    return combining.weighted_mean(scores, weights / weights.sum(), definition.mean)


def _ready(definition: Definition, scores: Floats) -> Floats:
    """Turn scores (n_areas, n_domains) to rows that the mean over the domains can be taken of."""
    moved = combining.positive(pd.DataFrame(scores), "goalposts", definition.mean)
    return np.ascontiguousarray(moved.to_numpy(dtype=float).T)


def _changed(table: pd.DataFrame, whole: pd.Series) -> pd.Series:
    """Name the areas whose interval leaves zero out; parts of one earlier area all or none."""
    worse = (table["points_low"] > 0).groupby(whole).transform("all")
    better = (table["points_high"] < 0).groupby(whole).transform("all")
    return pd.Series(
        np.where(worse, WORSE, np.where(better, BETTER, NONE)), index=table.index, dtype="str"
    )


def _check(
    definition: Definition,
    earlier: pd.DataFrame,
    later: pd.DataFrame,
    bridge: Bridge | None,
    draws: int,
    level: float,
    spread: float,
) -> None:
    faults = Faults("rebuild")
    without = [part.id for part in definition.parts if not part.indicators]
    if without:
        detail = "these domains have no indicators"
        faults.add(DefinitionFault(definition.id, found=without, detail=detail))
    ends = (earlier.index, later.index) if bridge is None else (bridge.later, later.index)
    if len(strange := ends[0].symmetric_difference(ends[1])):
        faults.add(EditionsUnlike("areas", found=strange, detail="areas of one edition only"))
    for name, value, good in (
        ("draws", draws, draws >= 1),
        ("level", level, 0 < level < 1),
        ("spread", spread, 0 <= spread < 1),
    ):
        if not good:
            faults.add(OptionUnknown(name, found=[value], detail="out of range"))
    faults.raise_any()


def _notes(
    definition: Definition, pair: Sequence[Measured], bridge: Bridge | None
) -> tuple[str, ...]:
    said = [FIXED, *(() if bridge is None else bridge.provenance)]
    if any(item.shrink != "none" for item in definition.indicators):
        said.append("Rates are not shrunk here.")
    without = [id for id in pair[0].indicators if id not in pair[0].events]
    if without:
        said.append(f"The sampling error of {', '.join(without)} is left out: no counts are known.")
    return tuple(said)
