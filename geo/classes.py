"""Class breaks and colours for maps.

In: one number an area, missing ones among them. Out: `Classes`, that is the breaks, the class of
every area (-1 for no data) and a label for each class; and colours from pale (low) to dark (high).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from geo.errors import CommonGroundError

Floats = npt.NDArray[np.float64]
Scheme = Literal["quantiles", "equal", "fisher-jenks"]
Format = str | Callable[[float], str]

NO_DATA = -1
# Fisher-Jenks takes 20 s for 3,000 values and 10 ms for a sample of this size.
SAMPLE, SEED = 1_000, 20_250_501

# Anchor colours from low to high; viridis and cividis are turned round so that high is dark.
PALETTES = {
    "YlGnBu": "ffffd9 edf8b1 c7e9b4 7fcdbb 41b6c4 1d91c0 225ea8 253494 081d58",
    "viridis": "fde725 b5de2b 6ece58 35b779 1f9e89 26828e 31688e 3e4989 482878 440154",
    "cividis": "fee838 e1cc55 c3b369 a59c74 8a8678 707173 575d6d 3b496c 123570 00224e",
    "diverging": "542788 8073ac b2abd2 d8daeb f7f7f7 fee0b6 fdb863 e08214 b35806",
}


class UnknownChoice(CommonGroundError):
    """A scheme, palette or number of classes that is not offered."""

    rule = "there is no such choice"
    remedy = "Take one of those offered."


class BadBreaks(CommonGroundError):
    """Class breaks that do not rise, or are not numbers."""

    rule = "class breaks must be at least two finite numbers that rise"
    remedy = "Give the lowest value, the borders between classes, and the highest."


class BadValues(CommonGroundError):
    """Values for a map that are not numbers, or belong to other areas."""

    rule = "a map needs one number for each area"
    remedy = "Give a series of numbers indexed by the codes of the layer."


@dataclass(frozen=True)
class Classes:
    """Values sorted into classes.

    Attributes
    ----------
    breaks
        (k + 1,) float64 edges, lowest first; empty if no value is known. Class j holds values
        above `breaks[j]` up to `breaks[j + 1]`; the first also holds its lower edge.
    index
        (n,) int64 class of each value, -1 for no data.
    labels
        k texts.
    """

    breaks: Floats
    index: npt.NDArray[np.int64]
    labels: tuple[str, ...]

    @property
    def k(self) -> int:
        """Number of classes."""
        return max(len(self.breaks) - 1, 0)

    def labelled(self, format: Format) -> tuple[str, ...]:
        """Return the labels with numbers written as `format` says."""
        return _labels(self.breaks, format)


def classify(
    values: npt.ArrayLike,
    *,
    k: int = 5,
    scheme: Scheme = "quantiles",
    breaks: Sequence[float] | None = None,
) -> Classes:
    """Sort values into at most `k` classes.

    Quantiles hold about equally many areas, equal intervals are equally wide, Fisher-Jenks puts
    borders where values leave gaps (on a sample of 1,000 with a fixed seed, its extremes
    included). Where fewer than `k` values differ there are fewer classes. Missing and infinite
    values are no data.

    Parameters
    ----------
    values
        (n,) numbers.
    breaks
        Edges to keep, so that maps of several scenarios or years can be compared; the outer ones
        are moved out to values beyond them.

    Raises
    ------
    UnknownChoice, BadBreaks, BadValues
    """
    try:
        numbers = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise BadValues("values", detail=str(error)) from error
    if k < 1:
        raise UnknownChoice("k", found=[k], detail="at least one class")
    known = numbers[np.isfinite(numbers)]
    index = np.full(len(numbers), NO_DATA, dtype=np.int64)
    if not len(known):
        return Classes(np.empty(0), index, ())
    edges = _fixed(breaks, known) if breaks is not None else _edges(known, k, scheme)
    inner = np.searchsorted(edges[1:-1], known, side="left")
    index[np.isfinite(numbers)] = inner
    return Classes(edges, index, _labels(edges, "{:g}"))


def colours(k: int, palette: str = "YlGnBu") -> list[str]:
    """Return `k` colours as `#rrggbb`, from low (pale) to high (dark), evenly spaced.

    The palettes can be told apart with the common kinds of colour blindness; `diverging` runs
    from violet over near-white in the middle to orange.

    Raises
    ------
    UnknownChoice
    """
    if palette not in PALETTES:
        raise UnknownChoice("palette", found=PALETTES, detail=f"{palette!r} is not among these")
    if k < 1:
        raise UnknownChoice("k", found=[k], detail="at least one colour")
    anchors = np.array([list(bytes.fromhex(code)) for code in PALETTES[palette].split()], float)
    # The palest step of a sequence is hard to tell from paper, so sequences start a little later.
    start = 0.0 if palette == "diverging" else 0.08
    at = np.linspace(start, 1.0, k) if k > 1 else np.array([0.5])
    steps = np.linspace(0.0, 1.0, len(anchors))
    channels = np.column_stack([np.interp(at, steps, anchors[:, c]) for c in range(3)])
    return ["#" + bytes(row).hex() for row in np.rint(channels).astype(np.uint8)]


def two_way() -> list[str]:
    """Return nine colours for two figures in one map, each in three classes.

    Colour `3 * second + first` belongs to class `first` of the one and `second` of the other:
    teal grows with the first, pink with the second, and where both are high they make dark blue.
    The steps of lightness stay apart with the common kinds of colour blindness.
    """
    teal, pink = (
        np.array([list(bytes.fromhex(code)) for code in codes.split()], float) / 255
        for codes in ("e4dfd2 97ccd4 3c95ac", "e4dfd2 e0a9c8 be5497")
    )
    mixed = pink[:, None, :] * teal[None, :, :] / teal[0]
    return ["#" + bytes(row).hex() for row in np.rint(mixed * 255).astype(np.uint8).reshape(9, 3)]


def _edges(known: Floats, k: int, scheme: Scheme) -> Floats:
    low, high = known.min(), known.max()
    distinct = np.unique(known)
    if len(distinct) <= k:
        return np.concatenate([[low], distinct]) if len(distinct) > 1 else np.array([low, high])
    if scheme == "quantiles":
        uppers = np.quantile(known, np.arange(1, k + 1) / k)
    elif scheme == "equal":
        uppers = np.linspace(low, high, k + 1)[1:]
    elif scheme == "fisher-jenks":
        uppers = _fisher_jenks(known, distinct, k)
    else:
        offered = ("quantiles", "equal", "fisher-jenks")
        raise UnknownChoice("scheme", found=offered, detail=f"{scheme!r} is not among these")
    uppers[-1] = high
    return np.concatenate([[low], np.unique(uppers)])


def _fisher_jenks(known: Floats, distinct: Floats, k: int) -> Floats:
    """Return the upper ends of the classes whose values lie nearest to their own means.

    Fisher's dynamic programme over the distinct values, so that equal values share a class. The
    one of mapclassify takes seven seconds at its first call, and loses digits of large values.
    """
    if len(known) > SAMPLE:
        draw = np.random.default_rng(SEED).choice(known, SAMPLE - 2, replace=False)
        known = np.concatenate([[distinct[0], distinct[-1]], draw])
    values, counts = np.unique(known, return_counts=True)
    moved = values - values.mean()  # squares of large values near each other would cancel out
    sums = [np.append(0.0, np.cumsum(counts * moved**power)) for power in range(3)]
    size, first, second = (part[None, 1:] - part[:-1, None] for part in sums)
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = np.where(size > 0, second - first**2 / size, np.inf)
    least, begins = apart[0], []
    for _ in range(min(k, len(values)) - 1):
        total = least[:-1, None] + apart[1:]
        begin = total.argmin(axis=0)
        least = total[begin, np.arange(len(values))]
        begins.append(begin)
    last = len(values) - 1
    uppers = [values[last]]
    for begin in reversed(begins):
        last = begin[last]
        uppers.append(values[last])
    return np.array(uppers[::-1], dtype=np.float64)


def _fixed(breaks: Sequence[float], known: Floats) -> Floats:
    edges = np.array(breaks, dtype=np.float64)
    if edges.ndim != 1 or len(edges) < 2 or not np.isfinite(edges).all():
        raise BadBreaks("breaks", found=list(breaks))
    if (np.diff(edges) <= 0).any():
        raise BadBreaks("breaks", found=edges.tolist())
    edges[0] = min(edges[0], known.min())
    edges[-1] = max(edges[-1], known.max())
    return edges


def _labels(edges: Floats, format: Format) -> tuple[str, ...]:
    """Write each class so that a value on a border can belong to one class only."""
    write = format.format if isinstance(format, str) else format
    texts = [write(float(edge)) for edge in edges]
    labels = []
    for position, (low, high) in enumerate(itertools.pairwise(texts)):
        if low == high:
            labels.append(high)
        else:
            labels.append(f"{low} to {high}" if position == 0 else f"over {low} to {high}")
    return tuple(labels)
