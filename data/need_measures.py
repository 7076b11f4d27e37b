"""The measures of need that a place has, and the one that each theme of money follows.

In: a place, its index of need, the people of its base areas. Out: `Measure`s by name, the index
first; and by theme the measure that [need.measures] in place.toml names for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from budgets.need_errors import MeasureNotUsable
from budgets.need_formula import read_formula
from budgets.need_measures import Measure, choose
from geo.errors import Faults
from indices.disclosure_rules import rule

if TYPE_CHECKING:
    from boundaries.crosswalk import Crosswalk
    from data.place import Place
    from indices.index import Index


def measures_of(place: Place, index: Index | None, people: pd.Series) -> dict[str, Measure]:
    """Return the measures of need of a place, by name.

    They are the index of the place, its domains, indicators, counts of clients and funding
    formulas. The index comes first and is taken where none is named. Clients are counted in the
    columns of use that streams of a theme name.
    """
    found: dict[str, Measure] = {}
    if index is not None:
        found["index"] = Measure("index", "index", index.scores)
        for domain in index.domain_transformed:
            values = index.domain_transformed[domain]
            found[str(domain)] = Measure(str(domain), "index", values, themes=(str(domain),))
    for item in place.settings.indicators:
        if item.direction != "neither" and item.id in place.indicators:
            values = place.indicators[item.id]["value"].reindex(people.index)
            themes = (item.theme,) if item.theme else (item.id,)
            high = item.direction == "high is worse"
            found.setdefault(
                item.id, Measure(item.id, "indicator", values, themes, high_is_need=high)
            )
    streams = place.streams
    for column in place.use:
        named = [column == use.split("@")[0] for use in streams["use"]]
        themes = tuple(sorted(set(streams.loc[named, "theme"]) - {""})) or (str(column),)
        counts = place.use[column].reindex(people.index).fillna(0.0)
        found.setdefault(str(column), Measure(str(column), "clients", counts, themes))
    for name in place.settings.need.formulas:
        formula = read_formula(place.folder / name)
        table = place.base.reindex(people.index)
        found.setdefault(formula.formula.id, formula.measure(people, table, found))
    return found


def by_theme(place: Place, index: Index | None, people: pd.Series) -> dict[str, Measure]:
    """Return the measure of each theme for which place.toml names one.

    A theme that is not named follows the index. A measure called `theme` is the one that
    `budgets.need_measures.choose` finds: counts of its clients first, then an indicator of it,
    then an index or domain.

    Raises
    ------
    NoMeasure, MeasureAmbiguous
        A measure that is named does not exist, or several would serve.
    MeasureNotUsable
        Its figures may not be shown as they are: the money that follows them would tell them.
    """
    named = place.settings.need.measures
    if not named:
        return {}
    measures, hidden = measures_of(place, index, people), _hidden(place)
    faults = Faults("place.toml, [need.measures]")
    found: dict[str, Measure] = {}
    for theme, name in named.items():
        with faults.catch():
            wanted = None if name == "theme" else name
            found[theme] = choose(theme, list(measures.values()), named=wanted).measure
            if found[theme].name in hidden:
                detail = "small counts of it are hidden, and money that follows it would show them"
                raise MeasureNotUsable(f"theme {theme}", found=[found[theme].name], detail=detail)
    faults.raise_any()
    return found


def at_level(
    place: Place, measures: Mapping[str, Measure], crosswalk: Crosswalk
) -> dict[str, Measure]:
    """Return measures by theme for the areas of a level: clients added up, the others averaged.

    The average is by people, as that of the index is; clients in areas that overlap count in each.
    """
    if str(crosswalk.targets.name) == place.base_layer:
        return dict(measures)
    overlapping = bool((crosswalk.overlapping > place.tolerance).any())
    overlap = "count-in-each" if overlapping else "refuse"
    found = {}
    for theme, measure in measures.items():
        if measure.kind == "clients":
            values = crosswalk.apply_extensive(
                measure.values, uncovered="report", tolerance=place.tolerance, overlap=overlap
            ).values
        else:
            values = crosswalk.apply_intensive(
                measure.values, place.people, uncovered="report", tolerance=place.tolerance
            ).values
        found[theme] = replace(measure, values=values)
    return found


def _hidden(place: Place) -> set[str]:
    """Return the measures whose figures may not be shown as they are."""
    rules = {item.id: item.disclosure for item in place.settings.indicators}
    rules |= {
        item.numerator: item.disclosure
        for item in place.settings.indicators
        if item.numerator is not None
    }
    if place.settings.use is not None:
        rules |= place.settings.use.disclosure
    found = {name: rule(id) for name, id in rules.items()}
    return {name for name, of in found.items() if of.hide is not None or of.round_to > 1}
