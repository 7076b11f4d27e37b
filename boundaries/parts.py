"""The parts of a new crosswalk: brought into one form, derived where they were not given, checked.

In: a crosswalk as its constructor was called. Out: the same one with canonical sparse tables,
text codes and read-only arrays, or every fault at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array

from boundaries.checks import EXACT, FloatArray, code_index
from boundaries.errors import CrosswalkBroken, ValuesNegative, ValuesNotFinite
from boundaries.shares import scale_rows
from geo.errors import Faults

if TYPE_CHECKING:
    from boundaries.crosswalk import Crosswalk


def settle_parts(crosswalk: Crosswalk) -> None:
    """Bring the parts of a new crosswalk into one form, or raise every fault at once."""
    where = f"crosswalk {crosswalk.sources.name} to {crosswalk.targets.name}"
    sources = code_index(crosswalk.sources, None, where=f"{where}: sources")
    targets = code_index(crosswalk.targets, None, where=f"{where}: targets")
    shape = (len(sources), len(targets))
    mass = _sparse(crosswalk.mass)
    source_mass = np.array(crosswalk.source_mass, dtype=np.float64)
    target_mass = np.array(crosswalk.target_mass, dtype=np.float64)
    if target_mass.size == 0:
        target_mass = np.asarray(mass.sum(axis=0)).ravel()
    _check_shapes(where, shape, mass=mass, source_mass=source_mass, target_mass=target_mass)
    for name, part in (("mass", mass.data), ("source", source_mass), ("target", target_mass)):
        _check_masses(f"{where}: {name} mass", part)
    empty = source_mass == 0
    if np.any(np.diff(mass.indptr)[empty]):
        raise CrosswalkBroken(where, detail="a source of zero mass has mass in a target")

    fallback = crosswalk.fallback
    if fallback is not None:
        fallback = _sparse(fallback)
        _check_shapes(where, shape, fallback=fallback)
        fallback = scale_rows(fallback, empty.astype(np.float64))
        fallback.eliminate_zeros()
        _check_masses(f"{where}: fallback", fallback.data)
    settled = {
        "mass": mass,
        "source_mass": source_mass,
        "sources": sources,
        "targets": targets,
        "provenance": tuple(crosswalk.provenance),
        "fallback": fallback,
        "target_mass": target_mass,
        "notes": dict(crosswalk.notes),
    }
    for name, value in settled.items():
        object.__setattr__(crosswalk, name, value)
    _settle_rest(crosswalk, empty)
    for part in (source_mass, target_mass, mass.data, crosswalk.outside, crosswalk.undefined):
        part.flags.writeable = False


def _settle_rest(crosswalk: Crosswalk, empty: np.ndarray) -> None:
    """Derive what of each source lies in no target, and what cannot be placed, unless given."""
    undefined = np.array(crosswalk.undefined, dtype=np.float64)
    if undefined.size == 0:
        lost = empty if crosswalk.fallback is None else np.zeros_like(empty)
        undefined = lost.astype(np.float64)
    outside = np.array(crosswalk.outside, dtype=np.float64)
    if outside.size == 0:
        rows = np.asarray(crosswalk.weights.sum(axis=1)).ravel()
        outside = np.maximum(1.0 - rows - undefined, 0.0)
    where = f"crosswalk {crosswalk.sources.name} to {crosswalk.targets.name}"
    shape = crosswalk.mass.shape
    _check_shapes(where, shape, outside=outside, undefined=undefined)
    for name, part in (("outside", outside), ("undefined", undefined)):
        _check_masses(f"{where}: {name}", part)
        part[part <= EXACT] = 0.0
        object.__setattr__(crosswalk, name, part)


def _sparse(matrix: Any) -> csr_array:
    """Copy a table into canonical form: float64, sorted, no repeated and no stored zeros."""
    table = csr_array(matrix, dtype=np.float64, copy=True)
    table.sum_duplicates()
    table.sort_indices()
    table.eliminate_zeros()
    return table


def _check_shapes(where: str, shape: tuple[int, int], **parts: Any) -> None:
    for name, part in parts.items():
        expected: tuple[int, ...] = shape if part.ndim == 2 else (shape[name == "target_mass"],)
        if part.shape != expected:
            detail = f"{name} has the shape {part.shape}, expected {expected}"
            raise CrosswalkBroken(where, detail=detail)


def _check_masses(where: str, values: FloatArray) -> None:
    faults = Faults(where)
    infinite = ~np.isfinite(values)
    if infinite.any():
        faults.add(ValuesNotFinite(where, found=values[infinite][:5], count=int(infinite.sum())))
    negative = values < 0
    if negative.any():
        faults.add(ValuesNegative(where, found=values[negative][:5], count=int(negative.sum())))
    faults.raise_any()
