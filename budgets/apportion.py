"""Apportionment: each stream to the small areas it covers, by the best method there is for it.

In: streams, crosswalks from the base layer to the layers the streams cover, people, households,
counts of use and need. Out: `Ledger`, the baseline: whole pence of every stream in every base
area, or place-wide.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from boundaries.checks import code_index
from budgets.covering import beyond_base, cover_keys, cover_shares, covered_shares
from budgets.errors import AreasDoNotMatch, NeedMissing
from budgets.ledger import Ledger
from budgets.measures import Measures, refuse_empty
from budgets.money import Float64, Int64, largest_remainder
from budgets.need import check_people, check_range, in_order, per_head
from budgets.need_measures import Measure, NeedyPeople
from budgets.streams import METHODS

if TYPE_CHECKING:
    from boundaries.crosswalk import Crosswalk

__all__ = ["Prepared", "apportion", "beyond_base", "cover_shares", "prepare"]

# What a stream covers, its method and its use: streams that agree in these share one split.
Case = tuple[str, str, str]


def apportion(
    streams: pd.DataFrame,
    *,
    covers: Mapping[str, Crosswalk],
    people: pd.Series,
    scores: pd.Series | None,
    need_weight: float,
    neediest_per_head: float,
    inside: pd.Series,
    tolerance: float,
) -> Ledger:
    """Split every stream over the base areas it covers, in whole pence.

    A stream without recorded use: see `prepare` for the others. Arguments are those of `prepare`
    and of `Prepared.ledger`.
    """
    prepared = prepare(streams, covers=covers, people=people, inside=inside, tolerance=tolerance)
    return prepared.ledger(
        scores=scores, need_weight=need_weight, neediest_per_head=neediest_per_head
    )


def prepare(
    streams: pd.DataFrame,
    *,
    covers: Mapping[str, Crosswalk],
    people: pd.Series,
    inside: pd.Series,
    tolerance: float,
    households: pd.Series | None = None,
    use: pd.DataFrame | None = None,
) -> Prepared:
    """Check everything that does not depend on need, and split what does not follow need.

    A base area i that a stream covers with share c_i takes part with the weight c_i w_i, where w_i
    is by method

    - `recorded` (grade A), `client-group` (C), `asset` (F): the column of use the stream names;
      `asset` without a column takes c_i itself, over base areas that the stream names;
    - `activity` (B): the sum over the columns it names of count x unit cost;
    - `people`, `households` (E): people, households;
    - `need` (D): people counted by need, see `Prepared.ledger`.

    share_i = c_i w_i / sum(c w). `place-wide` money (G) gets one place-wide row. A negative stream
    that follows a service has its cover, method and use, and so its shares.

    A page keeps the result, so that moving the slider of need only shares need out again.

    Parameters
    ----------
    streams
        As `streams.read` returns them.
    covers
        Layer id -> crosswalk from the base layer. The base layer itself needs none.
    people
        People of every base area; its index, named by the base layer, sets the ledger's areas.
    inside
        bool: which base areas lie inside the place.
    tolerance
        Shares of cover within it of 0 or 1 are taken as 0 or 1 and listed in `Ledger.moved`; and
        how much of a covered area may lie beyond the base layer.
    households
        Households of every base area; needed where a stream is shared by them.
    use
        Base areas x columns of counted use, not negative; needed where a stream names a column.

    Raises
    ------
    UnknownLayer, UnknownArea
        A stream covers what the crosswalks do not have.
    CoverBeyondBase
        A covered area reaches beyond the base layer by more than the tolerance.
    CoverWithoutPeople, CoverWithoutUse
        Nobody lives in what a stream covers, or nobody uses it there.
    UnknownUse, UseNotUsable, HouseholdsMissing, AssetWithoutPlace
    PeopleNotUsable, VintageMismatch, AreasDoNotMatch
    """
    areas = code_index(people.index, None, where="people")
    count = check_people(people)
    flags = in_order(inside.astype(np.float64), areas, where="inside")
    if np.isnan(flags).any():
        raise AreasDoNotMatch("inside", found=areas[np.isnan(flags)])
    part = streams[(streams["method"] != "place-wide").to_numpy()]
    covered, moved = covered_shares(part, covers, areas, count, tolerance)
    return _split(
        streams,
        Measures.of(part, pd.Series(count, index=areas), households, use),
        inside=flags > 0,
        covered=covered,
        moved=moved,
    )


@dataclass(frozen=True, eq=False)
class Prepared:
    """Streams with what they cover and what is counted there, ready to be shared by any need.

    Attributes
    ----------
    streams, inside, moved
        As in `prepare` and `Ledger`.
    measures
        People, households and use by base area.
    covered
        What is covered -> share of each base area in it.
    shared
        Positions of the streams that are shared out; the others are place-wide.
    cases
        What each shared stream covers, its method and its use.
    fixed
        int64 (n_streams, n_areas): the split of every stream that does not follow need.
    """

    streams: pd.DataFrame
    measures: Measures
    inside: np.ndarray
    covered: Mapping[str, Float64]
    shared: Int64
    cases: tuple[Case, ...]
    moved: pd.DataFrame
    fixed: Int64

    @property
    def people(self) -> pd.Series:
        """People of each base area, float64."""
        return self.measures.people

    def ledger(
        self,
        *,
        scores: pd.Series | None,
        need_weight: float,
        neediest_per_head: float,
        measures: Mapping[str, Measure] | None = None,
    ) -> Ledger:
        """Share every stream out.

        Streams by need take the mix of `need.need_weighted` with the people they cover; the amount
        a head is measured once over all base areas, whatever a stream covers.

        Parameters
        ----------
        scores
            Need scores, higher is needier; None is enough where no stream is shared by need.
        need_weight, neediest_per_head
            See `need.need_weighted`.
        measures
            Theme -> the measure of need that its streams follow instead of the scores; a count of
            clients is followed as it is (`need_measures.need_weights`).

        Raises
        ------
        NeedMissing, ParameterOutOfRange, VintageMismatch
        NothingToShareBy, FiguresNotUsable
            What a stream covers has no clients, or their count is none.
        """
        check_range("need_weight", need_weight, 0.0, 1.0)
        by_need = [at for at, case in enumerate(self.cases) if case[1] == "need"]
        themes = self.streams["theme"].to_numpy(dtype=object)[self.shared]
        own = measures or {}
        follows = [themes[at] if themes[at] in own else "" for at in by_need]
        general = [at for at, theme in zip(by_need, follows, strict=True) if not theme]
        needy = NeedyPeople(self.people, need_weight, neediest_per_head)
        head = self._per_head(scores, neediest_per_head, general)
        keys = [(self.cases[at][0], theme) for at, theme in zip(by_need, follows, strict=True)]
        weights = {
            (cover, theme): needy.by_measure(self.covered[cover], own[theme])
            if theme
            else needy.by_head(self.covered[cover], head)
            for cover, theme in dict.fromkeys(keys)
        }
        areas = self.people.index
        pence = self.fixed.copy()
        rows = self.shared[by_need]
        chosen = [weights[key] for key in keys]
        pence[rows] = _whole_pence(self.streams["amount_pence"].iloc[rows], chosen, areas)
        place_wide = self.streams["amount_pence"].to_numpy(dtype=np.int64, copy=True)
        place_wide[self.shared] = 0
        return Ledger(self.streams, areas, pence, place_wide, self.inside, self.moved)

    def by_methods(self, methods: pd.Series) -> Prepared:
        """Return the same streams under other methods, which need no use.

        Parameters
        ----------
        methods
            `need`, `people` or `households` by stream id; streams that are not named keep theirs.
            Place-wide streams stay place-wide: what they cover may not be known.
        """
        wanted = methods.reindex(self.streams.index)
        changed = wanted.notna().to_numpy() & (self.streams["method"] != "place-wide").to_numpy()
        streams = self.streams.assign(
            method=self.streams["method"].where(~changed, wanted),
            use=self.streams["use"].where(~changed, ""),
        )
        streams["grade"] = streams["method"].map(METHODS).astype("str")
        return _split(
            streams, self.measures, inside=self.inside, covered=self.covered, moved=self.moved
        )

    def _per_head(
        self, scores: pd.Series | None, neediest_per_head: float, by_need: list[int]
    ) -> Float64:
        """Return the amount a head of each base area, or 1 for all where none follows need."""
        if not by_need:
            return np.ones(len(self.people))
        if scores is None:
            found = self.streams.index[self.shared[by_need]]
            raise NeedMissing("scores", found=found, detail="streams are shared by need")
        return per_head(self.people, scores, neediest_per_head=neediest_per_head).to_numpy()


def _split(
    streams: pd.DataFrame,
    measures: Measures,
    *,
    inside: np.ndarray,
    covered: Mapping[str, Float64],
    moved: pd.DataFrame,
) -> Prepared:
    """Put the parts together and share out once what does not follow need."""
    shared = np.flatnonzero((streams["method"] != "place-wide").to_numpy())
    part = streams.iloc[shared]
    cases = tuple(zip(cover_keys(part), part["method"], part["use"], strict=True))
    nothing = np.zeros((len(streams), len(measures.people)), np.int64)
    prepared = Prepared(
        streams=streams,
        measures=measures,
        inside=inside,
        covered=covered,
        shared=shared,
        cases=cases,
        moved=moved,
        fixed=nothing,
    )
    weights = {case: measures.weights(covered[case[0]], *case[1:]) for case in dict.fromkeys(cases)}
    refuse_empty(part, [weights[case] for case in cases])
    return replace(prepared, fixed=_fixed(prepared))


def _fixed(prepared: Prepared) -> Int64:
    """Share out the streams that do not follow need; the rows of the others are nought."""
    pence = np.zeros((len(prepared.streams), len(prepared.people)), np.int64)
    stay = [at for at, case in enumerate(prepared.cases) if case[1] != "need"]
    weights = {
        case: prepared.measures.weights(prepared.covered[case[0]], *case[1:])
        for case in dict.fromkeys(prepared.cases[at] for at in stay)
    }
    rows = prepared.shared[stay]
    chosen = [weights[prepared.cases[at]] for at in stay]
    amounts = prepared.streams["amount_pence"].iloc[rows]
    pence[rows] = _whole_pence(amounts, chosen, prepared.people.index)
    return pence


def _whole_pence(amounts: pd.Series, weights: list[Float64], areas: pd.Index) -> Int64:
    """Share each stream's amount by its weights, ties to the smaller code."""
    if not weights:
        return np.zeros((0, len(areas)), np.int64)
    order = np.argsort(areas.to_numpy(dtype=object), kind="stable")
    table = np.stack(weights)[:, order]
    shared = largest_remainder(
        amounts.to_numpy(),
        table.ravel(),
        np.repeat(np.arange(len(amounts)), len(areas)),
        names=list(amounts.index),
    ).reshape(table.shape)
    pence = np.empty_like(shared)
    pence[:, order] = shared
    return pence
