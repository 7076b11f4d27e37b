"""Prices: money of one year in the prices of another, and what must not be compared in silence.

In: pence and two years; or streams. Out: pence in real terms with the index they were made by; or
sentences that say what of years, statuses, kinds and price bases is mixed.

The index is `parameters/deflators.toml`, dated and referenced.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from budgets.money import Int64
from budgets.phrases import listed
from budgets.streams_columns import CASH, is_year
from budgets.streams_errors import UnknownDeflator

PARAMETERS = Path(__file__).parent / "parameters" / "deflators.toml"
# A financial year holds nine months of the year it begins in and three of the next.
FIRST_YEAR = 0.75
# What a line of each status or kind of money is, in the words that residents use.
STATUS_WORDS = {
    "budget": "planned (budget)",
    "forecast": "foreseen (forecast)",
    "outturn": "what was spent",
}
KIND_WORDS = {
    "revenue": "for running services (revenue)",
    "capital": "for building and buying (capital)",
    "housing account": "of the housing account",
    "benefit": "for benefits",
}


@dataclass(frozen=True, eq=False)
class RealTerms:
    """Money in the prices of another year.

    Attributes
    ----------
    pence
        int64, each amount rounded once, halves to the even penny.
    factor
        What each amount was multiplied by: `index(to) / index(from)`.
    sentence
        By which index, of which release, and whether it had to be estimated.
    estimated
        Whether a financial year was estimated from the two calendar years it lies in.
    """

    pence: Int64
    factor: float
    sentence: str
    estimated: bool


def real_terms(pence: pd.Series | np.ndarray | int, *, from_year: str, to_year: str) -> RealTerms:
    """Express money of one year in the prices of another.

    `real = cash x index(to) / index(from)`. Both years are taken from one series: the one of
    financial years where it has both, else the one of calendar years, where a financial year is
    estimated as 3/4 of the year in which it begins and 1/4 of the next [own]. A financial year
    beyond the calendar years goes on from the last one that both series have, by the published
    change of the financial series.

    Parameters
    ----------
    pence
        Whole pence, of any sign.
    from_year, to_year
        Years like `2017-18` (financial) or `2018` (calendar).

    Raises
    ------
    UnknownDeflator
        A year is not in the table.
    """
    amounts = np.atleast_1d(np.asarray(pence, dtype=np.int64))
    name, first, last, estimated = _index(from_year, to_year)
    factor = last / first
    table = deflators()[name]
    sentence = (
        f"Prices of {to_year}: {from_year} x {factor:.4f} by the {table['title']} "
        f"({table['release']}, {table['unit']}; {table['status']})."
    )
    if estimated:
        sentence += (
            " Financial years are estimated from the calendar years they lie in, later ones by the "
            "published change since; on the years for which both are published the two ways differ "
            "by up to 1.0 %."
        )
    return RealTerms(np.rint(amounts * factor).astype(np.int64), float(factor), sentence, estimated)


def in_prices_of(streams: pd.DataFrame, year: str) -> tuple[pd.Series, list[str]]:
    """Return the amount of every stream in the prices of one year, and how that was done.

    Each stream is brought there from its own price base: the year it names, or the financial year
    of the stream where it is in cash.

    Returns
    -------
    int64 Series `real_pence` by stream, and one sentence for each price base.

    Raises
    ------
    UnknownDeflator
        The year, or the price base of a stream, is not in the table.
    """
    bases = price_bases(streams)
    pence = streams["amount_pence"].to_numpy(dtype=np.int64, copy=True)
    said = []
    for base in dict.fromkeys(bases):
        if _plain(base) == _plain(year):
            continue
        mine = bases.to_numpy() == base
        found = real_terms(pence[mine], from_year=base, to_year=year)
        pence[mine] = found.pence
        said.append(found.sentence)
    return pd.Series(pence, index=streams.index, name="real_pence"), said


def price_bases(streams: pd.DataFrame) -> pd.Series:
    """Return the year in whose prices each stream is: its own year where it is in cash."""
    cash = streams["price_base"].isin(["", CASH])
    return streams["price_base"].where(~cash, streams["year"])


def comparable(streams: pd.DataFrame) -> list[str]:
    """Say in everyday sentences what is mixed in one table of streams; empty where nothing is."""
    said = []
    for column, words, why in (
        ("year", {}, "prices and services change from year to year"),
        ("status", STATUS_WORDS, "what was planned is not always what was spent"),
        ("kind", KIND_WORDS, "they are paid from different sources under different rules"),
    ):
        counts = streams[column].astype(object).value_counts(sort=False)
        if len(counts) > 1:
            said.append(f"{_listed(counts, words or 'for {}')}: {why}.")
    counts = price_bases(streams).astype(object).value_counts(sort=False)
    if len(counts) > 1:
        said.append(
            f"{_listed(counts, 'in prices of {}')}: bring them to the prices of one year before "
            "you compare them."
        )
    return said


@cache
def deflators() -> Mapping[str, Any]:
    """Read the table of price indices, by `financial` and `calendar`."""
    raw = tomllib.loads(PARAMETERS.read_text(encoding="utf-8"))
    return {name: raw[name] for name in ("financial", "calendar")}


def _index(from_year: str, to_year: str) -> tuple[str, float, float, bool]:
    """Return the series that has both years, its two figures, and whether any was estimated."""
    unread = [year for year in (from_year, to_year) if not is_year(year)]
    if unread:
        raise UnknownDeflator("deflators.toml", found=unread, detail="a year is like 2017-18")
    years = [_plain(from_year), _plain(to_year)]
    financial = deflators()["financial"]["index"]
    if all(year in financial for year in years):
        first, last = (float(financial[year]) for year in years)
        return "financial", first, last, False
    calendar = {int(year): float(value) for year, value in deflators()["calendar"]["index"].items()}
    figures = [_figure(year, calendar) for year in years]
    if None in figures:
        figures = _linked(years, financial, calendar)
    missing = [year for year, figure in zip(years, figures, strict=True) if figure is None]
    if missing:
        detail = f"it has {min(calendar)} to {max(calendar)}, and {max(financial)}"
        raise UnknownDeflator("deflators.toml", found=missing, detail=detail)
    first, last = (figure for figure in figures if figure is not None)
    return "calendar", first, last, any("-" in year for year in years)


def _linked(
    years: Sequence[str], financial: Mapping[str, float], calendar: Mapping[int, float]
) -> list[float | None]:
    """Bring years that only the financial series has into the calendar one.

    The link is the last financial year that both series have: the published change goes on from
    there.
    """
    both = {year: figure for year in financial if (figure := _figure(year, calendar)) is not None}
    link = max(both)
    return [
        both[link] * float(financial[year]) / float(financial[link])
        if (figure := _figure(year, calendar)) is None and year in financial
        else figure
        for year in years
    ]


def _figure(year: str, calendar: Mapping[int, float]) -> float | None:
    """Return the index of a year, None where a calendar year it needs is not there."""
    start, dash, _ = year.partition("-")
    first, second = calendar.get(int(start)), calendar.get(int(start) + 1)
    if not dash:
        return first
    if first is None or second is None:
        return None
    return FIRST_YEAR * first + (1 - FIRST_YEAR) * second


def _plain(year: str) -> str:
    """Write a financial year as 2017-18, whichever way it was written."""
    start, _, end = year.replace("/", "-").partition("-")
    return f"{start}-{end[-2:]}" if end else start


def _listed(counts: pd.Series, words: Mapping[str, str] | str) -> str:
    """Say how many lines are what, most first: `10 lines are what was spent, 1 is a budget`."""
    parts: list[str] = []
    for value, count in sorted(counts.items(), key=lambda item: (-item[1], str(item[0]))):
        said = words.format(value) if isinstance(words, str) else words.get(str(value), str(value))
        noun = "" if parts else " lines" if count > 1 else " line"
        parts.append(f"{count:,}{noun} {'are' if count > 1 else 'is'} {said}")
    return listed(parts)
