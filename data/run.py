"""The whole way for one place: from a place package to money by area at every level.

In: a `Place`. Out: `Result`, frozen: crosswalks from the base layer to every level, the index,
the ledger in whole pence, every level of it, and the steps with what was left over at each.

`rebudget` goes the way again from the money on, with other need settings and without geometry;
`restream` does so with other lines of money.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import geopandas as gpd
import pandas as pd

from boundaries.crosswalk import Crosswalk
from budgets import apportion, eliminations
from budgets.ledger import Ledger, Level
from budgets.streams import split_cover
from data import levels as level_facts
from data import masking, money_steps, need_measures, steps
from data.baseline_tables import second_method
from data.crosswalks import base_to
from data.errors import NotInside
from data.later import Later, LaterAll
from data.nesting import Nested, nested_levels
from data.place import Place
from data.prepare import prepare
from data.steps import Step
from data.write import write
from indices import index as indices_index
from indices.index import Index

__all__ = [
    "Progress", "Result", "Step", "prepare", "rebudget", "restream", "run", "second_method",
    "write",
]  # fmt: skip

INSIDE_SHARE = 0.5
_OF_MONEY = ("transfers", "tiers", "grades", "streams", "level")  # steps that lines of money make
Progress = Callable[[str, int, int], None]
"""Called before each part of a run with its title, how many are done and how many there are."""


@dataclass(frozen=True, eq=False, repr=False)
class Result:
    """Everything known about a place after a run.

    Attributes
    ----------
    place, layers
        The package and its layers by id.
    base
        The base table with one more column `inside`.
    crosswalks
        From the base layer to every level (the base layer itself included) and to every layer
        that a stream covers or is held at, by layer id.
    index
        The index of need, or None.
    ledger
        Streams x base areas in whole pence.
    levels
        The ledger at every level by layer id, the base layer first.
    level_tables
        One row an area of a level: name, people, people_inside, need, amount_pence,
        pence_per_person; and counted_in_each_pence where the level overlaps itself. Of `rebudget`
        levels and tables are made when they are asked for.
    steps
        What went in, came out and was left over.
    need_weight, neediest_per_head
        The settings of need that were used.
    facts
        What of the level tables does not depend on money, by layer id.
    prepared
        The streams with the people they cover, ready to be shared by any need.
    nested
        How each level in which another nests is added up, by layer id.
    eliminations
        From the agencies' own totals to the pot: what is passed on between lines is counted once.
    masked
        What may be shown of the ledger and of each level, where money follows counts that may not
        be shown; None where all of it may. Level tables hold only what may be shown.
    """

    place: Place
    layers: dict[str, gpd.GeoDataFrame]
    base: pd.DataFrame
    crosswalks: dict[str, Crosswalk]
    index: Index | None
    ledger: Ledger
    levels: Mapping[str, Level]
    level_tables: Mapping[str, pd.DataFrame]
    steps: Sequence[Step]
    need_weight: float
    neediest_per_head: float
    facts: dict[str, level_facts.Facts]
    prepared: apportion.Prepared
    nested: dict[str, Nested]
    eliminations: eliminations.Eliminations
    masked: masking.Shown | None = None

    def __repr__(self) -> str:
        return (
            f"<Result {self.place.id}: pot {self.pot_pence:,} pence at {len(self.levels)} levels>"
        )

    @property
    def inside(self) -> pd.Series:
        """Which base areas lie inside the place, bool by code."""
        return self.base["inside"]

    @property
    def pot_pence(self) -> int:
        """All money of all streams."""
        return self.ledger.total


def run(
    place: Place,
    *,
    need_weight: float | None = None,
    neediest_per_head: float | None = None,
    progress: Progress | None = None,
) -> Result:
    """Go the whole way for a place.

    Parameters
    ----------
    place
        As `data.place.load` returns it.
    need_weight, neediest_per_head
        Settings of need instead of those of the place.
    progress
        Called before each part.

    Raises
    ------
    NotInside
        No base area lies inside the place.
    CommonGroundError
        Whatever a floor below refuses.
    """
    say = progress or (lambda title, done, total: None)
    wanted = _layers_needed(place)
    total = len(wanted) + 3
    crosswalks = {}
    for done, layer in enumerate(wanted):
        say(f"crosswalk {place.base_layer} to {layer}", done, total)
        crosswalks[layer] = base_to(place, layer)
    inside = _inside(place, crosswalks[place.settings.base.inside])
    say("index of need", len(wanted), total)
    index = _index(place)
    say("people and need at every level", len(wanted) + 1, total)
    facts = {
        layer: level_facts.facts(place, crosswalks[layer], index, inside)
        for layer in place.settings.levels
    }
    done_so_far = [steps.layers_read(place, place.layers), steps.people_found(place, inside)]
    done_so_far += [
        steps.crosswalk_built(crosswalks[layer], facts[layer].books)
        for layer in place.settings.levels
        if layer != place.base_layer
    ]
    if index is not None:
        done_so_far.append(steps.index_built(index))
    say("money", len(wanted) + 2, total)
    settings = place.settings.need
    weight = settings.need_weight if need_weight is None else need_weight
    per_head = settings.neediest_per_head if neediest_per_head is None else neediest_per_head
    books = eliminations.reconcile(place.streams)
    prepared = _prepared(place, crosswalks, inside)
    checked = money_steps.tiers_checked(place, prepared, crosswalks)
    done_so_far += [money_steps.transfers_eliminated(place, books), *([checked] if checked else [])]
    nested = nested_levels(place, crosswalks)
    shared = _share(place, crosswalks, index, facts, prepared, nested, (weight, per_head))
    result = Result(
        place=place,
        layers=place.layers,
        base=place.base.assign(inside=inside),
        crosswalks=crosswalks,
        index=index,
        facts=facts,
        prepared=prepared,
        nested=nested,
        eliminations=books,
        ledger=shared.ledger,
        levels=dict(shared.levels),
        level_tables=dict(shared.level_tables),
        steps=(*done_so_far, money_steps.grades_counted(shared.ledger), *shared.steps),
        need_weight=weight,
        neediest_per_head=per_head,
        masked=shared.masked,
    )
    say("done", total, total)
    return result


def rebudget(
    result: Result, *, need_weight: float | None = None, neediest_per_head: float | None = None
) -> Result:
    """Share the money again with other settings of need; shapes, people and index stay.

    What is not given stays as it was in `result`. A level is added up when it is asked for, unless
    some of the money may not be shown, which is looked for over all levels together.
    """
    weight = result.need_weight if need_weight is None else need_weight
    per_head = result.neediest_per_head if neediest_per_head is None else neediest_per_head
    shared = _share(
        result.place,
        result.crosswalks,
        result.index,
        result.facts,
        result.prepared,
        result.nested,
        (weight, per_head),
    )
    before = result.steps  # and not the result, which would live as long as what is made of it

    def said() -> tuple[Step, ...]:
        return (*(one for one in before if one.kind not in ("streams", "level")), *shared.steps)

    return replace(
        result,
        ledger=shared.ledger,
        levels=shared.levels,
        level_tables=shared.level_tables,
        steps=LaterAll(said),
        need_weight=weight,
        neediest_per_head=per_head,
        masked=shared.masked,
    )


def restream(result: Result, place: Place) -> Result:
    """Go the way again from the lines of money on, with those of `place`.

    `place` is that of the result but for its streams; shapes, people, index and the settings of
    need stay. Only a layer that no line covered before needs geometry.

    Raises
    ------
    CommonGroundError
        Whatever a floor below refuses of the lines.
    """
    missing = [layer for layer in _layers_needed(place) if layer not in result.crosswalks]
    crosswalks = result.crosswalks | {layer: base_to(place, layer) for layer in missing}
    books = eliminations.reconcile(place.streams)
    prepared = _prepared(place, crosswalks, result.inside)
    checked = money_steps.tiers_checked(place, prepared, crosswalks)
    need = (result.need_weight, result.neediest_per_head)
    parts = (crosswalks, result.index, result.facts, prepared, result.nested, need)
    shared = _share(place, *parts)
    stay = tuple(step for step in result.steps if step.kind not in _OF_MONEY)
    said = [money_steps.transfers_eliminated(place, books), *([checked] if checked else [])]
    return replace(
        result,
        place=place,
        crosswalks=crosswalks,
        prepared=prepared,
        eliminations=books,
        ledger=shared.ledger,
        levels=dict(shared.levels),
        level_tables=dict(shared.level_tables),
        steps=(*stay, *said, money_steps.grades_counted(shared.ledger), *shared.steps),
        masked=shared.masked,
    )


@dataclass(frozen=True, eq=False)
class _Shared:
    """The part of a result that depends on the settings of need."""

    ledger: Ledger
    levels: Mapping[str, Level]
    level_tables: Mapping[str, pd.DataFrame]
    steps: Sequence[Step]
    masked: masking.Shown | None


def _prepared(
    place: Place, crosswalks: Mapping[str, Crosswalk], inside: pd.Series
) -> apportion.Prepared:
    """Split what does not follow need: each pound at final spend, by what is counted of its use."""
    return apportion.prepare(
        eliminations.final(place.streams),
        covers=crosswalks,
        people=place.people,
        inside=inside,
        tolerance=place.tolerance,
        households=place.households,
        use=place.use,
    )


def _share(
    place: Place,
    crosswalks: Mapping[str, Crosswalk],
    index: Index | None,
    facts: Mapping[str, level_facts.Facts],
    prepared: apportion.Prepared,
    nested: Mapping[str, Nested],
    need: tuple[float, float],
) -> _Shared:
    """Share the streams out, take the ledger to every level and put the tables together."""
    ledger = prepared.ledger(
        scores=None if index is None else index.scores,
        need_weight=need[0],
        neediest_per_head=need[1],
        measures=need_measures.by_theme(place, index, prepared.people),
    )
    tolerance = place.tolerance

    def add_up(layer: str) -> Level:
        """Take the ledger to a level; one in which another nests is the sum of that one."""
        if layer in nested:
            finer = ledger.at(nested[layer].crosswalk, tolerance=tolerance)
            return finer.roll_up(nested[layer].parents, layer=layer)
        return ledger.at(crosswalks[layer], tolerance=tolerance)

    levels = Later(place.settings.levels, add_up)
    tables = Later(levels, lambda layer: level_facts.table(facts[layer], levels[layer]))
    masked = masking.shown(place, ledger, levels, crosswalks, nested)

    def said() -> list[Step]:
        hidden = [] if masked is None else [money_steps.masked(masked[0])]
        added = [steps.level_added_up(level, place.people) for level in levels.values()]
        return [steps.streams_shared(ledger), *added, *hidden]

    if masked is None:
        return _Shared(ledger, levels, tables, LaterAll(said), None)
    shown = {layer: masking.masked_table(tables[layer], kept) for layer, kept in masked[1].items()}
    return _Shared(ledger, levels, dict(tables) | shown, LaterAll(said), masked)


def _layers_needed(place: Place) -> list[str]:
    """Return the layers that base areas must be carried to, levels first."""
    covered = [split_cover(cover)[0] for covers in place.streams["covers"] for cover in covers]
    fenced = [split_cover(c)[0] for areas in place.streams["ring_fence_areas"] for c in areas]
    held = [layer for layer in place.streams["held_at"] if layer]
    wanted = [*place.settings.levels, place.settings.base.inside, *covered, *held, *fenced]
    return list(dict.fromkeys(wanted))


def _inside(place: Place, crosswalk: Crosswalk) -> pd.Series:
    """Say which base areas lie inside the place: at least half of each, by the crosswalk."""
    share = crosswalk.coverage.reindex(place.base.index)
    inside = (share >= INSIDE_SHARE).rename("inside")
    if not inside.any():
        raise NotInside(f"layer {place.settings.base.inside}")
    return inside


def _index(place: Place) -> Index | None:
    if place.definition is None or place.domains is None or place.settings.index is None:
        return None
    return indices_index.build(place.definition, place.domains, from_=place.settings.index.from_)
