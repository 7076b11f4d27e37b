"""Covering: which part of each base area a stream covers.

In: what streams cover, crosswalks from the base layer, people. Out: for each distinct cover the
share of every base area in it, and the shares that the tolerance changed; or an error that names
the streams at fault.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from boundaries.checks import EXACT, same_layer
from budgets.errors import AreasDoNotMatch, CoverBeyondBase, UnknownArea
from budgets.money import Float64
from budgets.streams import ALL_AREAS, check_layers, split_cover

if TYPE_CHECKING:
    from boundaries.crosswalk import Crosswalk


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


def covered_shares(
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
    for key, parts in zip(cover_keys(streams), streams["covers"], strict=True):
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


def cover_keys(streams: pd.DataFrame) -> list[str]:
    """Return what each stream covers as one text, the same for the same areas in any order."""
    return [";".join(sorted(cover)) for cover in streams["covers"]]


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


def _by_layer(parts: list[str]) -> dict[str, list[str]]:
    layers: dict[str, list[str]] = {}
    for part in parts:
        layer, code = split_cover(part)
        layers.setdefault(layer, []).append(code)
    return layers


_NOTHING_MOVED = pd.DataFrame({"covers": [], "area_code": [], "covered": [], "used": []}).astype(
    {"covers": "str", "area_code": "str"}
)
