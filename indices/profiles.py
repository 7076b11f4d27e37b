"""Describes one area in full: every indicator beside other places, how sure it is, what it means.

In: `Carried` figures of the area, of those it is ranked among and of those it is compared with.
Out: `Profile`: a table with a row an indicator, and sentences that a resident understands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from boundaries.trust import GRADES, grade_rule
from geo.codes import row_of
from indices import profile_words as words
from indices.basis import Basis
from indices.carrying import Carried
from indices.profiles_errors import UnknownArea
from indices.similar import Similar
from indices.trends import Series, trend

Columns = dict[str, Any]  # of a table, each a list or an array
RULE = (
    "Grade of a figure: the worse of two. How its people are carried here from small areas "
    "(see boundaries), and " + grade_rule(by_error=True)
)


@dataclass(frozen=True, eq=False)
class Beside:
    """Another place whose figures stand beside the area's: its ward, the whole place, England.

    `key` names the column of the table, `name` stands in sentences, `values` are by indicator id;
    `low` and `high` the ends of their own intervals, where they have any.
    """

    key: str
    name: str
    values: pd.Series
    low: pd.Series | None = None
    high: pd.Series | None = None


@dataclass(frozen=True, eq=False)
class Among:
    """The areas that an area is ranked among.

    `name` in the plural, as in "wards of Wethermere"; `values` areas x indicators, with the area
    itself where it is one of them.
    """

    name: str
    values: pd.DataFrame


@dataclass(frozen=True)
class Area:
    """What an area is: `kind` ("one of the 33 wards of ..."), `how` it was made, who lives there.

    `ranked` is False for an area of one's own that is too small to be compared by rank.
    """

    code: str
    name: str
    kind: str
    people: float
    households: float | None = None
    how: str = ""
    ranked: bool = True
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Standing:
    """The index of need of an area.

    `rank` 1 is the most deprived of the `of` areas it is ranked among, missing where it gets none;
    `label` says whether the value is its own, an average, or inherited.
    """

    title: str
    value: float
    rank: float
    of: int
    label: str
    sentence: str


@dataclass(frozen=True, eq=False, repr=False)
class Profile:
    """One area in full.

    Attributes
    ----------
    area
        What it is.
    table
        A row an indicator: what it is, `value` with `low` and `high`, one column for each place
        beside it with `low_` and `high_` each and `against_` each in words, `rank` (1 the worse
        end; the highest where neither end is worse) `of` how many areas, `events` and `people`
        behind it, `grade`, `small` (few events: mostly chance), `hidden` (a count that may not be
        shown is in it), `known`, `trend`, `sentence`, `definition`, `source`, `date`, `vintage`.
    beside
        Names of the places beside it, by the column of the table.
    among
        What it is ranked among, in words.
    standing
        Its index of need, where there is one.
    similar
        The areas most like it, where they were looked for; a column `name` where names are known.
    type_sentence
        Of which type it is.
    followed
        What else is followed over years, a sentence a measure.
    moved
        How it moved between two editions of an index, in sentences.
    rule
        How grades are given.
    """

    area: Area
    table: pd.DataFrame
    beside: Mapping[str, str]
    among: str
    standing: Standing | None = None
    similar: Similar | None = None
    type_sentence: str = ""
    followed: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()
    rule: str = RULE

    def __repr__(self) -> str:
        return f"<Profile of {self.area.name}: {len(self.table)} indicators>"

    def sentences(self) -> list[str]:
        """Say everything in plain words, the area first, then figure by figure."""
        said = [words.about(self.area.name, self.area.kind, self.area.people, self.area.households)]
        said += [f"How it was made: {self.area.how}." if self.area.how else "", *self.area.notes]
        said += [self.standing.sentence if self.standing else "", *self.moved]
        said += [*self.table["sentence"].tolist(), *self.followed]
        said.append(self.type_sentence)
        if self.similar is not None and "name" in self.similar.table:
            said.append(words.like(self.similar.table["name"].tolist(), self.similar.among))
        return [sentence for sentence in said if sentence]


@dataclass(frozen=True)
class Extras:
    """What else is known of an area: how well its people are carried, trends, index, likeness.

    `trends` says by indicator id in words how the figure moved, where years exist (see
    `trends_of`); what is followed over years and is no indicator of the place comes at the end.
    """

    people_grade: str = "A"
    trends: Mapping[str, str] = field(default_factory=dict)
    standing: Standing | None = None
    similar: Similar | None = None
    type_sentence: str = ""
    moved: tuple[str, ...] = ()


def profile(
    basis: Basis,
    figures: Carried,
    area: Area,
    *,
    beside: Sequence[Beside] = (),
    among: Among | None = None,
    extras: Extras | None = None,
) -> Profile:
    """Describe an area.

    A rank is one more than the number of areas whose figure is worse (higher, where neither end
    is), so that rank 1 is the worse end. A figure is called clearly higher or lower than another
    place's only where the other lies outside its interval.

    Parameters
    ----------
    basis
        Gives the indicators with their definitions, and the figures of England.
    figures
        Of the area, perhaps among others.
    beside
        Places to compare with, in order; England is added where the data carry it.
    among
        Areas to rank among; no rank where absent, or where the area is not to be ranked.

    Raises
    ------
    UnknownArea
        The figures have no such area.
    """
    if area.code not in figures.values.index:
        raise UnknownArea(area.kind, found=[area.code])
    extras = extras or Extras()
    places = list(beside)
    if basis.england.notna().any():
        places.append(Beside("england", "England", basis.england))
    index, columns = _table(basis, figures, area, places, among if area.ranked else None, extras)
    names = {place.key: place.name for place in places}
    group = among.name if among is not None and area.ranked else ""
    member = among is not None and area.code in among.values.index
    said = [words.sentence(row, names, group, member=member) for row in _rows(columns)]
    # One frame from whole columns: adding some forty one by one takes longer than all the rest.
    table = pd.DataFrame(columns | {"sentence": said}, index=index)
    return Profile(
        area=area,
        table=table,
        beside=names,
        among=group,
        standing=extras.standing,
        similar=extras.similar,
        type_sentence=extras.type_sentence,
        moved=extras.moved,
        followed=tuple(said for id, said in extras.trends.items() if id not in table.index),
    )


def _table(
    basis: Basis,
    figures: Carried,
    area: Area,
    places: Sequence[Beside],
    among: Among | None,
    extras: Extras,
) -> tuple[pd.Index, Columns]:
    """Return the table of a `Profile` but for its sentences: its index and its columns."""
    index, columns = _definitions(basis)
    at = row_of(figures.values.index, area.code)
    for name in ("value", "low", "high", "events", "people", "known", "hidden", "small"):
        frame: pd.DataFrame = getattr(figures, "values" if name == "value" else name)
        columns[name] = frame.iloc[at].reindex(index).to_numpy()
    columns["grade"] = [
        max(str(grade), extras.people_grade, key=GRADES.index) for grade in figures.grades_of(at)
    ]
    things = np.array([kind == "count" for kind in columns["kind"]], dtype=bool)
    for place in places:
        # A count of a part and of the whole are no comparison.
        for name, known in (("", place.values), ("low_", place.low), ("high_", place.high)):
            held = pd.Series(np.nan, index=index) if known is None else known.reindex(index)
            columns[f"{name}{place.key}"] = np.where(things, np.nan, held.to_numpy(np.float64))
        columns[f"against_{place.key}"] = _against(columns, columns[place.key])
    columns["rank"], columns["of"] = _ranks(index, columns, among, area.code)
    columns["trend"] = [str(extras.trends.get(str(id), "")) for id in index]
    return index, columns


def trends_of(series: Mapping[str, Series], code: str, *, where: str = "") -> dict[str, str]:
    """Say by measure how the figures of an area moved over the years.

    Parameters
    ----------
    series
        As `indices.trends.gather` finds them.
    code
        The area, or one that it lies in, called `where` in the sentences.

    Returns
    -------
    By measure id; measures that have no years for the area, or fewer than four, are left out.
    """
    said = {}
    for id, one in series.items():
        if code not in one.values.index:
            continue
        row = one.values.loc[[code]]
        known = row.columns[row.notna().iloc[0].to_numpy()]
        if not len(known):
            continue
        found = trend(row, sign=one.measure.sign).iloc[0]
        years = (int(known[0]), int(known[-1]))
        text = words.over_years(
            {str(k): v for k, v in found.items()},
            years,
            one.measure.unit,
            one.measure.direction,
            where,
        )
        if text:
            said[id] = text
    return said


_defined: WeakKeyDictionary[Basis, tuple[pd.Index, Columns]] = WeakKeyDictionary()


def _definitions(basis: Basis) -> tuple[pd.Index, Columns]:
    """Return what every indicator is, a column a fact; the caller may add columns of its own."""
    held = _defined.get(basis)
    if held is None:
        keys = ("theme", "title", "unit", "kind", "direction", "source", "date", "vintage")
        items = basis.indicators
        columns: Columns = {key: [getattr(item, key) for item in items.values()] for key in keys}
        columns["definition"] = [item.describe() for item in items.values()]
        index = pd.Index([*items], name="indicator", dtype="str")
        _defined[basis] = held = (index, columns)
    return held[0], dict(held[1])


def _rows(columns: Columns) -> list[dict[str, Any]]:
    """Return the rows of columns, with Python's own numbers."""
    plain = [c.tolist() if isinstance(c, np.ndarray) else c for c in columns.values()]
    return [dict(zip(columns, row, strict=True)) for row in zip(*plain, strict=True)]


def _against(columns: Columns, other: Sequence[float]) -> list[str]:
    """Say of each figure whether it is higher or lower than another place's."""
    said = []
    rows = zip(columns["value"], columns["low"], columns["high"], other, strict=True)
    for value, low, high, theirs in rows:
        if np.isnan(value) or np.isnan(theirs):
            said.append("")
        elif np.isnan(low):
            said.append("higher" if value > theirs else "lower" if value < theirs else "the same")
        elif low > theirs:
            said.append("clearly higher")
        else:
            said.append("clearly lower" if high < theirs else "about the same")
    return said


def _ranks(
    index: pd.Index, columns: Columns, among: Among | None, code: str
) -> tuple[np.ndarray, np.ndarray]:
    """Rank each figure among the areas, the worse end first; missing figures have no rank."""
    if among is None:
        return np.full(len(index), np.nan), np.zeros(len(index), dtype=np.int64)
    every = (
        among.values if among.values.columns.equals(index) else among.values.reindex(columns=index)
    )
    others = np.asarray(every.index != code)
    value = np.asarray(columns["value"], dtype=np.float64)
    theirs = every.to_numpy(dtype=np.float64)[others]
    sign = np.array([-1.0 if word == "low is worse" else 1.0 for word in columns["direction"]])
    worse = (sign * theirs > sign * value).sum(axis=0)
    known = (~np.isnan(theirs)).sum(axis=0)
    rank = np.where(np.isnan(value), np.nan, worse + 1.0)
    return rank, np.where(np.isnan(value), 0, known + 1)
