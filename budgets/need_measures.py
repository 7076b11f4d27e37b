"""One measure of need for each theme: counts of clients first, then indicators, then an index.

In: measures as a place has them, and a theme. Out: the one measure, why it was chosen, and the
weights by which money follows it.

A count of clients is a quantity and is followed as it is. A rate, a score or a rank is none: how
much more the neediest area gets a head is set by the user and seen (`need_weighting.seen`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from budgets.errors import NothingToShareBy
from budgets.money import Float64
from budgets.need import check_people, check_range, per_head, weighted_people
from budgets.need_errors import MeasureAmbiguous, MeasureNotUsable, NoMeasure
from budgets.sharing import exact_sum, figures

KINDS = ("clients", "indicator", "index")
WORDS = {
    "clients": "a count of its clients",
    "indicator": "an indicator of its own",
    "index": "an index or domain of its own",
}


@dataclass(frozen=True, eq=False)
class Measure:
    """Need by area.

    Attributes
    ----------
    name
        What it is called.
    kind
        `clients` (people counted), `indicator` or `index`.
    values
        float (n_areas); higher is needier unless `high_is_need` is False. Ranks of which 1 is the
        most deprived have `high_is_need` False.
    themes
        Themes that it measures; none: it is general, and stands in where a theme has none.
    """

    name: str
    kind: str
    values: pd.Series
    themes: tuple[str, ...] = ()
    high_is_need: bool = True

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise MeasureNotUsable(self.name, found=[self.kind])
        if self.kind == "clients" and not self.high_is_need:
            raise MeasureNotUsable(self.name, detail="more clients are always more need")

    @property
    def scores(self) -> pd.Series:
        """The values turned so that higher is needier."""
        return self.values if self.high_is_need else -self.values


@dataclass(frozen=True, eq=False)
class Chosen:
    """The measure of a theme, and why it is this one."""

    measure: Measure
    reason: str


def choose(theme: str, measures: Sequence[Measure], *, named: str | None = None) -> Chosen:
    """Choose the one measure of need for a theme.

    The one that is named; else a count of the theme's clients, an indicator of it, an index or
    domain of it; else a general one, in the same order.

    Raises
    ------
    NoMeasure
        None serves, or the one that is named does not exist.
    MeasureAmbiguous
        Two of the best kind serve.
    """
    if named is not None:
        found = [m for m in measures if m.name == named]
        if len(found) != 1:
            error = MeasureAmbiguous if found else NoMeasure
            raise error(f"theme {theme}", found=[named])
        return Chosen(found[0], f"{theme} follows {named}, as chosen")
    for kind in KINDS:
        own = [m for m in measures if m.kind == kind and theme in m.themes]
        if own:
            return Chosen(_one(theme, own), f"{theme} has {WORDS[kind]}, {own[0].name}")
    for kind in KINDS:
        general = [m for m in measures if m.kind == kind and not m.themes]
        if general:
            only = _one(theme, general)
            reason = f"{theme} has no measure of its own; {only.name} stands in"
            return Chosen(only, reason)
    raise NoMeasure(f"theme {theme}", found=[m.name for m in measures])


def need_weights(
    measure: Measure, people: pd.Series, *, need_weight: float, neediest_per_head: float
) -> pd.Series:
    """Return the shares of money that follow a measure and people.

    `share_i = (1 - a) p_i / sum(p) + a w_i / sum(w)`; w is the count of clients, or `p_i m_i` with
    the amount a head m of `need.per_head`, which the user sets by `neediest_per_head` and which a
    count of clients does not read.

    Returns
    -------
    float64 (n_areas) that adds up to 1.

    Raises
    ------
    NothingToShareBy
        Nobody lives anywhere, or there are no clients though money is to follow them.
    ParameterOutOfRange, PeopleNotUsable, NeedMissing, FiguresNotUsable
    """
    check_range("need_weight", need_weight, 0.0, 1.0)
    count = check_people(people)
    if measure.kind == "clients":
        weight = figures(measure.values, measure.name, people.index)
    else:
        head = per_head(people, measure.scores, neediest_per_head=neediest_per_head)
        weight = count * head.to_numpy()
    share = np.zeros(len(count))
    for part, by, what in ((1 - need_weight, count, "people"), (need_weight, weight, measure.name)):
        if part == 0:
            continue
        whole = exact_sum(by)
        if whole == 0:
            raise NothingToShareBy(what, detail="it is 0 in every area")
        share = share + part * by / whole
    return pd.Series(share, index=people.index, name="share")


@dataclass(frozen=True, eq=False)
class NeedyPeople:
    """People counted by need, for streams that cover some of every area.

    Attributes
    ----------
    people
        People of every area.
    need_weight, neediest_per_head
        See `need.need_weighted`; a count of clients does not read the second.
    """

    people: pd.Series
    need_weight: float
    neediest_per_head: float

    def by_head(self, covered: Float64, head: Float64) -> Float64:
        """Return the people covered, weighed by an amount a head of every area."""
        return weighted_people(covered * self.people.to_numpy(), head, self.need_weight)

    def by_measure(self, covered: Float64, measure: Measure) -> Float64:
        """Return the people covered, weighed by a measure.

        `WP_i = c_i p_i (1 - a) + a c_i w_i sum(c p) / sum(c w)` with the count of clients w; the
        amount a head of any other measure is set over all areas, whatever is covered.

        Raises
        ------
        NothingToShareBy
            There are no clients in what is covered, though money is to follow them.
        NeedMissing, FiguresNotUsable, PeopleNotUsable
        """
        if measure.kind != "clients":
            head = per_head(self.people, measure.scores, neediest_per_head=self.neediest_per_head)
            return self.by_head(covered, head.to_numpy())
        count = covered * self.people.to_numpy()
        if self.need_weight == 0:
            return count
        clients = covered * figures(measure.values, measure.name, self.people.index)
        whole = exact_sum(clients)
        if whole == 0:
            raise NothingToShareBy(measure.name, detail="it is 0 in every area that is covered")
        return (1 - self.need_weight) * count + (
            self.need_weight * clients * exact_sum(count) / whole
        )


def _one(theme: str, found: list[Measure]) -> Measure:
    if len(found) > 1:
        raise MeasureAmbiguous(f"theme {theme}", found=[m.name for m in found])
    return found[0]
