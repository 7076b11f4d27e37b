"""Raises red flags: which figure of which area needs somebody's eye, why, and who does what next.

In: the series of a table, and the contributions that services name. Out: a full list for officers,
an exception list for a board, and the anomalies apart from both. What tells how a population fares
and what tells how a service performs never share a list.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from geo.errors import Faults
from indices import funnel, trends
from indices import reasons as rules
from indices.change_errors import ContributionFault
from indices.measures import About, Measure
from indices.reasons import AMBER, LEVELS, RED
from indices.shown import heaviest
from indices.trends import Gathered, Series

NOBODY = "no contribution is named"
CONTRIBUTION = ("measure", "code", "organisation", "contribution", "next_action", "by")
ABOUT: dict[About, str] = {
    "population": "outcome of a population",
    "service": "performance of a service",
}


@dataclass(frozen=True, eq=False, repr=False)
class Flags:
    """What needs an eye.

    Attributes
    ----------
    full
        For officers: a row for each measure and area, with `flag` red, amber or empty, `reasons`,
        where it stands and where it is heading, and the contribution named.
    reasons
        A row for each reason of each flag.
    anomalies
        What was set aside before any flag was raised.
    """

    full: pd.DataFrame
    reasons: pd.DataFrame
    anomalies: pd.DataFrame

    def __repr__(self) -> str:
        red = int((self.full["flag"] == RED).sum())
        return (
            f"<Flags: {red:,} red of {len(self.full):,} figures, "
            f"{len(self.anomalies):,} anomalies apart>"
        )

    def board(self, about: About | None = None) -> pd.DataFrame:
        """Return the exception list: red flags only, of outcomes or of performance alone if asked.

        Outcomes of the population come first, then services; within a theme surveys stand beside
        the counts.
        """
        chosen = self.full[self.full["flag"] == RED]
        if about is not None:
            chosen = chosen[chosen["about"] == ABOUT[about]]
        return chosen[list(BOARD)].reset_index(drop=True)


BOARD = (
    "about", "theme", "measure", "title", "kind", "code", "name", "year", "value", "unit",
    "reasons", "organisation", "contribution", "next_action", "by",
)  # fmt: skip


def raise_flags(gathered: Gathered, contributions: pd.DataFrame | None = None) -> Flags:
    """Judge every area of every measure by its last year.

    Reasons, each only on the worse side and only where it exceeds what chance leaves: `floor`, the
    interval lies wholly beyond the floor standard; `funnel`, beyond the limits around the place's
    rate; `trend`, the line worsens; `target`, the projection misses it (red for the place itself
    only, whose target it is); `gap to the place` and `gap to the country`, they widen; `chart`,
    the last year stands out of the area's own years. Red is judged at 99.8 %, amber at 95 %; a
    chart alone is amber. Status: own.

    Parameters
    ----------
    contributions
        What `read_contributions` returned; flags without one say so.
    """
    found: list[pd.DataFrame] = []
    standing: list[pd.DataFrame] = []
    for series in gathered.series.values():
        found.append(rules.reasons(series, gathered.measures))
        standing.append(_standing(series, gathered))
    reasons = pd.concat(found, ignore_index=True)
    # What is red comes first in the sentence of a figure.
    reasons = reasons.sort_values(
        "flag", key=lambda flag: flag != RED, kind="stable", ignore_index=True
    )
    full = pd.concat(standing, ignore_index=True)
    keys = ["measure", "code"]
    worst = reasons.assign(red=reasons["flag"] == RED).groupby(keys, sort=False)
    said = pd.DataFrame(
        {
            "flag": worst["red"].any().map({True: RED, False: AMBER}),
            "reasons": worst["reason"].agg("; ".join),
        }
    )
    full = full.merge(said.reset_index(), on=keys, how="left")
    full[["flag", "reasons"]] = full[["flag", "reasons"]].fillna("").astype("str")
    full = _with_contributions(full, contributions)
    order = ["about", "theme", "kind", "measure", "code"]
    full = full.sort_values(order, ignore_index=True, kind="stable")
    return Flags(full, reasons, gathered.anomalies)


def read_contributions(table: pd.DataFrame, gathered: Gathered) -> pd.DataFrame:
    """Check a table of contributions: `measure,code,organisation,contribution,next_action,by`.

    An empty code stands for every area. Organisations and services are named, never people.

    Raises
    ------
    ContributionFault
        Columns are missing, or rows name a measure or an area that there is not, or lack an
        organisation, a contribution or a next action; all of them together.
    """
    faults = Faults("contributions")
    absent = [column for column in CONTRIBUTION[:-1] if column not in table]
    if absent:
        raise ContributionFault("contributions", found=absent, detail="columns are missing")
    rows = table.reindex(columns=list(CONTRIBUTION)).fillna("").astype("str")
    rows = rows.apply(lambda column: column.str.strip())
    known = {str(code) for series in gathered.series.values() for code in series.values.index}
    for column, wrong in (
        ("measure", ~rows["measure"].isin(list(gathered.series))),
        ("code", (rows["code"] != "") & ~rows["code"].isin(known)),
    ):
        if wrong.any():
            found = rows.loc[wrong, column].tolist()
            faults.add(ContributionFault(f"column {column}", found=found, detail="not known"))
    for column in ("organisation", "contribution", "next_action"):
        blank = (rows[column] == "").to_numpy()
        if blank.any():
            lines = [f"line {at + 2}" for at in np.flatnonzero(blank)]
            faults.add(ContributionFault(f"column {column}", found=lines, detail="empty"))
    faults.raise_any()
    return rows


def history(gathered: Gathered) -> pd.DataFrame:
    """Return every figure of every year with the chart of its area's own years.

    Returns
    -------
    A row a measure, area and year: `value` with `low` and `high`, the interval that chance leaves,
    and `centre`, `chart_low`, `chart_high` and `signal` of `indices.funnel.xmr`, empty where fewer
    than six years are known, and `disclosure`: rounded or hidden by the rule of its source. A
    figure that was set aside is missing.
    """
    tables = []
    for series in gathered.series.values():
        parts = {"value": series.values, "low": series.low, "high": series.high, **_charts(series)}
        parts["disclosure"] = series.flags
        long = pd.DataFrame({name: wide.stack() for name, wide in parts.items()})
        long = long.rename_axis(["code", "year"]).reset_index()
        long["signal"] = long["signal"].fillna("").astype("str")
        long.insert(0, "measure", series.measure.id)
        long.insert(2, "name", gathered.names.reindex(long["code"]).fillna("").to_numpy())
        tables.append(long)
    return pd.concat(tables, ignore_index=True)


def _charts(series: Series) -> dict[str, pd.DataFrame]:
    """Return the charts of a series' areas as tables of areas by years."""
    values = series.values
    long_enough = values.index[values.notna().sum(axis=1) >= rules.CHART_FROM]
    found = {code: funnel.xmr(values.T[code]) for code in long_enough}
    names = {"centre": "centre", "chart_low": "low", "chart_high": "high", "signal": "signal"}
    return {
        called: pd.DataFrame({code: chart[name] for code, chart in found.items()})
        .reindex(index=values.columns, columns=values.index)
        .T
        for called, name in names.items()
    }


def _with_contributions(full: pd.DataFrame, contributions: pd.DataFrame | None) -> pd.DataFrame:
    """Put beside each figure what is named for its area, or else for the whole place."""
    columns = list(CONTRIBUTION[2:])
    if contributions is None:
        return full.assign(**dict.fromkeys(columns, "")).assign(contribution=NOBODY)
    joined = contributions.groupby(["measure", "code"], sort=False)[columns].agg("; ".join)
    own = joined.reindex(pd.MultiIndex.from_frame(full[["measure", "code"]]))
    general = joined.reindex(pd.MultiIndex.from_arrays([full["measure"], [""] * len(full)]))
    for column in columns:
        mine = pd.Series(own[column].to_numpy(), index=full.index)
        others = pd.Series(general[column].to_numpy(), index=full.index)
        full[column] = mine.fillna(others).fillna("").astype("str")
    full["contribution"] = full["contribution"].mask(full["contribution"] == "", NOBODY)
    return full


def _standing(series: Series, gathered: Gathered) -> pd.DataFrame:
    """Return where each area of a measure stands, a row an area; the country is a comparison."""
    measure, of = series.measure, gathered.measures
    last = series.latest.dropna().astype("int64").drop(index=of.country or "", errors="ignore")
    codes = [str(code) for code in last.index]
    years = [int(year) for year in last]
    table = pd.DataFrame(
        {
            "about": ABOUT[measure.about],
            "theme": measure.theme,
            "measure": measure.id,
            "title": measure.title,
            "kind": measure.kind,
            "service": measure.service or "",
            "code": codes,
            "name": gathered.names.reindex(codes).fillna("").to_numpy(),
            "year": years,
            "unit": measure.unit,
        }
    )
    for column, wide in (("value", series.values), ("low", series.low), ("high", series.high)):
        table[column] = _cells(wide, codes, years)
    table["disclosure"] = heaviest(series.flags).reindex(codes).to_numpy()
    line = trends.trend(series.values, sign=measure.sign)
    _beside(table, line, {name: name for name in ("slope", "slope_low", "slope_high", "trend")})
    table["floor"] = np.nan if measure.floor is None else measure.floor
    table["target"] = np.nan if measure.target is None else measure.target
    return _comparisons(table, series, measure, gathered)


def _comparisons(
    table: pd.DataFrame, series: Series, measure: Measure, gathered: Gathered
) -> pd.DataFrame:
    """Add where each area is heading, and its gaps to the place and to the country."""
    level, of = LEVELS[AMBER], gathered.measures
    ahead = rules.projection(series, level)
    ends = ("projected", "projected_low", "projected_high")
    _beside(table, ahead, {name: name for name in ends})
    table["heading"] = ""
    if ahead is not None:
        _beside(table, rules.heading(measure, ahead).to_frame("way"), {"way": "heading"})
    for name, code in (("place", of.place), ("country", of.country)):
        there = code is not None and code in series.values.index
        found = rules.gap_to(series, str(code), level) if there else None
        _beside(table, found, {"gap": f"gap_{name}", "ratio": f"ratio_{name}"})
        table[f"gap_to_{name}"] = ""
        if found is not None:
            _beside(table, found, {"gap_trend": f"gap_to_{name}"})
    return table


def _beside(table: pd.DataFrame, found: pd.DataFrame | None, names: dict[str, str]) -> None:
    """Put columns found by area beside the rows of a table, under new names."""
    for name, called in names.items():
        column = None if found is None else found[name].reindex(table["code"]).to_numpy()
        table[called] = np.nan if column is None else column


def _cells(wide: pd.DataFrame, codes: list[str], years: list[int]) -> np.ndarray:
    rows, columns = (
        wide.index.get_indexer(pd.Index(codes)),
        wide.columns.get_indexer(pd.Index(years)),
    )
    return np.asarray(wide.to_numpy(dtype=float)[rows, columns], dtype=float)
