"""Checks that every verb of a crosswalk shares.

In: codes, values and options as a caller gives them. Out: an index of text codes, a float64 array
in the order of a layer, or an error that names what is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from boundaries.errors import (
    CodesEmpty,
    CodesNotText,
    CodesNotUnique,
    CodesUnknown,
    NotALayer,
    OptionUnknown,
    ValuesNotFinite,
    ValuesNotNumbers,
    VintageMismatch,
)
from geo.errors import Faults

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

EXACT = 1e-9
"""Shares closer to 0 or 1 than this are rounding noise of float64, and count as 0 or 1."""


def code_index(codes: pd.Index | Iterable[str], layer: str | None, *, where: str) -> pd.Index:
    """Return codes as a text index named by their layer, or raise every fault at once."""
    index = codes if isinstance(codes, pd.Index) else pd.Index(list(codes), dtype=object)
    name = index.name if layer is None else layer
    faults = Faults(where)
    if not isinstance(name, str) or not name:
        faults.add(VintageMismatch(where, detail="the index has no name", expected="", got=""))
    text_faults(index, faults, where=where)
    if not faults:
        repeated = index[index.duplicated()].unique()
        if len(repeated):
            faults.add(CodesNotUnique(where, found=repeated))
    faults.raise_any()
    return pd.Index(index, dtype="str", name=name)


def text_faults(codes: pd.Index | pd.Series, faults: Faults, *, where: str) -> None:
    """Collect codes that are not text, missing or blank."""
    values = codes.to_numpy(dtype=object)
    missing = pd.isna(values)
    text = np.fromiter((isinstance(v, str) for v in values), dtype=bool, count=len(values))
    wrong = ~text & ~missing
    if wrong.any():
        faults.add(CodesNotText(where, found=values[wrong][:5], count=int(wrong.sum())))
    blank = missing.copy()
    blank[text] = [not v.strip() for v in values[text]]
    if blank.any():
        rows = [f"row {row + 1}" for row in np.flatnonzero(blank)[:5]]
        faults.add(CodesEmpty(where, found=rows, count=int(blank.sum())))


def same_layer(index: pd.Index, layer: pd.Index, *, where: str) -> None:
    """Raise `VintageMismatch` unless both indexes are named by the same layer id."""
    if index.name != layer.name:
        got = "no layer id" if index.name is None else str(index.name)
        raise VintageMismatch(
            where,
            detail=f"the values carry {got}, the crosswalk expects {layer.name}",
            found=index[:5],
            count=len(index),
            expected=str(layer.name),
            got=str(index.name),
        )


def layer_codes(layer: Any, *, where: str) -> pd.Index:
    """Return the codes of a layer, or raise `NotALayer` or what is wrong with its codes."""
    if not isinstance(layer, gpd.GeoDataFrame):
        raise NotALayer(where, detail=f"found a {type(layer).__name__}")
    if not isinstance(layer.index.name, str):
        raise NotALayer(where, detail="its index has no name")
    if layer.crs is None:
        raise NotALayer(where, detail=f"{layer.index.name} has no CRS")
    return code_index(layer.index, None, where=f"{where} {layer.index.name}")


def layers_codes(source: Any, target: Any) -> tuple[pd.Index, pd.Index]:
    """Return the codes of two layers, or raise what is wrong with both."""
    faults = Faults("layers")
    found: dict[str, pd.Index] = {}
    for where, layer in (("source", source), ("target", target)):
        with faults.catch():
            found[where] = layer_codes(layer, where=where)
    faults.raise_any()
    return found["source"], found["target"]


def align(values: pd.Series, layer: pd.Index, *, where: str) -> FloatArray:
    """Return values in the order of the layer; codes without a value become NaN.

    Raises
    ------
    VintageMismatch, CodesNotUnique, CodesUnknown, ValuesNotNumbers, ValuesNotFinite
    """
    if not isinstance(values, pd.Series):
        raise ValuesNotNumbers(where, detail=f"a {type(values).__name__} is no Series with codes")
    same_layer(values.index, layer, where=where)
    faults = Faults(where)
    text_faults(values.index, faults, where=where)
    repeated = values.index[values.index.duplicated()].unique()
    if len(repeated):
        faults.add(CodesNotUnique(where, found=repeated))
    faults.raise_any()
    position = layer.get_indexer(values.index)
    unknown = values.index[position < 0]
    if len(unknown):
        faults.add(CodesUnknown(where, found=unknown, detail=f"not in {layer.name}"))
    with faults.catch():
        numbers = as_numbers(values, where=where)
    faults.raise_any()
    aligned = np.full(len(layer), np.nan)
    aligned[position] = numbers
    return aligned


def as_numbers(values: pd.Series, *, where: str) -> FloatArray:
    """Return a column as float64 with NaN for what is missing; text and infinity are refused."""
    kinds = pd.api.types
    plain = kinds.is_numeric_dtype(values.dtype) and not kinds.is_bool_dtype(values.dtype)
    if not (plain or _objects_are_numbers(values)):
        wrong = [v for v in values.to_numpy(dtype=object) if not _is_number(v)]
        raise ValuesNotNumbers(where, found=wrong[:5], count=len(wrong))
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    infinite = np.isinf(numbers)
    if infinite.any():
        raise ValuesNotFinite(where, found=values.index[infinite])
    return numbers


def one_of(value: str, allowed: tuple[str, ...], *, option: str) -> str:
    """Return an option, or raise `OptionUnknown` with the values there are."""
    if value not in allowed:
        raise OptionUnknown(option, found=[value], detail="one of " + ", ".join(allowed))
    return value


def fraction(value: float, *, option: str) -> float:
    """Return a number in [0, 1), or raise `OptionUnknown`."""
    if not (isinstance(value, (int, float)) and 0 <= value < 1):
        raise OptionUnknown(option, found=[value], detail="a number from 0 up to, not including, 1")
    return float(value)


def _objects_are_numbers(values: pd.Series) -> bool:
    if values.dtype != object:
        return False
    return all(_is_number(value) for value in values)


def _is_number(value: Any) -> bool:
    if value is None or value is pd.NA:
        return True
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
