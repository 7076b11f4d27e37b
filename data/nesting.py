"""Levels that nest: a level is the sum of the one below it wherever that one reaches.

In: crosswalks from the base layer, and the parents that place.toml states. Out: for each level in
which another nests a `Nested`: a finer crosswalk, and the parent of each of its areas. Splitting a
cell by the finer crosswalk and adding up gives the parents the very pence of their children;
splitting it anew by the parents' own shapes would round again.

Wards of one district do not reach as far as the county. A base area that they cover wholly is
split by them; any other by the parents themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from boundaries.crosswalk import Crosswalk
from data.place import Place


@dataclass(frozen=True, eq=False)
class Nested:
    """How one level is added up from finer areas.

    Attributes
    ----------
    crosswalk
        From the base layer to areas named `layer:code`, each of the finest level that reaches
        there.
    parents
        The code of the level by the name of the finer area.
    """

    crosswalk: Crosswalk
    parents: pd.Series


@dataclass(frozen=True, eq=False)
class _Part:
    """Base areas (a mask) that are split by one layer, and the parent of each of its areas."""

    mask: np.ndarray
    layer: str
    parents: pd.Series


def nested_levels(place: Place, crosswalks: Mapping[str, Crosswalk]) -> dict[str, Nested]:
    """Return how each level in which another level nests is added up, by layer id.

    The base layer is never added up: it is where everything begins. Layers that nest in one
    another in a ring have no smallest one; the ring is cut where it closes.
    """
    levels = place.settings.levels
    child_of = {
        item.nests_in.layer: item.id
        for item in reversed(place.settings.layers)
        if item.nests_in is not None and item.id in levels
    }
    wanted = [layer for layer in levels if layer in child_of and layer != place.base_layer]
    return {
        layer: _joined(layer, _parts(layer, child_of, place, crosswalks, ()), crosswalks)
        for layer in wanted
    }


def _parts(
    layer: str,
    child_of: Mapping[str, str],
    place: Place,
    crosswalks: Mapping[str, Crosswalk],
    above: tuple[str, ...],
) -> list[_Part]:
    crosswalk = crosswalks[layer]
    own = pd.Series(crosswalk.targets, index=crosswalk.targets)
    everywhere = np.ones(len(crosswalk.sources), bool)
    child = child_of.get(layer)
    if child is None or layer == place.base_layer or child in (*above, layer):
        return [_Part(everywhere, layer, own)]
    covered = crosswalks[child].shares(tolerance=place.tolerance, overlap="share-out").outside == 0
    parents = place.parents[child]
    below = [
        _Part(part.mask & covered, part.layer, part.parents.map(parents))
        for part in _parts(child, child_of, place, crosswalks, (*above, layer))
    ]
    return [*below, _Part(~covered, layer, own)]


def _joined(layer: str, parts: list[_Part], crosswalks: Mapping[str, Crosswalk]) -> Nested:
    """Put the rows of several crosswalks side by side, each base area in one of them."""
    used = [part for part in parts if part.mask.any()]
    columns, names, codes = [], [], []
    outside = np.zeros(len(used[0].mask))
    undefined = np.zeros(len(used[0].mask))
    for part in used:
        crosswalk = crosswalks[part.layer]
        columns.append(sparse.diags_array(part.mask.astype(np.float64)) @ crosswalk.weights)
        outside[part.mask] = crosswalk.outside[part.mask]
        undefined[part.mask] = crosswalk.undefined[part.mask]
        names += [f"{part.layer}:{code}" for code in crosswalk.targets]
        codes += part.parents.tolist()
    index = pd.Index(names, dtype="str", name=f"parts_of_{layer}")
    first = crosswalks[used[0].layer]
    joined = Crosswalk(
        mass=sparse.csr_array(sparse.hstack(columns)),
        source_mass=np.ones(len(first.sources)),
        sources=first.sources,
        targets=index,
        unit="shares",
        method="nested",
        provenance=tuple(line for part in used for line in crosswalks[part.layer].provenance),
        outside=outside,
        undefined=undefined,
    )
    return Nested(joined, pd.Series(codes, index=index, dtype="str"))
