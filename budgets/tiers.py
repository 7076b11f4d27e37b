"""Tiers: in two-tier areas county streams cover all districts.

In: streams with what they cover of each base area, and crosswalks. Out: sentences that name the
streams of a county that leave part of it out; nothing is changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from budgets.apportion import Prepared
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
