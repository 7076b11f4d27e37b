"""How figures are said in sentences: pounds, people, shares above a limit, lists.

In: numbers and words. Out: text as a person would say it. Exact figures stand in the tables.
"""

from __future__ import annotations

import datetime as dt
from itertools import takewhile

from budgets.money import format_pounds

WORTH_IT = 20  # letters that several sources begin with


def money(pounds: float) -> str:
    """Write pounds as one says them: £1.2 million, £340,000, £72."""
    size = abs(pounds)
    if size >= 999_500:
        return f"{'-' if pounds < 0 else ''}£{size / 1e6:,.1f} million"
    rounded = round(pounds, -3) if size >= 10_000 else round(pounds)
    return format_pounds(int(rounded) * 100, whole=True)


def listed(parts: list[str]) -> str:
    """Join words as one says them, `a, b and c`; of more than six the first five."""
    if len(parts) < 2:
        return "".join(parts)
    if len(parts) > 6:
        return f"{', '.join(parts[:5])} and {len(parts) - 5:,} more"
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def joined(sources: list[str]) -> str:
    """Join sources; what several of them begin with is said once."""
    parts = zip(*(source.split(", ") for source in sources), strict=False)
    same = [part[0] for part in takewhile(lambda part: len(set(part)) == 1, parts)]
    start = ", ".join(same) if len(sources) > 2 else ""
    if len(start) < WORTH_IT or start in sources:
        return "; ".join(sources)
    return f"{start}: {'; '.join(source[len(start) + 2 :] for source in sources)}"


def people(count: float) -> str:
    """Write people with two or three significant figures: nobody counts them to the last one."""
    digits = max(len(str(int(count))) - 3, 0)
    return f"{round(count, -digits):,.0f}"


def above(share: float, limit: float) -> str:
    """Write a share that is above a limit so that one sees that it is."""
    decimals = 0 if share >= 0.1 else 1
    while decimals < 6 and f"{share:.{decimals}%}" == f"{limit:.{decimals}%}":
        decimals += 1
    return f"{share:.{decimals}%}"


def day(on: dt.date) -> str:
    """Write a day as people do: 1 April 2018."""
    return f"{on.day} {on:%B %Y}"


def within(title: str) -> str:
    """Write a title as it stands within a sentence: `Wards (May 2025)` is wards, GP stays GP."""
    first, blank, rest = short(title).partition(" ")
    return f"{first if first[1:] != first[1:].lower() else first.lower()}{blank}{rest}"


def short(title: str) -> str:
    """Leave out what stands in brackets behind a title: `Wards (May 2025)` is Wards."""
    return title.partition(" (")[0]
