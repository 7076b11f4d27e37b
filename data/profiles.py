"""Profiles of the areas of a place: of any level, drawn, or put together from pieces.

In: a prepared place and an area. Out: `indices.profiles.Profile` with everything around it: the
ward most of it lies in, the place, England; its rank; its index of need; the areas most like it;
its type.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from boundaries import custom
from boundaries.custom import CustomArea
from data import moved
from data.profiling import AtLevel, Prepared, lower, prepare, singular, standard_of, titles_of
from geo.codes import row_of
from indices import carrying, profiles
from indices.carrying import Carried
from indices.profile_words import plain
from indices.profiles import Among, Area, Beside, Extras, Profile, Standing
from indices.profiles_errors import TooFewToCompare, UnknownArea
from indices.robustness import ordinal
from indices.similar import Similar, similar

__all__ = ["Prepared", "of_area", "of_custom", "prepare"]

HALF = 0.5
WHOLLY = 0.995
CUSTOM = "custom"


def of_area(prepared: Prepared, code: str, level: str) -> Profile:
    """Describe an area of a level.

    Raises
    ------
    UnknownLevel, UnknownArea
    """
    at = prepared.level(level)
    if code not in at.people.index:
        raise UnknownArea(f"level {level}", found=[code], detail=f"{len(at.people):,} areas")
    ranked = at.ranked if code in at.ranked else at.people.index
    column = csr_array(at.weights[:, [row_of(at.people.index, code)]])
    households = None if at.households is None else float(at.households[code])
    area = Area(
        code=code,
        name=str(at.names[code]),
        kind=_one_of(prepared, at, code),
        people=float(at.people[code]),
        households=households,
        notes=_beyond(prepared, at, code),
    )
    return profiles.profile(
        prepared.basis,
        at.figures,
        area,
        beside=_beside(prepared, column, level),
        among=Among(
            _of_place(prepared, at.title),
            at.ranked_values if ranked is at.ranked else at.figures.values,
        ),
        extras=Extras(
            people_grade=str(at.grades[code]),
            trends=_trends(prepared, level, code, column),
            standing=_standing(prepared, at, code, ranked, level),
            similar=_similar_area(prepared, at, code, level),
            type_sentence=_type(prepared, column),
            moved=_moved(prepared, column),
        ),
    )


def of_custom(prepared: Prepared, area: CustomArea) -> Profile:
    """Describe an area that was drawn or put together.

    Counts that its output areas hold are added up; others are estimated from the small areas by
    the share of their people, households, ... (the indicator's own denominator where the output
    areas have it) that the area holds. Nothing but whole output areas is ever used.
    """
    basis, pieces = prepared.basis, prepared.pieces
    chosen = np.asarray(pieces.codes.isin(area.members))
    shares, exact = {}, {}
    for id, item in basis.indicators.items():
        by = item.denominator or prepared.place.settings.base.people
        shares[id] = csr_array(pieces.shares(chosen, by)[:, None])
        both = [item.numerator, item.denominator]
        if item.counted and item.disclosure == "published" and set(both) <= set(pieces.counts):
            top, bottom = (float(pieces.counts[str(name)][chosen].sum()) for name in both)
            exact[id] = (top, bottom)
    target = pd.Index([area.name], name=CUSTOM, dtype="str")
    tolerance = prepared.place.tolerance
    figures = carrying.carry(basis, shares, target, tolerance=tolerance, exact=exact)
    people = csr_array(pieces.shares(chosen, prepared.place.settings.base.people)[:, None])
    base = prepared.level(prepared.place.base_layer)
    described = Area(
        code=area.name,
        name=area.name,
        kind=f"an area of your own, made of {len(area.members):,} {_blocks_title(prepared)}",
        people=area.people,
        households=area.households,
        how=f"{area.how}. {_half_rule(prepared, area)}",
        ranked=area.ranked,
        notes=(*area.notes, *(() if area.ranked else (_unranked(),))),
    )
    own = figures.values.iloc[0]
    return profiles.profile(
        basis,
        figures,
        described,
        beside=_beside(prepared, people, None),
        among=Among(_of_place(prepared, base.title), base.ranked_values),
        extras=Extras(
            trends=_trends(prepared, None, area.name, people),
            standing=_inherited(prepared, area),
            similar=_similar_custom(prepared, own, area),
            type_sentence=_type(prepared, people),
            moved=_moved(prepared, people),
        ),
    )


def ward_of(prepared: Prepared, column: csr_array, level: str | None) -> tuple[str, str] | None:
    """Return code and name of the ward that holds half of an area's people or more, or None.

    Parameters
    ----------
    column
        Share of each base area that the area holds, one column.
    level
        Of the area itself, None for one of one's own; a ward lies in no other ward.
    """
    ward = prepared.ward
    if ward is None or ward == level:
        return None
    at = prepared.level(ward)
    people = prepared.place.people.to_numpy(dtype=np.float64)
    mine = people * np.asarray(column.todense()).ravel()
    held = at.weights.T @ mine
    most = int(np.argmax(held))
    if not held[most] >= HALF * mine.sum() > 0:
        return None
    name = f"{at.names.iloc[most]} {singular(at.title)}"
    return str(at.people.index[most]), name


def _beside(prepared: Prepared, column: csr_array, level: str | None) -> list[Beside]:
    """Return the ward that most of an area lies in, where one holds half of it, and the place."""
    found = []
    ward = ward_of(prepared, column, level)
    if ward is not None and prepared.ward is not None:
        figures = prepared.level(prepared.ward).figures
        found.append(_whole("ward", ward[1], figures, ward[0]))
    whole = prepared.whole_place
    found.append(_whole("place", f"{prepared.place.name} as a whole", whole, whole.values.index[0]))
    return found


def _whole(key: str, name: str, figures: Carried, code: str) -> Beside:
    """Put an area's figures beside another's, with the interval that they have themselves."""
    at = row_of(figures.values.index, code)
    parts = (figures.values, figures.low, figures.high)
    return Beside(key, name, *(part.iloc[at] for part in parts))


def _trends(prepared: Prepared, level: str | None, code: str, column: csr_array) -> dict[str, str]:
    """Say how figures moved over the years in the area, or in its ward where only that is known."""
    own = {id: s for id, s in prepared.years.items() if s.measure.vintage == level}
    said = profiles.trends_of(own, code)
    ward = ward_of(prepared, column, level)
    if ward is not None:
        theirs = {
            id: s
            for id, s in prepared.years.items()
            if s.measure.vintage == prepared.ward and id not in said
        }
        said |= profiles.trends_of(theirs, ward[0], where=ward[1])
    titles = {id: one.measure.title for id, one in prepared.years.items()}
    known = prepared.basis.indicators
    return {id: text if id in known else f"{titles[id]}. {text}" for id, text in said.items()}


def _standing(
    prepared: Prepared, at: AtLevel, code: str, ranked: pd.Index, level: str
) -> Standing | None:
    """Say where an area stands on the index of need among those of its level."""
    if prepared.index is None or np.isnan(at.need[code]):
        return None
    value = float(at.need[code])
    among = at.need.loc[ranked].dropna()
    rank = int((among > value).sum()) + 1
    title = prepared.index.definition.title
    own = level == prepared.place.base_layer
    label = "its own score" if own else "average of its small areas, by people"
    sentence = (
        f"{title}: score {plain(value)} ({label}), {ordinal(rank)} most deprived of "
        f"{len(among):,} {_of_place(prepared, at.title)}."
    )
    return Standing(title, value, float(rank), len(among), label, sentence)


def _inherited(prepared: Prepared, area: CustomArea) -> Standing | None:
    if prepared.index is None:
        return None
    scores, title = prepared.index.scores, prepared.index.definition.title
    found = custom.inherit(area, prepared.blocks, scores, title=title)
    base = prepared.level(prepared.place.base_layer)
    others = base.need.loc[base.ranked].dropna()
    worse = int((others > found.value).sum())
    sentence, rank, of = found.sentence, np.nan, 0
    if not np.isnan(found.value):
        sentence = f"{sentence[:-1]}: score {plain(found.value)}."
        if found.ranked:
            rank, of = worse + 1.0, len(others) + 1
            sentence += (
                f" Of the {len(others):,} {_of_place(prepared, base.title)}, {worse:,} "
                f"{'has' if worse == 1 else 'have'} a higher score, which is more deprived."
            )
    return Standing(title, found.value, rank, of, "inherited from its small areas", sentence)


def _similar_area(prepared: Prepared, at: AtLevel, code: str, level: str) -> Similar | None:
    own = level == prepared.place.base_layer
    standard = prepared.standard if own else standard_of(at, prepared.basis)
    if standard is None or code not in standard.scores.index:
        return None
    return _named(similar(standard, code, titles=titles_of(prepared.basis)), at)


def _similar_custom(prepared: Prepared, figures: pd.Series, area: CustomArea) -> Similar | None:
    if prepared.standard is None:
        return None
    held = area.base_shares(prepared.blocks)
    scores = prepared.standard.scores
    # The small areas that it is made of are like it because they are it.
    others = scores[~scores.index.isin(held.index[held >= HALF])]
    try:
        found = similar(
            replace(prepared.standard, scores=others), figures, titles=titles_of(prepared.basis)
        )
    except TooFewToCompare:
        return None
    return _named(found, prepared.level(prepared.place.base_layer))


def _named(found: Similar, at: AtLevel) -> Similar:
    table = found.table.copy()
    table.insert(0, "name", at.names.reindex(table.index))
    return replace(found, table=table)


def _moved(prepared: Prepared, column: csr_array) -> tuple[str, ...]:
    """Say how the small areas moved, relative to others, in which the people of an area live."""
    share = np.asarray(column.todense()).ravel()
    return moved.of_people(prepared.place, prepared.place.people.to_numpy(np.float64) * share)


def _type(prepared: Prepared, column: csr_array) -> str:
    """Say in areas of which type the people of an area live."""
    found = prepared.types
    if found is None:
        return ""
    people = prepared.place.people
    mine = people.to_numpy(dtype=np.float64) * np.asarray(column.todense()).ravel()
    of = found.type_of.reindex(people.index).to_numpy(dtype=np.float64, na_value=np.nan)
    known = ~np.isnan(of)
    kinds, at = np.unique(of[known], return_inverse=True)
    held = np.bincount(at, mine[known], minlength=len(kinds))
    if not len(kinds) or held.sum() <= 0:
        return ""
    most = int(np.argmax(held))
    first, share = int(kinds[most]), float(held[most] / mine.sum())
    size, count = int(found.sizes[first]), len(found.names)
    who = "Its people live" if share > WHOLLY else f"{100 * share:.0f}% of its people live"
    title = lower(prepared.level(prepared.place.base_layer).title)
    soft = "" if found.firm else " The borders between these types are soft."
    return (
        f'{who} in {title} of the type "{found.names[first]}", one of {count} types; '
        f"{size:,} {title} are of it.{soft}"
    )


def _one_of(prepared: Prepared, at: AtLevel, code: str) -> str:
    if code in at.ranked:
        return f"one of {len(at.ranked):,} {_of_place(prepared, at.title)}"
    return f"one of the {lower(at.title)} around {prepared.place.name}"


def _beyond(prepared: Prepared, at: AtLevel, code: str) -> tuple[str, ...]:
    """Say how much of an area lies outside the place."""
    people, inside = float(at.people[code]), float(at.inside[code])
    if people <= 0 or inside >= people * (1 - prepared.place.tolerance):
        return ()
    share = 100 * inside / people
    return (f"{share:.0f}% of its people live in {prepared.place.name}.",)


def _of_place(prepared: Prepared, title: str) -> str:
    return f"{lower(title)} of {prepared.place.name}"


def _blocks_title(prepared: Prepared) -> str:
    return lower(prepared.place.settings.layer(prepared.blocks.layer).title)


def _half_rule(prepared: Prepared, area: CustomArea) -> str:
    piece = singular(prepared.place.settings.layer(prepared.blocks.layer).title)
    article = "An" if piece[:1] in "aeiou" else "A"
    return f"{article} {piece} belongs to it when {area.half}"


def _unranked() -> str:
    return f"It has fewer than {custom.FEWEST_RANKED} households, so it is not ranked."
