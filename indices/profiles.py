"""Describes one area in full: every indicator beside other places, how sure it is, what it means.

In: `Carried` figures of the area, of those it is ranked among and of those it is compared with.
Out: `Profile`: a table with a row an indicator, and sentences that a resident understands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from boundaries.trust import GRADES, grade_rule
from indices import profile_words as words
from indices.basis import Basis
from indices.carrying import Carried
from indices.profiles_errors import UnknownArea
from indices.similar import Similar
from indices.trends import Series, trend

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
    rule: str = RULE

    def __repr__(self) -> str:
        return f"<Profile of {self.area.name}: {len(self.table)} indicators>"

    def sentences(self) -> list[str]:
        """Say everything in plain words, the area first, then figure by figure."""
        said = [words.about(self.area.name, self.area.kind, self.area.people, self.area.households)]
        said += [f"How it was made: {self.area.how}." if self.area.how else "", *self.area.notes]
        said.append(self.standing.sentence if self.standing else "")
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
    table = _definitions(basis)
    for name in ("value", "low", "high", "events", "people", "known", "hidden", "small"):
        frame: pd.DataFrame = getattr(figures, "values" if name == "value" else name)
        table[name] = _row(frame, area.code)
    own = figures.values.index == area.code
    table["grade"] = [
        max(str(grade), extras.people_grade, key=GRADES.index)
        for grade in np.asarray(figures.grades())[own][0]
    ]
    things = table["kind"] == "count"
    for place in places:
        # A count of a part and of the whole are no comparison.
        table[place.key] = place.values.reindex(table.index).mask(things)
        for end, known in (("low", place.low), ("high", place.high)):
            known = pd.Series(np.nan, index=table.index) if known is None else known
            table[f"{end}_{place.key}"] = known.reindex(table.index).mask(things)
        table[f"against_{place.key}"] = _against(table, table[place.key])
    table["rank"], table["of"] = _ranks(table, among if area.ranked else None, area.code)
    table["trend"] = [str(extras.trends.get(str(id), "")) for id in table.index]
    names = {place.key: place.name for place in places}
    group = among.name if among is not None and area.ranked else ""
    member = among is not None and area.code in among.values.index
    table["sentence"] = [
        words.sentence({str(key): cell for key, cell in row.items()}, names, group, member=member)
        for row in table.to_dict("records")
    ]
    return Profile(
        area=area,
        table=table,
        beside=names,
        among=group,
        standing=extras.standing,
        similar=extras.similar,
        type_sentence=extras.type_sentence,
        followed=tuple(said for id, said in extras.trends.items() if id not in table.index),
    )


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


def _definitions(basis: Basis) -> pd.DataFrame:
    """Return what every indicator is, a row each."""
    keys = ("theme", "title", "unit", "kind", "direction", "source", "date", "vintage")
    rows = {
        id: {key: getattr(item, key) for key in keys} | {"definition": item.describe()}
        for id, item in basis.indicators.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("indicator")


def _row(frame: pd.DataFrame, code: str) -> pd.Series:
    position = int(frame.index.get_indexer(pd.Index([code]))[0])
    return frame.iloc[position]


def _against(table: pd.DataFrame, other: pd.Series) -> list[str]:
    """Say of each figure whether it is higher or lower than another place's."""
    said = []
    rows = zip(table["value"], table["low"], table["high"], other, strict=True)
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


def _ranks(table: pd.DataFrame, among: Among | None, code: str) -> tuple[pd.Series, pd.Series]:
    """Rank each figure among the areas, the worse end first; missing figures have no rank."""
    if among is None:
        missing = pd.Series(np.nan, index=table.index)
        return missing, pd.Series(0, index=table.index)
    others = among.values[among.values.index != code].reindex(columns=table.index)
    value = table["value"].to_numpy(dtype=np.float64)
    theirs = others.to_numpy(dtype=np.float64)
    sign = np.where(table["direction"] == "low is worse", -1.0, 1.0)
    worse = (sign * theirs > sign * value).sum(axis=0)
    known = (~np.isnan(theirs)).sum(axis=0)
    rank = pd.Series(np.where(np.isnan(value), np.nan, worse + 1.0), index=table.index)
    of = pd.Series(np.where(np.isnan(value), 0, known + 1), index=table.index)
    return rank, of
