"""Whole pence: reading amounts, writing them, sharing them out without losing one.

In: an amount as a table holds it, or totals with the weights they are to be shared by. Out: whole
pence as integers whose sums are exact. Nothing here knows a stream or an area.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from budgets.errors import (
    AmountMissing,
    AmountNotUnderstood,
    AmountTooLarge,
    NothingToShareBy,
    PenceLost,
    UnknownUnit,
    WeightsNotUsable,
)

PENCE_PER_UNIT = {"pounds": 100, "thousands": 100_000, "pence": 1}
MAX_PENCE = 10**15
SHARE_BITS = 40

Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]

# A comma only ever stands between thousands and a point only ever before decimals. 0,123 is
# therefore a decimal comma, and refused like every other sign of another convention.
_WRITTEN = re.compile(
    r"(?P<open>\()?(?P<before>[-+\u2212])?(?:£|GBP ?)?(?P<after>[-+\u2212])?"
    r"(?P<number>(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?|\.[0-9]+)(?P<close>\))?"
)
# £1.234 may be a thousand and more as the continent writes it, or one pound and a fraction of a
# penny; amounts in thousands of pounds do have three decimals.
_TWO_WAYS = re.compile(r"[1-9][0-9]{0,2}\.[0-9]{3}")
_MISSING = {"", "na", "n/a", "nan", "none", "null"}
_LONGEST = 40
_FEW = 100
_EXACT = Context(prec=_LONGEST + 10, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True)
class Amount:
    """An amount in whole pence, and what rounding it to whole pence added or took."""

    pence: int
    rounding: Decimal


def read_amount(value: object, *, unit: str = "pounds", where: str = "") -> Amount:
    """Read one amount into whole pence and keep what rounding moved.

    Text may carry a pound sign, a minus sign (or brackets, as accountants write it) and commas
    between thousands; a point stands before the decimals. What could be read in two ways is
    refused. Fractions of a penny are rounded once, halves to the even penny. A binary float is
    taken at the 15 significant digits a spreadsheet shows.

    Raises
    ------
    AmountMissing
        Empty, None or NaN.
    AmountNotUnderstood
        Words, `1.234,50`, `12,34`, in pounds also `1.234`; other currencies, exponents, infinity,
        truth values.
    AmountTooLarge
        More than 10^15 pence either way.
    UnknownUnit
        The unit is none of pounds, thousands, pence.

    Examples
    --------
    >>> read_amount("£1,234.50").pence
    123450
    >>> read_amount("622690.0015", unit="thousands")
    Amount(pence=62269000150, rounding=Decimal('0'))
    >>> read_amount("0.125")
    Amount(pence=12, rounding=Decimal('-0.5'))
    """
    if unit not in PENCE_PER_UNIT:
        raise UnknownUnit(where or "unit", found=[unit])
    if unit != "thousands" and isinstance(value, str) and _TWO_WAYS.fullmatch(_digits(value)):
        raise AmountNotUnderstood(where or "amount", found=[value])
    exact = _EXACT.multiply(_decimal(value, where), Decimal(PENCE_PER_UNIT[unit]))
    if abs(exact) > MAX_PENCE:
        raise AmountTooLarge(where or "amount", found=[value])
    pence = int(exact.to_integral_value(ROUND_HALF_EVEN))
    return Amount(pence, _EXACT.subtract(Decimal(pence), exact).normalize(_EXACT))


def to_pence(value: object, unit: str = "pounds") -> int:
    """Return one amount in whole pence; the rules and the errors are those of `read_amount`."""
    return read_amount(value, unit=unit).pence


def format_pounds(pence: int | np.integer[Any], *, whole: bool = False) -> str:
    """Write whole pence as pounds: `-£1,234.50`; `whole` leaves the pence off (halves to even)."""
    amount = int(pence)
    sign = "-" if amount < 0 else ""
    if whole:
        pounds, rest = divmod(abs(amount), 100)
        pounds += rest > 50 or (rest == 50 and pounds % 2)
        return f"{sign if pounds else ''}£{pounds:,}"
    return f"{sign}£{abs(amount) // 100:,}.{abs(amount) % 100:02d}"


def largest_remainder(
    totals: npt.ArrayLike,
    weights: npt.ArrayLike,
    groups: npt.ArrayLike | None = None,
    *,
    names: Sequence[object] | None = None,
) -> Int64:
    """Share whole totals out by weights so that every group adds up exactly.

    Member i of a group with total T gets `floor(T w_i / W)`; the units left over go one each to
    the largest remainders, ties to the earlier position (callers sort by code). A negative total
    is shared like the positive one with the sign turned.

    All arithmetic is on whole numbers: weights are first counted in steps of 2^-40 (see
    `whole_weights`; whole numbers below 2^40 stay exact), so that the same input gives the same
    pence on every machine and equal weights are exact ties.

    Parameters
    ----------
    totals
        int64 (n_groups), at most 10^15 either way.
    weights
        float64 (n), not negative.
    groups
        int64 (n): the group of each weight. Without it there is one group.
    names
        What the groups are called in errors.

    Returns
    -------
    int64 (n), in the order of `weights`.

    Raises
    ------
    NothingToShareBy
        A group has money and no weight above zero.
    WeightsNotUsable
        A weight is negative, infinite or NaN.

    Examples
    --------
    >>> largest_remainder(10_000, [1, 1, 1])
    array([3334, 3333, 3333])
    """
    total = np.atleast_1d(_whole(totals))
    weight = np.asarray(weights, dtype=np.float64)
    group = np.zeros(len(weight), np.int64) if groups is None else np.asarray(groups, np.int64)
    if weight.ndim != 1 or group.shape != weight.shape:
        raise WeightsNotUsable("weights", detail=f"shape {weight.shape}, groups {group.shape}")
    if len(group) and (group.min() < 0 or group.max() >= len(total)):
        raise WeightsNotUsable("groups", detail=f"a group has no total; there are {len(total):,}")
    in_order = bool((group[1:] >= group[:-1]).all())
    order = None if in_order else np.argsort(group, kind="stable")
    if order is None:
        return _share_out(total, weight, group, names)
    shared = np.empty(len(weight), np.int64)
    shared[order] = _share_out(total, weight[order], group[order], names)
    return shared


def whole_weights(weights: Float64, starts: Int64) -> tuple[Int64, Int64]:
    """Express weights as whole numbers, group by group, and return them with their sums.

    `starts` holds the first position of each group; groups are contiguous and not empty. Weights
    are counted in 2^-40 of the smallest power of two above the largest weight of their group. So
    whole numbers, halves and quarters stay exact ties, and no sum of floating-point numbers, which
    would depend on the order of adding, is needed. Groups of more than a million members use fewer
    bits, so that their sum stays below 2^61.
    """
    usable = np.isfinite(weights) & (weights >= 0)
    if not usable.all():
        bad = np.flatnonzero(~usable)
        raise WeightsNotUsable("weights", found=[f"{i}: {weights[i]}" for i in bad])
    sizes = np.diff(np.append(starts, len(weights)))
    bits = min(SHARE_BITS, 60 - int(sizes.max(initial=1)).bit_length())
    _, exponent = np.frexp(np.maximum.reduceat(weights, starts))
    whole = np.rint(np.ldexp(weights, np.repeat(bits - exponent, sizes))).astype(np.int64)
    return whole, np.add.reduceat(whole, starts)


def floor_and_remainder(total: Int64, weight: Int64, weight_sum: Int64) -> tuple[Int64, Int64]:
    """Return the exact quotient and remainder of `total * weight / weight_sum`.

    None may be negative; shapes broadcast. The product does not fit 64 bits. The quotient is
    estimated in floating point, where with total <= 10^15 and weight <= weight_sum < 2^61 it is
    wrong by one at most. The remainder of the estimate then lies within two sums of zero, so that
    arithmetic that wraps around at 2^64 gives it exactly, and it says which way to move.
    """
    quotient = (total * (weight / weight_sum)).astype(np.int64)
    product = total.view(np.uint64) * weight.view(np.uint64)
    remainder = (product - quotient.view(np.uint64) * weight_sum.view(np.uint64)).view(np.int64)
    low, high = remainder < 0, remainder >= weight_sum
    if low.any() or high.any():
        step = high.astype(np.int64) - low
        quotient += step
        remainder -= step * weight_sum
    return quotient, remainder


def _share_out(
    total: Int64, weight: Float64, group: Int64, names: Sequence[object] | None
) -> Int64:
    """Share out groups that stand one after the other."""
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    present = group[starts]
    absent = total != 0
    absent[present] = False
    if len(weight) == 0:
        _refuse_nothing(np.flatnonzero(absent), names)
        return np.zeros(0, np.int64)
    whole, sums = whole_weights(weight, starts)
    size = np.abs(total[present])
    empty = present[(sums == 0) & (size != 0)]
    _refuse_nothing(np.concatenate([np.flatnonzero(absent), empty]), names)

    counts = np.diff(np.append(starts, len(weight)))
    row = np.repeat(np.arange(len(starts)), counts)
    parts, remainder = floor_and_remainder(size[row], whole, np.maximum(sums, 1)[row])
    left = size - np.add.reduceat(parts, starts)
    parts += _largest(remainder, left, starts)
    parts *= np.sign(total[present])[row]
    added = np.add.reduceat(parts, starts)
    if not np.array_equal(added, total[present]):
        wrong = present[added != total[present]]
        raise PenceLost("largest remainder", found=[_name(g, names) for g in wrong])
    return parts


def _largest(remainder: Int64, left: Int64, starts: Int64) -> npt.NDArray[np.bool_]:
    """Mark the `left` largest remainders of each group, ties to the earlier position."""
    chosen = np.zeros(len(remainder), bool)
    ends = np.append(starts[1:], len(remainder))
    if len(remainder) < _FEW * len(starts):
        row = np.repeat(np.arange(len(starts)), ends - starts)
        order = np.lexsort((-remainder, row))
        chosen[order] = np.arange(len(remainder)) - starts[row] < left[row]
        return chosen
    # Selecting is ten times faster than sorting, but costs a call for each group.
    for start, end, count in zip(starts, ends, left, strict=True):
        if count:
            part = remainder[start:end]
            least = np.partition(part, len(part) - count)[len(part) - count]
            mine = part > least
            mine[np.flatnonzero(part == least)[: count - np.count_nonzero(mine)]] = True
            chosen[start:end] = mine
    return chosen


def _refuse_nothing(groups: Int64, names: Sequence[object] | None) -> None:
    if len(groups):
        raise NothingToShareBy("weights", found=[_name(g, names) for g in np.sort(groups)])


def _name(group: int | np.integer[Any], names: Sequence[object] | None) -> object:
    return f"group {int(group)}" if names is None else names[int(group)]


def _whole(totals: npt.ArrayLike) -> Int64:
    raw = np.asarray(totals)
    if raw.dtype.kind not in "iu" and raw.size:
        raise AmountNotUnderstood("totals", detail=f"whole pence expected, got {raw.dtype}")
    if raw.size and (int(raw.max()) > MAX_PENCE or int(raw.min()) < -MAX_PENCE):
        raise AmountTooLarge("totals", found=raw[np.abs(raw.astype(float)) > MAX_PENCE].tolist())
    return raw.astype(np.int64)


def _decimal(value: object, where: str) -> Decimal:
    """Return the value as an exact decimal number of the unit it is written in."""
    where = where or "amount"
    if value is None or type(value).__name__ in {"NAType", "NaTType"}:
        raise AmountMissing(where, found=[""])
    if isinstance(value, bool | np.bool_):
        raise AmountNotUnderstood(where, found=[value])
    if isinstance(value, int | np.integer):
        return Decimal(int(value))
    if isinstance(value, Decimal):
        if value.is_nan():
            raise AmountMissing(where, found=[value])
        if value.is_finite() and len(value.as_tuple().digits) <= _LONGEST:
            return value
        raise AmountNotUnderstood(where, found=[value])
    if isinstance(value, float | np.floating):
        if math.isnan(value):
            raise AmountMissing(where, found=[value])
        if math.isinf(value):
            raise AmountNotUnderstood(where, found=[value])
        return Decimal(f"{float(value):.15g}")
    return _from_text(value, where)


def _digits(text: str) -> str:
    """Return what of a written amount is digits, commas and points."""
    return re.sub(r"[^0-9.,]", "", text)


def _from_text(value: object, where: str) -> Decimal:
    text = value.strip() if isinstance(value, str) else None
    if text is not None and text.lower() in _MISSING:
        raise AmountMissing(where, found=[value])
    found = _WRITTEN.fullmatch(text) if text is not None and len(text) <= _LONGEST else None
    signs = [] if found is None else [s for s in found.group("open", "before", "after") if s]
    brackets_match = found is not None and bool(found["open"]) == bool(found["close"])
    if found is None or len(signs) > 1 or not brackets_match:
        raise AmountNotUnderstood(where, found=[value])
    number = Decimal(found["number"].replace(",", ""))
    return -number if signs and signs[0] != "+" else number
