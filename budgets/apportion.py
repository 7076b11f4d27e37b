"""Apportionment: each stream to the small areas it covers.

In: streams, crosswalks from the base layer to the layers the streams cover, people and need.
Out: `Ledger`, the baseline: whole pence of every stream in every base area, or place-wide.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from boundaries.checks import EXACT, code_index, same_layer
from budgets.errors import (
    AreasDoNotMatch,
    CoverBeyondBase,
    CoverWithoutPeople,
    NeedMissing,
    UnknownArea,
)
from budgets.ledger import Ledger
from budgets.money import Float64, Int64, largest_remainder
from budgets.need import check_people, check_range, in_order, per_head, weighted_people
from budgets.streams import ALL_AREAS, check_layers, split_cover

if TYPE_CHECKING:
    from boundaries.crosswalk import Crosswalk


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

    A base area i that a stream covers with share c_i takes part with c_i p_i people, so
    `people`: share_i = c_i p_i / sum(c p); `need`: the mix of `need.need_weighted` with those
    people. The amount a head m is measured once over all base areas, whatever a stream covers.
    `place-wide` money gets one place-wide row. A negative stream follows the same shares.

    Parameters
    ----------
    streams
        As `streams.read` returns them.
    covers
        Layer id -> crosswalk from the base layer. The base layer itself needs none.
    people
        People of every base area; its index, named by the base layer, sets the ledger's areas.
    scores
        Need scores, higher is needier; None is enough where no stream is shared by need.
    need_weight, neediest_per_head
        See `need.need_weighted`.
    inside
        bool: which base areas lie inside the place.
    tolerance
        Shares of cover within it of 0 or 1 are taken as 0 or 1 and listed in `Ledger.moved`; and
        how much of a covered area may lie beyond the base layer.

    Raises
    ------
    UnknownLayer, UnknownArea
        A stream covers what the crosswalks do not have.
    CoverBeyondBase
        A covered area reaches beyond the base layer by more than the tolerance.
    CoverWithoutPeople
        Nobody lives in what a stream covers.
    NeedMissing, PeopleNotUsable, ParameterOutOfRange, VintageMismatch, AreasDoNotMatch
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
) -> Prepared:
    """Check everything that does not depend on need, and work out who is covered by what.

    A page keeps the result, so that moving the slider of need only shares out again. Arguments and
    errors are those of `apportion`.
    """
    areas = code_index(people.index, None, where="people")
    count = check_people(people)
    flags = in_order(inside.astype(np.float64), areas, where="inside")
    if np.isnan(flags).any():
        raise AreasDoNotMatch("inside", found=areas[np.isnan(flags)])
    shared = np.flatnonzero((streams["method"] != "place-wide").to_numpy())
    part = streams.iloc[shared]
    covered, moved = _covered(part, covers, areas, count, tolerance)
    _refuse_empty(part, [key for key, share in covered.items() if not (share * count).any()])
    return Prepared(
        streams=streams,
        people=pd.Series(count, index=areas),
        inside=flags > 0,
        covered=covered,
        shared=shared,
        cases=tuple(zip(_keys(part), part["method"], strict=True)),
        moved=moved,
    )


@dataclass(frozen=True, eq=False)
class Prepared:
    """Streams with the people they cover, ready to be shared out by any need.

    Attributes
    ----------
    streams, people, inside, moved
        As in `apportion` and `Ledger`.
    covered
        What is covered -> share of each base area in it.
    shared
        Positions of the streams that are shared out; the others are place-wide.
    cases
        What each shared stream covers, and its method.
    """

    streams: pd.DataFrame
    people: pd.Series
    inside: np.ndarray
    covered: Mapping[str, Float64]
    shared: Int64
    cases: tuple[tuple[str, str], ...]
    moved: pd.DataFrame

    def ledger(
        self, *, scores: pd.Series | None, need_weight: float, neediest_per_head: float
    ) -> Ledger:
        """Share every stream out; arguments and errors are those of `apportion`."""
        check_range("need_weight", need_weight, 0.0, 1.0)
        head = self._per_head(scores, neediest_per_head)
        count = self.people.to_numpy()
        by_case = {
            (key, method): weighted_people(
                self.covered[key] * count, head, need_weight if method == "need" else 0.0
            )
            for key, method in dict.fromkeys(self.cases)
        }
        areas = self.people.index
        pence = np.zeros((len(self.streams), len(areas)), np.int64)
        part = self.streams.iloc[self.shared]
        pence[self.shared] = _whole_pence(part, [by_case[case] for case in self.cases], areas)
        place_wide = self.streams["amount_pence"].to_numpy(dtype=np.int64, copy=True)
        place_wide[self.shared] = 0
        return Ledger(self.streams, areas, pence, place_wide, self.inside, self.moved)

    def _per_head(self, scores: pd.Series | None, neediest_per_head: float) -> Float64:
        """Return the amount a head of each base area, or 1 for all where none follows need."""
        methods = np.array([method for _, method in self.cases])
        by_need = self.streams.index[self.shared[methods == "need"]] if len(methods) else []
        if len(by_need) == 0:
            return np.ones(len(self.people))
        if scores is None:
            raise NeedMissing("scores", found=by_need, detail="streams are shared by need")
        return per_head(self.people, scores, neediest_per_head=neediest_per_head).to_numpy()


def cover_shares(named: list[str], crosswalk: Crosswalk, *, areas: pd.Index) -> Float64:
    """Return which share of each base area lies in the named areas of one layer.

    The shares in the named areas are added up and capped at 1: a base area that two overlapping
    partnerships of one stream both cover counts once.

    Parameters
    ----------
    named
        Codes of the layer; `*` stands for all of them.

    Returns
    -------
    float64 (n_areas), in the order of `areas`.

    Raises
    ------
    VintageMismatch, AreasDoNotMatch
        The crosswalk starts from another layer, or lacks base areas.
    """
    same_layer(areas, crosswalk.sources, where="covers")
    at = crosswalk.sources.get_indexer(areas)
    if (at < 0).any():
        layer = f"crosswalk to {crosswalk.targets.name}"
        raise AreasDoNotMatch(layer, found=areas[at < 0], detail="not among its sources")
    covered = crosswalk.weights @ _chosen(named, crosswalk.targets)
    covered = np.minimum(covered[at], 1.0)
    return np.where(covered > 1.0 - EXACT, 1.0, covered)


def beyond_base(crosswalk: Crosswalk) -> pd.Series:
    """Return the share of each area of a layer that the base layer does not reach.

    It is measured in the crosswalk's unit, and 0 where the whole of an area is not known.
    """
    whole = crosswalk.target_mass
    reached = np.asarray(crosswalk.mass.sum(axis=0)).ravel()
    share = np.divide(reached, whole, out=np.ones_like(reached), where=whole > 0)
    return pd.Series(np.maximum(1.0 - share, 0.0), index=crosswalk.targets, name="beyond")


def _keys(streams: pd.DataFrame) -> list[str]:
    return [";".join(sorted(cover)) for cover in streams["covers"]]


def _covered(
    streams: pd.DataFrame,
    covers: Mapping[str, Crosswalk],
    areas: pd.Index,
    people: Float64,
    tolerance: float,
) -> tuple[dict[str, Float64], pd.DataFrame]:
    """Return covered shares by what is covered, and the shares that the tolerance changed.

    Streams of one agency cover the same areas, so each distinct cover is worked out once.
    """
    known = {layer: crosswalk.targets for layer, crosswalk in covers.items()}
    known.setdefault(str(areas.name), areas)
    check_layers(streams, known, where="streams")
    _refuse_beyond(streams, covers, tolerance)
    result: dict[str, Float64] = {}
    moved: list[pd.DataFrame] = []
    for key, parts in zip(_keys(streams), streams["covers"], strict=True):
        if key in result:
            continue
        exact = np.zeros(len(areas))
        for layer, codes in _by_layer(parts).items():
            if layer in covers:
                exact += cover_shares(codes, covers[layer], areas=areas)
            else:
                exact += _chosen(codes, areas)
        result[key], table = _settle(np.minimum(exact, 1.0), areas, people, tolerance)
        moved.append(table.assign(covers=key))
    columns = ["covers", "area_code", "covered", "used"]
    return result, pd.concat([_NOTHING_MOVED, *moved], ignore_index=True)[columns]


def _chosen(named: list[str], codes: pd.Index) -> Float64:
    """Return 1 for each code that is named, 0 for the others."""
    if ALL_AREAS in named:
        return np.ones(len(codes))
    at = codes.get_indexer(pd.Index(named))
    if (at < 0).any():
        raise UnknownArea(str(codes.name), found=np.array(named)[at < 0])
    chosen = np.zeros(len(codes))
    chosen[at] = 1.0
    return chosen


def _settle(
    covered: Float64, areas: pd.Index, people: Float64, tolerance: float
) -> tuple[Float64, pd.DataFrame]:
    """Round shares within the tolerance of 0 and 1, and list them.

    Two drawings of one border differ by slivers. A base area that is covered by a sliver, which
    holds no more than the tolerance of the people covered either, lies outside.
    """
    sliver = (covered > 0) & (covered <= tolerance)
    sliver &= covered * people <= tolerance * (covered @ people)
    nearly = (covered < 1) & (covered >= 1 - tolerance)
    used = np.where(sliver, 0.0, np.where(nearly, 1.0, covered))
    changed = sliver | nearly
    table = {"area_code": areas[changed], "covered": covered[changed], "used": used[changed]}
    return used, pd.DataFrame(table)


def _refuse_beyond(
    streams: pd.DataFrame, covers: Mapping[str, Crosswalk], tolerance: float
) -> None:
    far = {}
    for layer, crosswalk in covers.items():
        beyond = beyond_base(crosswalk)
        far[layer] = beyond[beyond > max(tolerance, EXACT)].to_dict()
    found = [
        f"{stream}: {layer}:{code} ({share:.1%} beyond)"
        for stream, parts in streams["covers"].items()
        for layer, codes in _by_layer(parts).items()
        for code, share in far.get(layer, {}).items()
        if code in codes or ALL_AREAS in codes
    ]
    if found:
        raise CoverBeyondBase("streams", found=found)


def _refuse_empty(streams: pd.DataFrame, empty: list[str]) -> None:
    """Refuse streams over areas where nobody lives; nought pounds need nobody."""
    rows = zip(streams.index, streams["amount_pence"], _keys(streams), strict=True)
    found = [stream for stream, amount, key in rows if amount != 0 and key in empty]
    if found:
        raise CoverWithoutPeople("streams", found=found)


def _whole_pence(streams: pd.DataFrame, weights: list[Float64], areas: pd.Index) -> Int64:
    """Share each stream's amount by its weights, ties to the smaller code."""
    if not weights:
        return np.zeros((0, len(areas)), np.int64)
    order = np.argsort(areas.to_numpy(dtype=object), kind="stable")
    table = np.stack(weights)[:, order]
    shared = largest_remainder(
        streams["amount_pence"].to_numpy(),
        table.ravel(),
        np.repeat(np.arange(len(streams)), len(areas)),
        names=list(streams.index),
    ).reshape(table.shape)
    pence = np.empty_like(shared)
    pence[:, order] = shared
    return pence


def _by_layer(parts: list[str]) -> dict[str, list[str]]:
    layers: dict[str, list[str]] = {}
    for part in parts:
        layer, code = split_cover(part)
        layers.setdefault(layer, []).append(code)
    return layers


_NOTHING_MOVED = pd.DataFrame({"covers": [], "area_code": [], "covered": [], "used": []}).astype(
    {"covers": "str", "area_code": "str"}
)
