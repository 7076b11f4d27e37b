"""What a run did, step by step: what went in, what came out and what was left over.

In: the parts of a run as they come into being. Out: `Step`, figures with the sentence that says
them, for the command line, the manifest and the pages alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from boundaries.crosswalk import Crosswalk, Reconciliation
from budgets.ledger import Ledger, Level
from budgets.money import format_pounds
from budgets.streams import rounding_sentence
from data.place import Place
from geo import layers as geo_layers
from indices.index import Index

SHOWN = 5


@dataclass(frozen=True)
class Step:
    """One step of a run.

    Attributes
    ----------
    kind
        "layers", "people", "crosswalk", "index", "transfers", "tiers", "grades", "streams" or
        "level".
    subject
        What the step was about: a layer id, or the place.
    went_in, came_out, left_over
        Figures by name; money in pence, people as numbers.
    sentence
        The same in words.
    """

    kind: str
    subject: str
    went_in: Mapping[str, float]
    came_out: Mapping[str, float]
    left_over: Mapping[str, float] = field(default_factory=dict)
    sentence: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the step as plain values for JSON."""
        return {
            "kind": self.kind,
            "subject": self.subject,
            "went_in": dict(self.went_in),
            "came_out": dict(self.came_out),
            "left_over": dict(self.left_over),
            "sentence": self.sentence,
        }


def layers_read(place: Place, layers: Mapping[str, gpd.GeoDataFrame]) -> Step:
    """Say which layers were read and what had to be mended in them."""
    counts = {name: len(frame) for name, frame in layers.items()}
    notes = [(name, note) for name, frame in layers.items() for note in geo_layers.notes(frame)]
    said = [
        f"{name} {note['code']}: {note['kind']}, {note['detail']}"
        if note["code"]
        else f"{name}: {note['kind']}, {note['detail']}"
        for name, note in notes[:SHOWN]
    ]
    more = f", and {len(notes) - SHOWN:,} more notes" if len(notes) > SHOWN else ""
    mended = f"Notes: {'; '.join(said)}{more}." if notes else "Nothing had to be mended."
    listed = ", ".join(f"{name} {count:,}" for name, count in counts.items())
    return Step(
        "layers",
        place.id,
        {"files": len(place.inputs)},
        {"layers": len(layers), "areas": sum(counts.values())},
        {"notes": len(notes)},
        f"{len(layers)} layers with {sum(counts.values()):,} areas read ({listed}). {mended}",
    )


def people_found(place: Place, inside: pd.Series) -> Step:
    """Say how many people live in the base areas, and how many of them in the place."""
    people = place.people
    within = float(people[inside].sum())
    beyond = float(people.sum()) - within
    return Step(
        "people",
        place.base_layer,
        {"people": float(people.sum())},
        {"people_inside": within},
        {"people_beyond": beyond},
        f"{people.sum():,.0f} {place.settings.base.people} in {len(people):,} base areas "
        f"({place.base_layer}); {within:,.0f} in the {int(inside.sum()):,} areas inside "
        f"{place.name}, {beyond:,.0f} beyond it.",
    )


def crosswalk_built(crosswalk: Crosswalk, books: Reconciliation) -> Step:
    """Say how the people of the base areas were carried to one layer."""
    left: dict[str, float] = {
        "people_outside": books.outside,
        "people_moved": books.moved,
        "areas_moved": len(books.moved_codes),
        "people_counted_twice": books.overlap_counted_twice,
    }
    return Step(
        "crosswalk",
        str(crosswalk.targets.name),
        {"people": books.total_in},
        {"people": books.total_out},
        left,
        f"{crosswalk.sources.name} to {crosswalk.targets.name}, by {crosswalk.method} in "
        f"{crosswalk.unit}, {crosswalk.mass.nnz:,} pairs: people, {books.sentence()}",
    )


def index_built(index: Index) -> Step:
    """Say what the index was built from, and that a part of an edition has no overall ranks."""
    whole = index.ranks is not None
    ranks = (
        "Overall ranks and deciles are given."
        if whole
        else f"Overall ranks and deciles are refused: they need all {index.n:,} areas of the "
        "edition; local ranks are given."
    )
    return Step(
        "index",
        str(index.layer),
        {"areas": len(index), "domains": len(index.definition.domains)},
        {"scores": len(index), "overall_ranks": len(index) if whole else 0},
        {"areas_of_the_edition_not_here": index.n - len(index)},
        f"{index.definition.title}: scores from {index.scores.min():.3f} to "
        f"{index.scores.max():.3f} for {len(index):,} of {index.n:,} areas. {ranks}",
    )


def streams_shared(ledger: Ledger) -> Step:
    """Say what money went in, what base areas hold and what stays place-wide."""
    amounts = ledger.streams["amount_pence"]
    income = int(amounts[amounts < 0].sum())
    shared, wide = int(ledger.pence.sum()), int(ledger.place_wide.sum())
    inside = int(ledger.pence[:, ledger.inside].sum())
    slivers = len(ledger.moved)
    sentence = (
        f"{len(amounts):,} streams with {format_pounds(ledger.total)} went in"
        + (f" ({format_pounds(income)} of it income)" if income else "")
        + f"; {format_pounds(shared)} fall in base areas ({format_pounds(inside)} of that inside "
        f"the place, {format_pounds(shared - inside)} beyond it) and {format_pounds(wide)} stay "
        f"place-wide. {rounding_sentence(ledger.streams)}"
    )
    if slivers:
        sentence += f" {slivers:,} shares of cover within the tolerance were taken as all or none."
    return Step(
        "streams",
        str(ledger.areas.name),
        {"pot_pence": ledger.total, "streams": len(amounts)},
        {"areas_pence": shared, "inside_pence": inside},
        {"place_wide_pence": wide, "beyond_pence": shared - inside, "slivers": slivers},
        sentence,
    )


def level_added_up(level: Level, people: pd.Series) -> Step:
    """Say that targets, outside and place-wide make up the pot at one level."""
    name = str(level.areas.name)
    targets, outside = int(level.pence.sum()), int(level.outside.sum())
    wide = int(level.place_wide.sum())
    moved = int(level.moved["pence_moved"].abs().sum())
    share_moved = level.moved["share_moved"].to_numpy(np.float64)
    people_moved = float(people.reindex(level.moved["code"]).to_numpy() @ np.abs(share_moved))
    sentence = (
        f"{name}: {_areas(len(level.areas))} {format_pounds(targets)} + outside "
        f"{format_pounds(outside)} + place-wide {format_pounds(wide)} = pot "
        f"{format_pounds(level.total)}."
    )
    if len(level.moved):
        sentence += (
            f" The tolerance moved {people_moved:,.1f} people and {format_pounds(moved)} of "
            f"{len(level.moved):,} base areas."
        )
    if level.counted_in_each is not None:
        each = int(level.counted_in_each.sum())
        sentence += (
            f" Its areas overlap: held once it is as above; counted in each it is "
            f"{format_pounds(each)}, which is not the pot."
        )
    return Step(
        "level",
        name,
        {"pot_pence": level.total},
        {"targets_pence": targets},
        {
            "outside_pence": outside,
            "place_wide_pence": wide,
            "moved_pence": moved,
            "moved_areas": len(level.moved),
            "moved_people": people_moved,
        },
        sentence,
    )


def _areas(number: int) -> str:
    return "1 area" if number == 1 else f"{number:,} areas"
