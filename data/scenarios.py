"""Scenarios of a place: from a run and a document to another ledger, at every level.

In: a `Result` of `data.run` and a `Scenario`. Out: `Allocation`, frozen: the outcome, every level
before and after, who gains and who loses, between what and what each share lies, and the books.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from budgets import compare, doubtful, honesty, prices, scenario
from budgets.eliminations import Eliminations
from budgets.ledger import Ledger, Level
from budgets.money import format_pounds
from budgets.need_measures import Measure
from budgets.scenario import Context, Outcome, Scenario
from budgets.suppressed import Flags, Masked, mask
from data import masking, need_measures
from data.run import Result
from data.scenarios_errors import ScenarioMissing

TOOL = "common-ground"
NOT_SHOWN = "not shown"
ALL_MONEY = "the money"  # what sentences call all of it


@dataclass(frozen=True, eq=False, repr=False)
class Allocation:
    """What a scenario makes of a place.

    Attributes
    ----------
    result
        The run that it starts from.
    outcome
        The ledger after, who holds what, every step, the hash.
    levels
        The ledger after at every level, by layer id.
    changes
        By base area: name, inside, people, decile, before, after, who gains and who loses; and
        between what and what its share lies, where that was asked.
    winners
        The same counted by decile of need, for the areas inside the place.
    spread
        The doubt about need carried into the money, or None.
    masked
        What may be shown of the ledger and of each level, where some of the money follows counts
        so small that they may not be shown; else None.
    """

    result: Result
    outcome: Outcome
    levels: dict[str, Level]
    changes: pd.DataFrame
    winners: pd.DataFrame
    spread: doubtful.Spread | None
    masked: tuple[Masked, dict[str, Masked]] | None

    @property
    def eliminations(self) -> Eliminations:
        """From the agencies' own totals to the pot of the baseline."""
        return self.result.eliminations

    @property
    def sentences(self) -> tuple[str, ...]:
        """What was done, who gains, and how far it can be trusted."""
        shown = self.changes["result"] != NOT_SHOWN
        inside = self.changes[self.changes["inside"] & shown]
        said = [step.sentence for step in self.outcome.steps]
        said.append(compare.sentence(inside))
        said.append(_most_doubtful(self.spread, inside))
        said.append(honesty.recorded(self.outcome.ledger, called=ALL_MONEY).reason)
        said.append("" if self.masked is None else self.masked[0].note())
        said.append(_other_year(self.outcome))
        said += prices.comparable(self.outcome.ledger.streams)
        return tuple(line for line in said if line)


def read(path: str | Path) -> tuple[Scenario, dict[str, Any] | None]:
    """Read a scenario from TOML or JSON, or from the lock of an allocation.

    Returns
    -------
    The scenario, and the lock if it was one: what is made from it must be what it says.

    Raises
    ------
    ScenarioMissing
        There is no such file, or it is not text.
    CommonGroundError
        Whatever is wrong with the document, all of it at once.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioMissing(str(path), detail=str(error)) from None
    try:
        raw = json.loads(text) if text.lstrip().startswith("{") else None
    except (ValueError, RecursionError):
        raw = None
    if isinstance(raw, dict) and raw.get("tool") == TOOL and isinstance(raw.get("document"), dict):
        return scenario.parse(json.dumps(raw["document"]), where=path.name), raw
    return scenario.parse(text, where=path.name), None


def context_of(result: Result) -> Context:
    """Return what a scenario needs to know of a place."""
    ids = result.prepared.streams.index
    pairs = zip(result.prepared.shared, result.prepared.cases, strict=True)
    return Context(
        people=result.prepared.people,
        measures=measures_of(result),
        covered={str(ids[row]): result.prepared.covered[case[0]] for row, case in pairs},
        need_weight=result.need_weight,
        neediest_per_head=result.neediest_per_head,
        levels={
            layer: lambda ledger, layer=layer: level_of(result, layer, ledger)  # type: ignore[misc]
            for layer in result.levels
        },
        inputs=result.place.content_hash,
    )


def measures_of(result: Result) -> dict[str, Measure]:
    """Return the measures of need that a scenario may name; see `data.need_measures`."""
    return need_measures.measures_of(result.place, result.index, result.prepared.people)


def level_of(result: Result, layer: str, ledger: Ledger) -> Level:
    """Take a ledger to one level; one in which another nests is the sum of that one."""
    tolerance = result.place.tolerance
    nested = result.nested.get(layer)
    if nested is not None:
        return ledger.at(nested.crosswalk, tolerance=tolerance).roll_up(nested.parents, layer=layer)
    return ledger.at(result.crosswalks[layer], tolerance=tolerance)


def allocate(
    result: Result,
    chosen: Scenario | None = None,
    *,
    draws: int = doubtful.DRAWS,
    context: Context | None = None,
) -> Allocation:
    """Apply a scenario to a place, or none: then the money is as it is today.

    Parameters
    ----------
    draws
        In how many ways need is counted anew for the interval of each share; 0 leaves it out.
    context
        What `context_of` returns, from whoever has kept it.

    Raises
    ------
    CommonGroundError
        Whatever a rule of the scenario refuses.
    """
    chosen = scenario.as_it_is() if chosen is None else chosen
    context = context_of(result) if context is None else context
    outcome = scenario.apply(chosen, result.ledger, context)
    levels = {layer: level_of(result, layer, outcome.ledger) for layer in result.levels}
    spread = _spread(result, chosen, context, draws)
    changes = changes_of(result, outcome, spread)
    flags = flags_of(result)
    masked = None
    if flags:
        masked = masking.shown(
            result.place, outcome.ledger, levels, result.crosswalks, result.nested, flags=flags
        )
        assert masked is not None  # there are flags
        changes = _masked_changes(changes, masked[0], mask(result.ledger, flags))
    shown = changes[changes["inside"] & (changes["result"] != NOT_SHOWN)]
    winners = compare.who_gains(shown)
    return Allocation(result, outcome, levels, changes, winners, spread, masked)


def changes_of(result: Result, outcome: Outcome, spread: doubtful.Spread | None) -> pd.DataFrame:
    """Return who gains and who loses, by base area."""
    scores = None if result.index is None else result.index.scores
    decile = None if scores is None else compare.need_deciles(scores, among=result.inside)
    table = compare.changes(
        result.ledger, outcome.ledger, people=result.prepared.people, decile=decile
    )
    names = result.layers[result.place.base_layer]["name"].reindex(table.index)
    table.insert(0, "name", names)
    table.insert(1, "inside", result.inside.reindex(table.index).astype(bool))
    if spread is not None:
        columns = ["low_pence", "high_pence", "share", "share_low", "share_high"]
        table = table.join(spread.table[columns])
    return table


def flags_of(result: Result) -> Flags:
    """Return the streams whose money follows counts that may not be shown; see `data.masking`."""
    return masking.flags_for(result.place, result.ledger)


def _spread(
    result: Result, chosen: Scenario, context: Context, draws: int
) -> doubtful.Spread | None:
    """Go the whole way from need to the ledger again for each way of counting need."""
    index = result.index
    if index is None or draws == 0:
        return None

    themes = need_measures.by_theme(result.place, index, result.prepared.people)

    def make(scores: pd.Series) -> Ledger:
        counted = Measure("index", "index", scores)
        baseline = result.prepared.ledger(
            scores=scores,
            need_weight=result.need_weight,
            neediest_per_head=result.neediest_per_head,
            measures={
                theme: counted if measure.name == "index" else measure
                for theme, measure in themes.items()
            },
        )
        measures = dict(context.measures) | {"index": Measure("index", "index", scores)}
        other = Context(
            people=context.people,
            measures=measures,
            covered=context.covered,
            need_weight=context.need_weight,
            neediest_per_head=context.neediest_per_head,
            levels=context.levels,
            inputs=context.inputs,
        )
        return scenario.ledger_of(chosen, baseline, other)

    return doubtful.spread(index, make, draws=draws)


def _other_year(outcome: Outcome) -> str:
    """Say that the scenario is for another year than the money is of, where that is so."""
    year = outcome.scenario.head.year
    others = [other for other in dict.fromkeys(outcome.ledger.streams["year"]) if other != year]
    if year is None or not others:
        return ""
    return (
        f"The scenario is for {year} and the money is of {', '.join(others)}: prices are as they "
        "were."
    )


def _most_doubtful(spread: doubtful.Spread | None, inside: pd.DataFrame) -> str:
    """Say of which area inside the place the share is least certain."""
    if spread is None or inside.empty:
        return ""
    width = (inside["high_pence"] - inside["low_pence"]) / inside["after_pence"].clip(lower=1)
    code = str(width.idxmax())
    row = inside.loc[[code]].iloc[0]
    low, high = (
        format_pounds(round(row[name]), whole=True) for name in ("low_pence", "high_pence")
    )
    return (
        f"How need is counted matters most to {row['name']} ({code}): it gets between {low} "
        f"and {high} in {spread.level:.0%} of {spread.draws:,} ways of counting it."
    )


def _masked_changes(changes: pd.DataFrame, after: Masked, before: Masked) -> pd.DataFrame:
    """Leave out what would give a small count away: both figures of an area, and their change."""
    hidden = after.by_area()["amount_pence"].isna() | before.by_area()["amount_pence"].isna()
    hidden = hidden.reindex(changes.index, fill_value=False)
    table = changes.copy()
    for name in table.columns:
        if name.endswith("_pence") or name.startswith(("share", "change")):
            whole = pd.api.types.is_integer_dtype(table[name])
            table[name] = (table[name].astype("Int64") if whole else table[name]).mask(hidden)
    table["result"] = table["result"].mask(hidden, NOT_SHOWN)
    return table
