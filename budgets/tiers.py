"""Where streams are to be spent: tiers and ring-fences against what the streams cover.

In: streams with what they cover of each base area, and crosswalks. Out: sentences that name the
streams of a county that leave part of it out, and those that reach beyond the areas they are
ring-fenced to; nothing is changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from budgets.apportion import Prepared
from budgets.covering import cover_keys, covered_shares
from budgets.measures import BY_HEADS

if TYPE_CHECKING:
    from boundaries.crosswalk import Crosswalk

COUNTY = "county"


def incomplete(
    prepared: Prepared, covers: Mapping[str, Crosswalk], *, tolerance: float
) -> list[str]:
    """Name the county streams that reach only part of the people of their county.

    A service of the county serves all its districts: a stream at tier `county`, held at layer h,
    should cover the areas of h that it touches whole. What it leaves out is measured in people;
    up to `tolerance` of them is taken for two drawings of one border. Money split by where an
    asset stands, or by recorded use, may well lie in one district and is not looked at.

    Parameters
    ----------
    prepared
        As `apportion.prepare` returns it.
    covers
        Layer id -> crosswalk from the base layer, with the layers of `held_at`.
    """
    people = prepared.people.to_numpy()
    said = []
    for at, (key, method, _) in zip(prepared.shared, prepared.cases, strict=True):
        stream = prepared.streams.iloc[at]
        layer = str(stream["held_at"])
        if stream["tier"] != COUNTY or method not in BY_HEADS or layer not in covers:
            continue
        walk = covers[layer]
        rows = walk.sources.get_indexer(prepared.people.index)
        inside = walk.weights[rows]
        covered = prepared.covered[key] * people
        touched = inside.T @ covered > tolerance * covered.sum()
        whole = np.minimum(inside @ touched.astype(np.float64), 1.0)
        there = float(whole @ people)
        reached = float(np.minimum(whole, prepared.covered[key]) @ people)
        if reached < (1 - tolerance) * there:
            said.append(
                f"{prepared.streams.index[at]} is a stream of the county and covers "
                f"{reached / there:.1%} of the people of {layer} "
                f"{', '.join(walk.targets[touched])}: a county stream covers all its districts."
            )
    return said


def beyond_fence(
    prepared: Prepared, covers: Mapping[str, Crosswalk], *, tolerance: float
) -> list[str]:
    """Name the streams that are ring-fenced to areas and cover people beyond them.

    Only streams are looked at that are ring-fenced as a whole: of the others, the rest may well
    be spent elsewhere. Up to `tolerance` of the people covered is taken for two drawings of one
    border.

    Parameters
    ----------
    prepared, covers
        As in `incomplete`; `covers` has the layers of `ring_fence_areas` too.
    """
    streams = prepared.streams.iloc[prepared.shared]
    whole = streams["ring_fenced_pence"] == streams["amount_pence"]
    bound = [bool(areas) for areas in streams["ring_fence_areas"]]
    mine = (whole & (streams["amount_pence"] > 0)).to_numpy() & np.array(bound, dtype=bool)
    if not mine.any():
        return []
    people = prepared.people.to_numpy()
    fences = streams[mine].assign(covers=streams.loc[mine, "ring_fence_areas"])
    shares, _ = covered_shares(fences, covers, prepared.people.index, people, tolerance)
    said = []
    keys = zip(fences.index, cover_keys(fences), np.flatnonzero(mine), strict=True)
    for stream, fence, at in keys:
        covered = prepared.covered[prepared.cases[at][0]]
        there = float(covered @ people)
        beyond = float(np.maximum(covered - shares[fence], 0.0) @ people)
        if there > 0 and beyond > tolerance * there:
            said.append(
                f"{stream} is ring-fenced to {fence} and covers {beyond / there:.1%} of its people "
                "beyond it."
            )
    return said
