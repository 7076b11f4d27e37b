"""The words of a table of streams: its columns, and what their fields may hold.

In: the text fields of a table. Out: the same fields checked and written in one way (dates as ISO
text, yes and no as truth values), with every fault named by row.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable

import numpy as np
import pandas as pd

from budgets.errors import (
    BudgetError,
    GradeNotEarned,
    UnknownGrade,
    UnknownKind,
    UnknownMethod,
    UnknownStatus,
    YearNotUnderstood,
)
from budgets.streams_errors import (
    DateNotUnderstood,
    PriceBaseNotUnderstood,
    TruthNotUnderstood,
    UnknownTier,
)
from geo.errors import Faults

# The grade that a method earns on the ladder of methods, section 3; best first.
METHODS = {
    "recorded": "A",
    "activity": "B",
    "client-group": "C",
    "need": "D",
    "people": "E",
    "households": "E",
    "asset": "F",
    "place-wide": "G",
}
GRADES = tuple("ABCDEFG")
KINDS = ("revenue", "capital", "housing account", "benefit")
STATUSES = ("budget", "forecast", "outturn")
TIERS = ("national", "regional", "county", "single", "district", "parish")
CASH = "cash"

NEEDED = ("id", "title", "agency", "amount", "covers", "method", "year", "kind", "status")
FILLED = ("title", "agency", "year")
MONEY = ("amount", "gross", "income", "overhead", "ring_fenced", "entitlement", "committed")
COLUMNS = (
    *("title", "agency", "funder", "accountable_body", "commissioner", "provider"),
    *("service", "theme", "amount_pence", "gross_pence", "income_pence", "overhead_pence"),
    *("rounding_pence", "reason", "covers", "method", "grade", "use", "follows", "transfer_of"),
    *("held_at", "tier", "year", "price_base", "kind", "status", "ring_fence"),
    *("ring_fence_areas", "ring_fenced_pence", "entitlement_pence", "committed_pence"),
    *("demand_led", "committed_until", "next_decision", "statutory_basis", "confirmed_by"),
    *("source", "assumption", "basis", "row"),
)
PENCE = tuple(f"{name}_pence" for name in MONEY)
NOT_TEXT = (*PENCE, "rounding_pence", "covers", "ring_fence_areas", "demand_led", "row")
TEXTS = tuple(name for name in COLUMNS if name not in NOT_TEXT)
DATES = ("committed_until", "next_decision")

_YEAR = re.compile(r"[0-9]{4}(?:[-/](?:[0-9]{2}|[0-9]{4}))?")
# A spreadsheet keeps a date with a time of midnight.
_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[ T]00:00:00(?:\.0+)?)?")
_TRUTHS = {"": False, "no": False, "false": False, "0": False}
_TRUTHS |= {"yes": True, "true": True, "1": True}


def fill_words(frame: pd.DataFrame) -> None:
    """Write the words of a table in small letters and fill grades from the methods."""
    for name in ("method", "kind", "status", "tier"):
        frame[name] = frame[name].str.lower()
    cash = frame["price_base"].str.lower() == CASH
    frame["price_base"] = frame["price_base"].where(~cash, CASH)
    earned = frame["method"].map(METHODS).fillna("").astype("str")
    frame["grade"] = frame["grade"].str.upper().where(frame["grade"] != "", earned)


def check_words(frame: pd.DataFrame, labels: list[str], faults: Faults) -> None:
    """Add a fault for each kind of word that is not known, naming the rows."""
    checks: list[tuple[str, Iterable[str], type[BudgetError]]] = [
        ("method", METHODS, UnknownMethod),
        ("kind", KINDS, UnknownKind),
        ("status", STATUSES, UnknownStatus),
        ("tier", ("", *TIERS), UnknownTier),
    ]
    known_method = frame["method"].isin(list(METHODS)).to_numpy()
    for name, allowed, kind in checks:
        wrong = ~frame[name].isin(list(allowed)).to_numpy()
        add_fault(faults, kind, wrong, labels, frame[name])
    # An empty grade where the method is unknown follows from that fault and is not another.
    bad_grade = ~frame["grade"].isin([*GRADES, ""]).to_numpy()
    add_fault(faults, UnknownGrade, bad_grade, labels, frame["grade"])
    earned = frame["method"].map(METHODS).to_numpy()
    claims = known_method & ~bad_grade & (frame["grade"].to_numpy() != earned)
    shown = frame["grade"] + " by " + frame["method"]
    add_fault(faults, GradeNotEarned, claims, labels, shown)
    years = np.array([not is_year(year) and year != "" for year in frame["year"]])
    add_fault(faults, YearNotUnderstood, years, labels, frame["year"])
    bases = [base not in ("", CASH) and not is_year(base) for base in frame["price_base"]]
    add_fault(faults, PriceBaseNotUnderstood, np.array(bases), labels, frame["price_base"])


def is_year(text: str) -> bool:
    """Say whether a text is a financial year like 2017-18, or a calendar year."""
    return _YEAR.fullmatch(text) is not None


def read_dates(frame: pd.DataFrame, labels: list[str], faults: Faults) -> None:
    """Bring dates to ISO text; empty stays empty."""
    for name in DATES:
        iso = [_iso(text) for text in frame[name]]
        wrong = np.array([date is None for date in iso])
        add_fault(faults, DateNotUnderstood, wrong, labels, name + " " + frame[name])
        frame[name] = pd.Series([date or "" for date in iso], index=frame.index, dtype="str")


def read_truths(frame: pd.DataFrame, texts: list[str], labels: list[str], faults: Faults) -> None:
    """Read `demand_led` as truth values."""
    truths = [_TRUTHS.get(text.lower()) for text in texts]
    wrong = np.array([truth is None for truth in truths])
    values = pd.Series(texts, index=frame.index, dtype="str")
    add_fault(faults, TruthNotUnderstood, wrong, labels, values)
    frame["demand_led"] = np.array([bool(truth) for truth in truths])


def add_fault(
    faults: Faults,
    kind: type[BudgetError],
    wrong: np.ndarray,
    labels: list[str],
    values: pd.Series,
) -> None:
    """Add one fault of a kind that names every wrong row and its value."""
    if wrong.any():
        pairs = zip(labels, values, wrong, strict=True)
        found = [f"{label}: {value or '(empty)'}" for label, value, bad in pairs if bad]
        faults.add(kind(faults.where, found=found))


def _iso(text: str) -> str | None:
    """Return a date as ISO text, '' for nothing, None where it is no date."""
    if text == "":
        return ""
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    try:
        return dt.date.fromisoformat(found[1]).isoformat()
    except ValueError:
        return None
