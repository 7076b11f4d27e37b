"""The money of a table of streams: net, gross and income, overheads, and what cannot move.

In: fields as people write them (`1,234.50`, `40%`, `all`), each with its unit. Out: whole pence
in which `gross - income = amount` and no part is larger than the whole; faults named by row.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal
from functools import partial

import numpy as np
import pandas as pd

from budgets.errors import NegativeWithoutReason
from budgets.money import Amount, Int64, format_pounds, read_amount
from budgets.streams_columns import MONEY, add_fault
from budgets.streams_errors import (
    GrossNotUnderstood,
    OverheadTooLarge,
    PartNotUnderstood,
    PartsTooLarge,
    RingFenceWithoutPurpose,
)
from budgets.tables import Rows, as_text, by_cause
from geo.errors import Faults

PARTS = ("ring_fenced", "entitlement", "committed")
ALL = "all"
_PER_CENT = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?) ?%")


def take_pence(rows: Rows) -> None:
    """Take `amount_pence` and its like, as `streams.read` writes them, for amounts in pence."""
    for name in MONEY:
        written = f"{name}_pence"
        if name not in rows.columns and written in rows.columns:
            rows.columns[name] = rows.columns[written]
            rows.columns[f"{name} unit"] = ["pence"] * len(rows.numbers)


def read_amounts(
    frame: pd.DataFrame, rows: Rows, unit: str, labels: list[str], faults: Faults
) -> None:
    """Read every column of money into the frame.

    An amount that is left empty is `gross - income`; gross and income that are left empty follow
    from the amount: what is above nought is spending, what is below it income.
    """
    net = _column(rows, "amount", unit, labels, faults, needed=_no_gross(rows))
    gross = _column(rows, "gross", unit, labels, faults)
    income = _column(rows, "income", unit, labels, faults)
    whole = [_together(*three) for three in zip(net, gross, income, strict=True)]
    frame["amount_pence"] = np.array([pence[0] for pence in whole], np.int64)
    frame["gross_pence"] = np.array([pence[1] for pence in whole], np.int64)
    frame["income_pence"] = np.array([pence[2] for pence in whole], np.int64)
    frame["rounding_pence"] = np.array([float(a.rounding) if a else 0.0 for a in net])
    wrong = frame["gross_pence"] - frame["income_pence"] != frame["amount_pence"]
    wrong |= (frame["gross_pence"] < 0) | (frame["income_pence"] < 0)
    shown = [f"{_show(g)} - {_show(i)}, not {_show(n)}" for n, g, i in whole]
    values = pd.Series(shown, index=frame.index, dtype="str")
    add_fault(faults, GrossNotUnderstood, wrong.to_numpy(), labels, values)
    negative = (frame["amount_pence"] < 0).to_numpy() & (frame["reason"] == "").to_numpy()
    shown_net = frame["amount_pence"].map(format_pounds).astype("str")
    add_fault(faults, NegativeWithoutReason, negative, labels, shown_net)
    _read_overhead(frame, rows, unit, labels, faults)


def read_parts(
    frame: pd.DataFrame, rows: Rows, unit: str, labels: list[str], faults: Faults
) -> None:
    """Read what of each amount is ring-fenced, an entitlement, or committed.

    A ring-fence with a purpose and no amount holds the whole stream; a date of commitment without
    an amount commits what neither a ring-fence nor an entitlement holds.
    """
    whole = np.maximum(frame["amount_pence"].to_numpy(), 0)
    purpose = (frame["ring_fence"] != "").to_numpy()
    fenced = _part(rows, "ring_fenced", whole, unit, labels, faults)
    entitled = _part(rows, "entitlement", whole, unit, labels, faults)
    committed = _part(rows, "committed", whole, unit, labels, faults)
    given = [np.array([text != "" for text in rows.text(name)]) for name in PARTS]
    fenced = np.where(~given[0] & purpose, whole, fenced)
    rest = np.maximum(whole - fenced - entitled, 0)
    until = (frame["committed_until"] != "").to_numpy()
    committed = np.where(~given[2] & until, rest, committed)
    for name, pence in zip(PARTS, (fenced, entitled, committed), strict=True):
        frame[f"{name}_pence"] = pence
    below = (fenced < 0) | (entitled < 0) | (committed < 0)
    held = fenced + entitled + committed
    pairs = zip(held, frame["amount_pence"], strict=True)
    values = [f"{_show(part)} of {_show(amount)}" for part, amount in pairs]
    shown = pd.Series(values, index=frame.index, dtype="str")
    add_fault(faults, PartsTooLarge, below | (held > whole), labels, shown)
    areas = np.array([len(cover) > 0 for cover in frame["ring_fence_areas"]])
    aimless = ~purpose & ((fenced > 0) | areas)
    add_fault(faults, RingFenceWithoutPurpose, aimless, labels, frame["ring_fence"])


def _no_gross(rows: Rows) -> list[bool]:
    """Say of each row whether its amount must be given, because there is no gross."""
    return [text == "" for text in rows.text("gross")]


def _column(
    rows: Rows,
    name: str,
    unit: str,
    labels: list[str],
    faults: Faults,
    *,
    needed: list[bool] | None = None,
) -> list[Amount | None]:
    """Read a column of amounts; None where it is empty or wrong."""
    if name not in rows.columns and needed is None:
        return [None] * len(labels)
    raw = rows.columns.get(name, [""] * len(labels))
    must = needed or [False] * len(labels)
    readings: list[tuple[str, Callable[[], Amount | None]]] = []
    units = _units(rows, name, unit)
    for label, value, each, wanted in zip(labels, raw, units, must, strict=True):
        empty = not wanted and as_text(value) == ""
        readings.append((label, _nothing if empty else partial(read_amount, value, unit=each)))
    return _collect(readings, faults)


def _part(
    rows: Rows, name: str, whole: Int64, unit: str, labels: list[str], faults: Faults
) -> Int64:
    """Read a column of parts of an amount: an amount, a per cent of the whole, or all."""
    if name not in rows.columns:
        return np.zeros(len(labels), np.int64)
    readings: list[tuple[str, Callable[[], Amount | None]]] = []
    units = _units(rows, name, unit)
    for label, value, each, pence in zip(labels, rows.columns[name], units, whole, strict=True):
        readings.append((label, partial(_read_part, value, int(pence), each)))
    parts = _collect(readings, faults)
    return np.array([part.pence if part else 0 for part in parts], np.int64)


def _read_part(value: object, whole: int, unit: str) -> Amount | None:
    text = as_text(value).lower()
    if text == "":
        return None
    if text == ALL:
        return Amount(whole, Decimal(0))
    if "%" in text:
        found = _PER_CENT.fullmatch(text)
        if found is None or Decimal(found["number"]) > 100:
            raise PartNotUnderstood("part", found=[value])
        exact = Decimal(found["number"]) * whole / 100
        return Amount(int(exact.to_integral_value(ROUND_HALF_EVEN)), Decimal(0))
    return read_amount(value, unit=unit)


def _read_overhead(
    frame: pd.DataFrame, rows: Rows, unit: str, labels: list[str], faults: Faults
) -> None:
    """Read overheads, which are part of gross."""
    gross = frame["gross_pence"].to_numpy()
    overhead = _part(rows, "overhead", gross, unit, labels, faults)
    frame["overhead_pence"] = overhead
    wrong = (overhead < 0) | (overhead > np.maximum(gross, 0))
    pairs = zip(overhead, gross, strict=True)
    values = [f"{_show(part)} of {_show(amount)}" for part, amount in pairs]
    shown = pd.Series(values, index=frame.index, dtype="str")
    add_fault(faults, OverheadTooLarge, wrong, labels, shown)


def _together(
    net: Amount | None, gross: Amount | None, income: Amount | None
) -> tuple[int, int, int]:
    """Return net, gross and income of one stream, what is not given from what is."""
    spent = gross.pence if gross else None
    taken = income.pence if income else None
    if net is None:
        spent, taken = spent or 0, taken or 0
        return spent - taken, spent, taken
    if spent is None and taken is None:
        return net.pence, max(net.pence, 0), max(-net.pence, 0)
    if spent is None:
        return net.pence, net.pence + (taken or 0), taken or 0
    return net.pence, spent, spent - net.pence if taken is None else taken


def _units(rows: Rows, name: str, unit: str) -> list[str]:
    own = rows.columns.get(f"{name} unit")
    return list(own) if own is not None else [text.lower() or unit for text in rows.text("unit")]


def _collect(
    readings: list[tuple[str, Callable[[], Amount | None]]], faults: Faults
) -> list[Amount | None]:
    amounts, errors = by_cause(readings, faults.where)
    for error in errors:
        faults.add(error)
    return amounts


def _nothing() -> None:
    return None


def _show(pence: int) -> str:
    return format_pounds(int(pence))
