"""Says figures of an area in words that a resident understands.

In: one row of a profile's table. Out: sentences. A difference is only called clear where chance
does not explain it, and what is estimated or rests on few cases is said so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

GRADE_WORDS = {
    "A": "",
    "B": "A good estimate: small areas are split here (grade B).",
    "C": "A rough estimate: small areas are split here (grade C).",
    "D": "A weak estimate: small areas are split here (grade D); take it as a hint only.",
}
FEW = "Few cases are behind it, so much of it may be chance."
HIDDEN = "Some counts behind it are too small to be shown, so it is rounded or estimated."
WITHHELD = "not shown, because the count is so small that it could describe a family"


def number(value: float, unit: str) -> str:
    """Write a figure with its unit: `8.1%`, `57.3 per 1,000`, `6.1 km`.

    Examples
    --------
    >>> number(8.14, "% of households"), number(0.034, "km"), number(1204, "claims")
    ('8.1% of households', '0.034 km', '1,204 claims')
    """
    shown = plain(value)
    if unit.startswith("%"):
        return f"{shown}{unit}"
    return f"{shown} {unit}".strip()


def plain(value: float) -> str:
    """Write a figure with as many digits as a reader needs.

    Examples
    --------
    >>> [plain(x) for x in (0.0, 0.000034, 0.61, 8.14, 57.26, 1204.4)]
    ['0', '0.000034', '0.61', '8.1', '57.3', '1,204']
    """
    size = abs(value)
    if size >= 999.95:
        return f"{value:,.0f}"
    if size >= 1:
        return f"{value:.1f}"
    return np.format_float_positional(value, precision=2, fractional=False, trim="-")


def about(name: str, kind: str, people: float, households: float | None) -> str:
    """Say what an area is and who lives there."""
    homes = f" in about {households:,.0f} households" if households is not None else ""
    return f"{name} is {kind}. About {people:,.0f} people live there{homes}."


def sentence(row: Mapping[str, Any], names: Mapping[str, str], group: str, *, member: bool) -> str:
    """Say one indicator of an area.

    Parameters
    ----------
    row
        Of the table of a `Profile`.
    names
        Places beside it, by their column.
    group
        What it is ranked among, in the plural; empty where it is not ranked.
    member
        Whether the area is one of those it is ranked among.
    """
    if np.isnan(row["value"]):
        why = WITHHELD if row["hidden"] else "no figure"
        return f"{row['title']}: {why}."
    spread = ""
    if not np.isnan(row["low"]):
        sign = "%" if row["unit"].startswith("%") else ""
        spread = f" (likely between {plain(row['low'])}{sign} and {plain(row['high'])}{sign})"
    parts = [f"{row['title']}: {number(row['value'], row['unit'])}{spread}."]
    parts.append(compared(row, names))
    parts.append(placed(row, group, member=member))
    parts.append(row["trend"])
    parts.append(doubt(row))
    return " ".join(part for part in parts if part)


def compared(row: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Say how a figure stands beside other places', those alike in one breath."""
    found: dict[str, list[str]] = {}
    for key, name in names.items():
        relation = row.get(f"against_{key}", "")
        if relation:
            sign = "%" if row["unit"].startswith("%") else ""
            found.setdefault(relation, []).append(f"{name} ({plain(row[key])}{sign})")
    link = {"about the same": "as in", "the same": "as in"}
    said = [
        f"{relation} {link.get(relation, 'than in')} {' and '.join(places)}"
        for relation, places in found.items()
    ]
    if not said:
        return ""
    text = "; ".join(said)
    return f"{text[0].upper()}{text[1:]}."


def placed(row: Mapping[str, Any], group: str, *, member: bool) -> str:
    """Say how many of the areas it is ranked among have a worse figure."""
    count = int(row["of"]) - 1
    if not group or np.isnan(row["rank"]) or count < 1:
        return ""
    worse = int(row["rank"]) - 1
    # Rank 1 is the worse end, which is the lowest figure where low is worse.
    word = "lower" if row["direction"] == "low is worse" else "higher"
    of = f"Of the {'other ' if member else ''}{count:,} {group}"
    if worse == 0:
        return f"{of}, none has a {word} figure."
    if worse == count:
        return f"{of}, all have a {word} figure."
    return f"{of}, {worse:,} {'has' if worse == 1 else 'have'} a {word} figure."


def doubt(row: Mapping[str, Any]) -> str:
    """Say what makes a figure unsure, where something does."""
    said = [GRADE_WORDS[row["grade"]], FEW if row["small"] else "", HIDDEN if row["hidden"] else ""]
    if row["known"] < 1.0 - 1e-9:
        said.append(f"Known for {100 * row['known']:.0f}% of it.")
    return " ".join(part for part in said if part)


def like(names: Sequence[str], among: int, *, most: int = 5) -> str:
    """Name the areas most like one, the nearest first."""
    shown = [str(name) for name in names[:most]]
    listed = " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
    return f"Most like it of {among:,} others: {listed}."


def over_years(
    row: Mapping[str, Any], years: tuple[int, int], unit: str, direction: str, where: str = ""
) -> str:
    """Say how a figure moved over years.

    Parameters
    ----------
    row
        `slope` a year, `trend` and its interval `slope_low`, `slope_high`, as
        `indices.trends.trend` finds them.
    years
        First and last year with a figure.
    where
        Where the years are known for, if that is not the area itself.
    """
    if np.isnan(row["slope"]):
        return ""
    place = f" in {where}" if where else ""
    since = f"From {years[0]} to {years[1]}{place}"
    if row["slope_low"] <= 0 <= row["slope_high"]:
        return f"{since}: no clear trend."
    rising = row["slope"] > 0
    worse = {"high is worse": rising, "low is worse": not rising}.get(direction)
    meaning = "" if worse is None else ", getting worse" if worse else ", getting better"
    size = plain(abs(row["slope"])) + (" percentage points" if unit.startswith("%") else "")
    return f"{since}: {'rising' if rising else 'falling'} by about {size} a year{meaning}."
