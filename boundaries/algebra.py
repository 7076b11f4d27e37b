"""The algebra of crosswalks: compose, reverse, merge, restrict, rescale.

In: one or two crosswalks. Out: a new one; masses, unit, the three kinds of remainder (overlap,
uncovered, zero mass) and provenance are carried along.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, diags_array

from boundaries.checks import EXACT, FloatArray, code_index, one_of, same_layer, text_faults
from boundaries.errors import CodesNotUnique, CodesUnknown, MergeCountsTwice
from boundaries.shares import scale_rows, settle
from geo.errors import Faults

if TYPE_CHECKING:
    from boundaries.crosswalk import Crosswalk


def compose(first: Crosswalk, second: Crosswalk, *, unmatched: str = "raise") -> Crosswalk:
    """Go from the sources of `first` through its targets to the targets of `second`.

    Shares multiply, `W = W1 W2`, and so do the remainders: `outside = outside1 + W1 outside2`,
    likewise what is undefined. Composition is associative. Masses stay in the unit of `first`.

    Parameters
    ----------
    unmatched
        What to do with targets of `first` that `second` does not know but that hold mass:
        "raise", or treat them as "outside".

    Raises
    ------
    VintageMismatch
        If the targets of `first` are not the layer of the sources of `second`.
    CodesUnknown
        If targets that hold mass are unknown to `second` and `unmatched` is "raise".
    """
    one_of(unmatched, ("raise", "outside"), option="unmatched")
    where = f"compose {first.sources.name} to {second.targets.name}"
    same_layer(first.targets, second.sources, where=where)
    bridge, lost = _bridge(first, second)
    reached = np.asarray(first.weights.sum(axis=0)).ravel() > 0
    unknown = first.targets[(lost > 0) & reached]
    if unmatched == "raise" and len(unknown):
        raise CodesUnknown(where, found=unknown, detail=f"not in {second.sources.name}")
    onward = csr_array(bridge @ second.weights)
    fallback = None if first.fallback is None else csr_array(first.fallback @ onward)
    shares = first.weights
    notes = {**first.notes}
    if len(unknown):
        notes["unmatched"] = [*notes.get("unmatched", []), *unknown]
    return replace(
        first,
        mass=csr_array(first.mass @ onward),
        targets=second.targets,
        method=f"{first.method} > {second.method}",
        provenance=first.provenance + second.provenance,
        fallback=fallback,
        target_mass=np.zeros(0),
        outside=first.outside + shares @ (bridge @ second.outside + lost),
        undefined=first.undefined + shares @ (bridge @ second.undefined),
        notes=notes,
    )


def reverse(crosswalk: Crosswalk) -> Crosswalk:
    """Turn a crosswalk round: the share of each target that lies in each source.

    The masses are the same, each target's own mass becomes the whole: what of a target lies in no
    source is uncovered, a target without mass is zero mass. Reversing twice gives the first back,
    apart from the fallback, which has no direction to go back to.
    """
    return replace(
        crosswalk,
        mass=csr_array(crosswalk.mass.T),
        source_mass=crosswalk.target_mass,
        target_mass=crosswalk.source_mass,
        sources=crosswalk.targets,
        targets=crosswalk.sources,
        fallback=None,
        fallback_unit="",
        outside=np.zeros(0),
        undefined=np.zeros(0),
        provenance=(*crosswalk.provenance, "turned round"),
    )


def merge(
    crosswalk: Crosswalk, groups: pd.Series, *, layer: str, side: str = "targets"
) -> Crosswalk:
    """Merge areas of one side into larger ones.

    Parameters
    ----------
    groups
        New code by old code, for every area of that side; index named by its layer id.
    layer
        Id of the merged layer.
    side
        "targets" or "sources".

    Raises
    ------
    VintageMismatch, CodesUnknown, CodesNotUnique
        If the groups are not those of the layer, or leave areas out.
    MergeCountsTwice
        If targets that overlap one another in a source are to become one.
    """
    one_of(side, ("targets", "sources"), option="side")
    old = crosswalk.targets if side == "targets" else crosswalk.sources
    new, fold = _fold(groups, old, layer)
    note = (*crosswalk.provenance, f"{len(old)} {old.name} merged into {len(new)} {layer}")
    if side == "targets":
        return _merge_targets(crosswalk, new, fold, note)
    source_mass = fold.T @ crosswalk.source_mass
    # Where the merged source has mass, its parts count by theirs; where all are empty, equally.
    part = np.where((fold @ source_mass) > 0, crosswalk.source_mass, 1.0)
    whole = fold.T @ part
    average = csr_array(diags_array(1.0 / whole) @ fold.T @ diags_array(part))
    fallback = crosswalk.fallback
    return replace(
        crosswalk,
        mass=csr_array(fold.T @ crosswalk.mass),
        source_mass=source_mass,
        sources=new,
        fallback=None if fallback is None else csr_array(average @ fallback),
        outside=average @ crosswalk.outside,
        undefined=average @ crosswalk.undefined,
        provenance=note,
    )


def restrict(
    crosswalk: Crosswalk, *, sources: pd.Index | None = None, targets: pd.Index | None = None
) -> Crosswalk:
    """Keep some sources or targets; what lay in a target left out becomes uncovered.

    Raises
    ------
    VintageMismatch, CodesUnknown
        If the codes are not those of the layer.
    """
    rows = _positions(sources, crosswalk.sources, "sources")
    columns = _positions(targets, crosswalk.targets, "targets")
    note = (
        f"restricted to {len(rows)} of {len(crosswalk.sources)} {crosswalk.sources.name} and "
        f"{len(columns)} of {len(crosswalk.targets)} {crosswalk.targets.name}"
    )
    mass, fallback = crosswalk.mass[rows], crosswalk.fallback
    kept = crosswalk.weights[rows][:, columns].sum(axis=1)
    dropped = crosswalk.weights[rows].sum(axis=1) - kept
    extra = crosswalk.extra[rows]
    # With overlapping targets, what leaves a target may still lie in another one.
    lost = np.where(extra > EXACT, np.maximum(0.0, dropped - extra), dropped)
    return replace(
        crosswalk,
        mass=csr_array(mass[:, columns]),
        source_mass=crosswalk.source_mass[rows],
        target_mass=crosswalk.target_mass[columns],
        sources=crosswalk.sources[rows],
        targets=crosswalk.targets[columns],
        fallback=None if fallback is None else csr_array(fallback[rows][:, columns]),
        outside=crosswalk.outside[rows] + lost,
        undefined=crosswalk.undefined[rows],
        provenance=(*crosswalk.provenance, note),
    )


def rescale(
    crosswalk: Crosswalk, *, tolerance: float | None = None, share_out: bool = False
) -> Crosswalk:
    """Bring the rows of short sources to 1, only because it was asked; the step is recorded.

    Parameters
    ----------
    tolerance
        Rescale only rows that fall short by no more than this; by default every row that has
        any target at all.
    share_out
        Also divide sources that overlapping targets count more than once.
    """
    limit = np.nextafter(1.0, 0.0) if tolerance is None else tolerance
    overlap = "share-out" if share_out else "count-in-each"
    settled = settle(crosswalk, tolerance=limit, overlap=overlap)
    held = np.where(crosswalk.source_mass > 0, crosswalk.source_mass, 0.0)
    fallback = None
    if crosswalk.fallback is not None:
        fallback = scale_rows(settled.weights, (crosswalk.source_mass == 0).astype(np.float64))
    note = f"{len(settled.moved)} short rows brought to 1"
    note += f" (up to {tolerance:.1%} short)" if tolerance is not None else ""
    note += ", overlaps shared out" if share_out else ""
    return replace(
        crosswalk,
        mass=scale_rows(settled.weights, held),
        fallback=fallback,
        outside=settled.outside - settled.unplaceable,
        undefined=settled.unplaceable,
        provenance=(*crosswalk.provenance, note),
    )


def with_fallback(crosswalk: Crosswalk, other: Crosswalk) -> Crosswalk:
    """Let sources of zero mass divide as another crosswalk says, in its own, named unit.

    Raises
    ------
    VintageMismatch
        If the other crosswalk is not between the same two layers.
    CodesUnknown
        If it holds targets that this one does not.
    """
    where = f"fallback of {crosswalk.sources.name} to {crosswalk.targets.name}"
    same_layer(other.sources, crosswalk.sources, where=where)
    same_layer(other.targets, crosswalk.targets, where=where)
    row = crosswalk.sources.get_indexer(other.sources)
    column = crosswalk.targets.get_indexer(other.targets)
    if (column < 0).any():
        raise CodesUnknown(where, found=other.targets[column < 0])
    kept = np.flatnonzero((row >= 0) & (crosswalk.source_mass[row] == 0))
    table = csr_array(other.weights[kept]).tocoo()
    rows, columns = row[kept][table.coords[0]], column[table.coords[1]]
    shape = (len(crosswalk.sources), len(crosswalk.targets))
    outside, undefined = crosswalk.outside.copy(), crosswalk.undefined.copy()
    outside[row[kept]] = other.outside[kept]
    undefined[row[kept]] = other.undefined[kept]
    sources = "source" if len(kept) == 1 else "sources"
    note = f"{len(kept)} {sources} of zero mass divided by {other.method}"
    return replace(
        crosswalk,
        fallback=csr_array((table.data, (rows, columns)), shape=shape),
        fallback_unit=other.unit,
        outside=outside,
        undefined=undefined,
        provenance=(*crosswalk.provenance, note),
    )


def _bridge(first: Crosswalk, second: Crosswalk) -> tuple[csr_array, FloatArray]:
    """Map the targets of `first` to the sources of `second`; flag those it does not know."""
    position = second.sources.get_indexer(first.targets)
    known = np.flatnonzero(position >= 0)
    shape = (len(first.targets), len(second.sources))
    bridge = csr_array((np.ones(len(known)), (known, position[known])), shape=shape)
    return bridge, (position < 0).astype(np.float64)


def _fold(groups: pd.Series, old: pd.Index, layer: str) -> tuple[pd.Index, csr_array]:
    """Return the merged codes in order and the (n_old, n_new) table that folds into them."""
    where = f"merge of {old.name}"
    same_layer(groups.index, old, where=where)
    faults = Faults(where)
    repeated = groups.index[groups.index.duplicated()].unique()
    if len(repeated):
        faults.add(CodesNotUnique(where, found=repeated))
    left_out = old.difference(groups.index)
    if len(left_out):
        faults.add(CodesUnknown(where, found=left_out, detail="areas that are in no group"))
    unknown = groups.index.difference(old)
    if len(unknown):
        faults.add(CodesUnknown(where, found=unknown, detail=f"not in {old.name}"))
    text_faults(groups, faults, where=f"{where}: new codes")
    faults.raise_any()
    of_each = groups.reindex(old)
    new = code_index(pd.Index(sorted(set(of_each))), layer, where=where)
    column = new.get_indexer(pd.Index(of_each))
    cells = (np.ones(len(old)), (np.arange(len(old)), column))
    return new, csr_array(cells, shape=(len(old), len(new)))


def _merge_targets(
    crosswalk: Crosswalk, new: pd.Index, fold: csr_array, note: tuple[str, ...]
) -> Crosswalk:
    parts = csr_array((crosswalk.weights > 0).astype(np.float64) @ fold)
    joined = np.asarray((parts > 1).sum(axis=1)).ravel() > 0
    twice = (crosswalk.extra > EXACT) & joined
    if twice.any():
        raise MergeCountsTwice("merge", found=crosswalk.sources[twice])
    fallback = crosswalk.fallback
    return replace(
        crosswalk,
        mass=csr_array(crosswalk.mass @ fold),
        targets=new,
        fallback=None if fallback is None else csr_array(fallback @ fold),
        target_mass=fold.T @ crosswalk.target_mass,
        provenance=note,
    )


def _positions(codes: pd.Index | None, layer: pd.Index, where: str) -> np.ndarray:
    if codes is None:
        return np.arange(len(layer))
    wanted = pd.Index(codes)
    same_layer(wanted, layer, where=where)
    position = layer.get_indexer(wanted)
    if (position < 0).any():
        raise CodesUnknown(where, found=wanted[position < 0], detail=f"not in {layer.name}")
    return position
