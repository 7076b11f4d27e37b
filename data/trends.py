"""Figures by year from files to files: trends, gaps, red flags and anomalies.

In: a place package with `[series]`, or a table with a file of measures. Out: the full list for
officers, and beside it the exception list for a board and the anomalies, with sentences on both.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from data import settings as place_settings
from data import sheets, tables
from data.errors import MissingChoice, MissingSetting
from data.indexing import DECIMALS, Written
from data.settings import SeriesSettings
from geo.errors import Faults
from indices import flags, measures, trends
from indices.flags import Flags
from indices.trends import Gathered


@dataclass(frozen=True)
class Source:
    """Where figures by year lie: the table, the file of measures, and who does what about them."""

    table: Path
    measures: Path
    contributions: Path | None = None
    code: str = "code"
    year: str = "year"


@dataclass(frozen=True)
class Beside:
    """Lists to write beside the full one.

    Attributes
    ----------
    board
        The exception list: red flags only.
    anomalies
        What was set aside before any flag was raised.
    years
        Every figure of every year, with its interval and the chart of its area's own years.
    """

    board: str | Path | None = None
    anomalies: str | Path | None = None
    years: str | Path | None = None


def of_place(folder: str | Path) -> Source:
    """Return where the figures by year of a place package lie.

    Raises
    ------
    MissingSetting
        Its place.toml has no `[series]`; or what `data.settings.read` finds.
    """
    folder = Path(folder)
    named = place_settings.read(folder).series
    if named is None:
        raise MissingSetting(f"{folder}, [series]", detail="the place has no figures by year")
    return of_settings(folder, named)


def of_settings(folder: Path, named: SeriesSettings) -> Source:
    """Return where the figures by year lie that a place.toml names."""
    told = named.contributions
    return Source(
        table=folder / named.file,
        measures=folder / named.measures,
        contributions=None if told is None else folder / told,
        code=named.code,
        year=named.year,
    )


def gather(source: Source) -> tuple[Gathered, pd.DataFrame | None]:
    """Read and check the figures by year, and the contributions where there are any.

    Raises
    ------
    CommonGroundError
        Whatever is wrong with the files; several faults come together.
    """
    faults = Faults("figures by year")
    defined = None
    with faults.catch():
        defined = measures.load(source.measures)
    frame = sheets.rows(source.table, code=[source.code], columns=[source.year], faults=faults)
    told = None
    if source.contributions is not None:
        where = source.contributions.name
        told = tables.read(source.contributions, where=where, faults=faults)
    if frame is not None:
        tables.check_codes(frame[source.code], where=source.table.name, faults=faults)
    faults.raise_any()
    assert defined is not None
    assert frame is not None  # a missing table has left a fault
    gathered = trends.gather(defined, frame, code=source.code, year=source.year)
    return gathered, None if told is None else flags.read_contributions(told, gathered)


def read(source: Source) -> tuple[Gathered, Flags]:
    """Read the figures by year as `gather` does, and judge them."""
    gathered, told = gather(source)
    return gathered, flags.raise_flags(gathered, told)


def trends_file(
    source: str | Path | Source, *, out: str | Path, beside: Beside | None = None
) -> Written:
    """Judge every area of every measure and write the full list for officers.

    Parameters
    ----------
    source
        Folder of a place package, or where table and measures lie.
    beside
        Further files: the exception list for a board, and the anomalies.

    Raises
    ------
    CommonGroundError
        Whatever is wrong with the files; several faults come together.
    """
    more = beside or Beside()
    for path in (out, more.board, more.anomalies, more.years):
        if path is not None:
            sheets.check_writable(path)
    if not isinstance(source, Source):
        if not Path(source).is_dir():
            detail = "a table of figures by year needs the file that says what they measure"
            raise MissingChoice("--measures", detail=detail)
        source = of_place(source)
    gathered, found = read(source)
    full = _rounded(found.full)
    board, odd = _rounded(found.board()), _rounded(found.anomalies)
    path = sheets.write(full, out)
    tables = [(board, more.board), (odd, more.anomalies)]
    if more.years is not None:
        tables.append((_rounded(flags.history(gathered)), more.years))
    for table, extra in tables:
        if extra is not None:
            sheets.write(table, extra)
    return Written(path, full, tuple(_said(gathered, found, board, more)))


def _said(gathered: Gathered, found: Flags, board: pd.DataFrame, more: Beside) -> list[str]:
    years = [year for series in gathered.series.values() for year in series.values.columns]
    by_colour = found.full["flag"].value_counts()
    kinds = board["about"].value_counts()
    outcomes = kinds.get(flags.ABOUT["population"], 0)
    services = kinds.get(flags.ABOUT["service"], 0)
    unnamed = int((board["contribution"] == flags.NOBODY).sum())
    head = (
        f"{len(gathered.series):,} measures, {found.full['code'].nunique():,} areas, "
        f"{min(years)} to {max(years)}: {by_colour.get('red', 0):,} red flags, "
        f"{by_colour.get('amber', 0):,} amber, of {len(found.full):,} figures."
    )
    apart = (
        f"Red are {outcomes:,} outcomes of the population and {services:,} figures of how services "
        "perform."
    )
    odd = (
        f"{len(found.anomalies):,} figures were set aside as anomalies before any flag was raised."
    )
    said = [head, apart, odd]
    if unnamed:
        said.append(f"Red flags without a contribution named beside them: {unnamed:,}.")
    if more.board is not None:
        said.append(f"Wrote the exception list for a board to {more.board}")
    if more.anomalies is not None:
        said.append(f"Wrote the anomalies to {more.anomalies}")
    if more.years is not None:
        said.append(f"Wrote every year with its chart to {more.years}")
    return said


def _rounded(table: pd.DataFrame) -> pd.DataFrame:
    columns = table.select_dtypes("float64").columns
    return table.assign(**{column: table[column].round(DECIMALS) for column in columns})
