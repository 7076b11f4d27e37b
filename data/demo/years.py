"""The yearly figures of the demo place, with the truth behind them.

In: the households of today, by ward. Out: a table of counts by ward and year, and a list of what
was put into it: which wards truly worsen, improve, jump or fall behind, and which figures are
slips of the data. Every other ward follows the common path, and differs from it by chance alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from data.demo.arrays import Floats
from data.demo.noise import chance

FIRST, LAST = 2016, 2025
YEARS = tuple(range(FIRST, LAST + 1))
PLACE, COUNTRY = "F07000001", "F92000001"
# People of the country for one of the place, so that chance plays no part in its row.
COUNTRY_SIZE = 300
GROWTH = 1.004

HERE = Path(__file__).parent
MEASURES, CONTRIBUTIONS = HERE / "measures.toml", HERE / "contributions.csv"


@dataclass(frozen=True)
class Way:
    """How one numerator is made: of whom, at what rate, and how that rate moves in a year."""

    numerator: str
    denominator: str
    yearly: float
    rate: float | None = None
    people: float | None = None
    part: bool = True


# Yearly: the factor by which the common rate changes. Where a rate stands, the measure is not
# among the households' hardships and every ward has it; `people` is the share of households asked.
PATHS = (
    Way("out_of_work", "working_age", 0.985),
    Way("absent_pupils", "aged_5_15", 1.0),
    Way("emergency_admissions", "residents", 1.005, part=False),
    Way("crimes", "residents", 0.97, part=False),
    Way("feel_safe", "asked_safety", 1.0, rate=0.68, people=0.12),
    Way("late_repairs", "repairs", 0.98, rate=0.11, people=0.35),
    Way("missed_bins", "households", 1.0, rate=0.05, part=False),
    Way("satisfied_streets", "asked_streets", 1.0, rate=0.72, people=0.12),
)

# What is put in: kind, numerator, which ward (by its place in the order of codes), and how much.
# A factor a year for what moves, a factor in the year named for what jumps or slips.
STORIES: tuple[tuple[str, str, int, float, int], ...] = (
    ("worsening", "out_of_work", 2, 1.09, 0),
    ("worsening", "emergency_admissions", 9, 1.08, 0),
    ("improving", "absent_pupils", 14, 0.93, 0),
    ("falling behind", "crimes", 17, 1.0, 0),
    ("jump", "missed_bins", 4, 2.2, LAST),
    ("far off", "late_repairs", 11, 2.5, 0),
    ("far off", "satisfied_streets", 4, 0.72, 0),
    ("spike", "crimes", 6, 3.0, 2020),
    ("spike", "emergency_admissions", 20, 0.25, 2018),
    ("hundredfold", "out_of_work", 8, 0.01, 2022),
    ("impossible", "late_repairs", 19, 0.0, 2017),
    ("not counted again", "emergency_admissions", 12, 0.0, 2023),
)
SLIPS = ("spike", "hundredfold", "impossible", "not counted again")


def yearly(totals: pd.DataFrame, names: pd.Series, *, seed: int) -> pd.DataFrame:
    """Return the counts of every ward, the place and the country in every year.

    Parameters
    ----------
    totals
        Counts of today by ward, sorted by code: what `tables.counts` returns.
    names
        Name of each ward.
    """
    rng = chance(seed, "years")
    steps = np.arange(FIRST - LAST, 1, dtype=float)
    columns: dict[str, Floats] = {}
    truth: dict[str, tuple[float, Floats]] = {}
    for path in PATHS:
        if path.denominator not in columns:
            today = _people(totals, path)
            columns[path.denominator] = np.round(today[:, None] * GROWTH**steps)
        n = columns[path.denominator]
        rate = _rates(totals, path, steps)
        truth[path.numerator] = _common(totals, path, steps)
        columns[path.numerator] = _count(rng, n, rate, part=path.part)
        if path.rate is None:
            # The last year is the place of today, counted household by household.
            columns[path.numerator][:, -1] = totals[path.numerator].to_numpy(dtype=float)
    for numerator, rows, story in _by_story():
        _slip(columns, numerator, rows, *story)
    table = _long(columns, totals.index, names)
    return pd.concat([table, _country(columns, truth)], ignore_index=True)


def truths(totals: pd.DataFrame) -> pd.DataFrame:
    """Return what was put into the figures: measure's column, ward, kind and year (0: all)."""
    rows = [
        (numerator, str(totals.index[ward]), kind, year if kind in (*SLIPS, "jump") else 0)
        for kind, numerator, ward, _, year in STORIES
    ]
    return pd.DataFrame(rows, columns=["column", "code", "kind", "year"])


def _people(totals: pd.DataFrame, path: Way) -> Floats:
    """Return the people (or repairs, or people asked) of today by ward."""
    if path.people is None:
        return totals[path.denominator].to_numpy(dtype=float)
    return np.round(path.people * totals["households"].to_numpy(dtype=float))


def _rates(totals: pd.DataFrame, path: Way, steps: Floats) -> Floats:
    """Return the true rate of every ward and year: its own of today on the common path."""
    own = np.full(len(totals), path.rate or 0.0)
    if path.rate is None:
        counted, people = totals[path.numerator], totals[path.denominator]
        own = counted.to_numpy(dtype=float) / people.to_numpy(dtype=float)
    rate = own[:, None] * path.yearly ** steps[None, :]
    for kind, numerator, ward, factor, year in STORIES:
        if numerator != path.numerator:
            continue
        if kind in ("worsening", "improving", "falling behind"):
            rate[ward] = own[ward] * factor**steps
        elif kind == "far off":
            rate[ward] *= factor
        elif kind == "jump":
            rate[ward, YEARS.index(year)] *= factor
    return rate


def _common(totals: pd.DataFrame, path: Way, steps: Floats) -> tuple[float, Floats]:
    """Return people of the place today and the common rate of every year, for the country."""
    people = float(_people(totals, path).sum())
    today = path.rate
    if today is None:
        today = float(totals[path.numerator].sum() / totals[path.denominator].sum())
    return people, today * path.yearly**steps


def _count(rng: np.random.Generator, n: Floats, rate: Floats, *, part: bool) -> Floats:
    if part:
        return rng.binomial(n.astype(np.int64), np.clip(rate, 0.0, 1.0)).astype(float)
    return rng.poisson(n * rate).astype(float)


def _by_story() -> list[tuple[str, int, tuple[str, float, int]]]:
    return [
        (numerator, ward, (kind, factor, year))
        for kind, numerator, ward, factor, year in STORIES
        if kind in SLIPS
    ]


def _slip(
    columns: dict[str, Floats], numerator: str, ward: int, kind: str, factor: float, year: int
) -> None:
    """Put one slip of the data into the figures."""
    of = next(path.denominator for path in PATHS if path.numerator == numerator)
    at = YEARS.index(year)
    if kind == "impossible":
        columns[numerator][ward, at] = columns[of][ward, at] + 7
    elif kind == "not counted again":
        # The people of that year are the column of several measures and stay as they are, but for
        # this one ward, whose figures were all handed in again.
        for name in (numerator, of):
            columns[name][ward, at] = columns[name][ward, at - 1]
    else:
        columns[numerator][ward, at] = np.round(columns[numerator][ward, at] * factor)


def _long(columns: dict[str, Floats], codes: pd.Index, names: pd.Series) -> pd.DataFrame:
    """Return a row a ward and year."""
    index = pd.MultiIndex.from_product([codes, YEARS], names=["code", "year"])
    counts = {name: values.ravel().astype(np.int64) for name, values in columns.items()}
    table = pd.DataFrame(counts, index=index).reset_index()
    table.insert(1, "name", names.reindex(table["code"]).to_numpy())
    return table


def _country(columns: dict[str, Floats], truth: dict[str, tuple[float, Floats]]) -> pd.DataFrame:
    """Return the rows of the country: the common rates of a place hundreds of times the size."""
    table = pd.DataFrame({"code": COUNTRY, "name": "The country", "year": YEARS})
    for path in PATHS:
        people, rate = truth[path.numerator]
        growth = columns[path.denominator].sum(axis=0) / columns[path.denominator].sum(axis=0)[-1]
        n = np.round(COUNTRY_SIZE * people * growth)
        table[path.denominator] = n.astype(np.int64)
        table[path.numerator] = np.round(n * rate).astype(np.int64)
    return table
