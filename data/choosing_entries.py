"""One entry of a scenario with one key changed, and with what must then change beside it.

In: an entry as plain values, a key and its new value. Out: another entry whose keys go together:
what belonged to the old value is taken out, what the new one needs is put in. Whether it fits the
place and can be kept is for `budgets.scenario` to say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from budgets.scenario_checks import LIMITS, NEED_KEYS, RAKING
from data.choosing_errors import NotRates

Entry = dict[str, Any]

MOST_YEARS: Final = 10
MOST_RATE: Final = 1000.0
FLOORS: Final = {"per cent": -3.0, "per head": 0.0, "pounds": 0.0}
TO_BE_MADE: Final = "an agreement that is still to be made"


def changed(part: str, entry: Mapping[str, Any], key: str, value: Any) -> Entry:
    """Return an entry with a key changed; None, or an empty list, takes the key out.

    Raises
    ------
    NotRates
        A list of yearly figures cannot be read.
    """
    makers: dict[str, Callable[[Entry, str, Any], Entry]] = {
        "share": _share,
        "change": _change,
        "join": _join,
    }
    return makers.get(part, _put)(dict(entry), key, value)


def rates(text: str) -> tuple[float, ...]:
    """Read figures in per cent, one or one a year: `2`, `2.5, 2, 1`, `-1 %`.

    Raises
    ------
    NotRates
        One of them is no number, or too large to be a growth.
    """
    parts = [part.strip().removesuffix("%").strip() for part in text.split(",")]
    found = []
    for part in [part for part in parts if part]:
        try:
            number = float(part.replace("\N{MINUS SIGN}", "-"))
        except ValueError:
            raise NotRates(found=[part]) from None
        if not -100.0 <= number <= MOST_RATE:
            raise NotRates(found=[part])
        found.append(number)
    if len(found) > MOST_YEARS:
        raise NotRates(detail=f"{len(found)} years")
    return tuple(found)


def written(figures: Sequence[float]) -> str:
    """Write yearly figures as `rates` reads them; one figure where all are the same."""
    each = [f"{number:g}" for number in figures]
    return each[0] if each and len(set(each)) == 1 else ", ".join(each)


def yearly(years: int, growth: Sequence[float]) -> tuple[float, ...]:
    """Return the growth of a sum in each of several years; the last figure holds on.

    One year without growth is no growth at all: the sum is shared out once.
    """
    given = tuple(growth) or (0.0,)
    found = tuple(given[min(year, len(given) - 1)] for year in range(years))
    return () if found in ((0.0,), ()) else found


def limited(entry: Mapping[str, Any], name: str, value: float | None, *, unit: str) -> Entry:
    """Return an entry with a floor or ceiling in a unit; None takes the limit out.

    Where the entry was limited in another unit, its other limit is taken out: it meant other money.
    """
    made = dict(entry)
    if value is not None and made.get("unit", unit) != unit:
        for other in {"floor", "ceiling"} - {name}:
            made.pop(other, None)
    if value is not None:
        made["unit"] = unit
    return changed("share", made, name, value)


def _put(entry: Entry, key: str, value: Any) -> Entry:
    if value is None or value == () or value == [] or value == {}:
        entry.pop(key, None)
    else:
        entry[key] = list(value) if isinstance(value, tuple) else value
    return entry


def _share(entry: Entry, key: str, value: Any) -> Entry:
    if key == "rule":
        return _rule(entry, value)
    if key == "unit":
        if entry.get("unit") != value and "floor" in entry:
            entry["floor"] = FLOORS[value]
        if entry.get("unit") != value:
            entry.pop("ceiling", None)
        return _put(entry, "unit", value) if "floor" in entry else _put(entry, "unit", None)
    if key in ("growth", "far_growth", "cap") and isinstance(value, str):
        value = rates(value)
    if key == "floor" and value is None and entry.get("rule") == "damping":
        return entry  # the rule is about the floor
    if key == "growth" and not value and entry.get("rule") == "taper":
        return entry
    entry = _put(entry, key, value)
    if key == "by" and value != "need":
        entry = {k: v for k, v in entry.items() if k not in NEED_KEYS}
    if key == "by" and value == "need":
        entry.setdefault("need_weight", 1.0)
    if key == "match" and value is None:
        entry.pop("match_with", None)
    limited = "floor" in entry or "ceiling" in entry
    if not limited:
        entry.pop("unit", None)
    elif "unit" not in entry:
        entry["unit"] = "per cent"
    return entry


def _rule(entry: Entry, rule: str) -> Entry:
    """Take out what another rule read, and put in what this one cannot do without."""
    for key in ("growth", "far_growth", "cap"):
        entry.pop(key, None)
    entry = _put(entry, "rule", None if rule == "proportional" else rule)
    if rule == RAKING:
        unread = {*LIMITS, "unit", "yearly", "match_with"}
        return {k: v for k, v in entry.items() if k not in unread}
    if rule == "damping" and "floor" not in entry:
        entry |= {"floor": FLOORS["per cent"], "unit": "per cent"}
        entry.pop("ceiling", None)
    if rule == "taper":
        entry["growth"] = [-5.0]
    if rule == "convergence":
        entry.pop("minimum", None)
        # It gives new money only: without any there would be nothing to see.
        entry.setdefault("yearly", [2.0])
    return entry


def _change(entry: Entry, key: str, value: Any) -> Entry:
    entry = _put(entry, key, value)
    other = {"amount": "per_cent", "per_cent": "amount"}.get(key)
    if other is not None:
        entry.pop(other, None)
    return entry


def _join(entry: Entry, key: str, value: Any) -> Entry:
    """Give every way of joining the keys that it has, and no others."""
    entry = _put(entry, key, value)
    if key != "as":
        return entry
    kept = {
        "pooled": ("stream", "as", "pot", "host", "agreement", "risk_share"),
        "aligned": ("stream", "as", "pot", "agreement"),
        "delegated": ("stream", "as", "host", "agreement"),
        "separate": ("stream", "as"),
    }[value]
    return {k: v for k, v in entry.items() if k in kept}
