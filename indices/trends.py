"""Follows measures over years: trend, baseline projection, target, floor, and gap to others.

In: a table with a row for each area and year and the measures in it. Out: for each measure a
`Series`, its anomalies set aside; and by area where it stands, where it is heading if nothing
changes, and whether it closes the gap to the place and to the country.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import stdtr, stdtrit

from geo.errors import Faults
from indices import anomalies, inputs, intervals, yearly_shown
from indices.change_errors import YearFault
from indices.errors import MissingIndicatorColumn, UnknownAreas
from indices.measures import Measure, Measures

Floats = npt.NDArray[np.float64]

WORSENING, IMPROVING, UNCLEAR = "worsening", "improving", "no clear trend"
NARROWING, WIDENING, AHEAD = "narrowing", "widening", "no worse than the other"
ON_COURSE, OPEN, OFF_COURSE = "on course", "may be reached", "not on course"
# Fewer years have a slope, but no interval worth the name.
FEWEST = 4
YEAR = r"[12]\d{3}"


@dataclass(frozen=True, eq=False, repr=False)
class Series:
    """One measure by area (rows) and year (columns), in its unit.

    Attributes
    ----------
    values
        What is measured; missing where unknown or set aside as an anomaly.
    events, people
        The counts behind it, or None.
    low, high
        The 95 % interval that chance leaves, missing where there are no counts.
    flags
        What the disclosure rule of its source did: "", "rounded" or "hidden" (then missing).
    """

    measure: Measure
    values: pd.DataFrame
    events: pd.DataFrame | None
    people: pd.DataFrame | None
    low: pd.DataFrame
    high: pd.DataFrame
    flags: pd.DataFrame

    def __repr__(self) -> str:
        years = self.values.columns
        return f"<Series {self.measure.id}: {len(self.values):,} areas, {years[0]} to {years[-1]}>"

    def at(self, year: int, *, level: float = 0.95) -> pd.DataFrame:
        """Return `rate`, `low` and `high` of one year at another level of confidence."""
        if self.events is None or self.people is None:
            missing = pd.Series(np.nan, index=self.values.index)
            return pd.DataFrame({"rate": self.values[year], "low": missing, "high": missing})
        return _interval(self.measure, self.events[year], self.people[year], level)

    @property
    def latest(self) -> pd.Series:
        """Last year in which each area has a value."""
        known = self.values.notna()
        last = known.iloc[:, ::-1].idxmax(axis=1).where(known.any(axis=1))
        return last.rename("year")


@dataclass(frozen=True, eq=False)
class Gathered:
    """Every series of a table, and what was set aside with the reason."""

    measures: Measures
    series: Mapping[str, Series]
    anomalies: pd.DataFrame
    names: pd.Series


def gather(measures: Measures, table: pd.DataFrame, *, code: str, year: str) -> Gathered:
    """Read every measure from a table of years, with anomalies found, set aside and listed.

    Parameters
    ----------
    table
        A row an area and year: the columns `code` and `year`, those the measures name, and perhaps
        `name`. Rows of the place and of the country stand among the areas under their codes; the
        place's are added up where it has none and its measure is counted.

    Raises
    ------
    CodesNotText, YearFault, MissingIndicatorColumn, NotANumber, UnknownAreas
        What is wrong with the table; several faults come together.
    """
    faults = Faults("figures by year")
    absent = [name for name in (code, year) if name not in table]
    if absent:
        raise MissingIndicatorColumn("figures by year", found=absent)
    codes = table[code].astype("str").str.strip()
    inputs.check_codes(pd.Index(codes.unique()), faults, where=f"column {code}")
    years = _years(table[year], codes, faults)
    needed = dict.fromkeys(column for measure in measures for column in measure.columns)
    lost = [column for column in needed if column not in table]
    if lost:
        faults.add(MissingIndicatorColumn("figures by year", found=lost))
    columns: dict[str, pd.Series] = {}
    for column in needed:
        if column in table:
            with faults.catch():
                columns[column] = inputs.numbers(
                    table[column].set_axis(codes + ", " + years.astype("str")),
                    where=f"column {column}",
                )
    if measures.country is not None and not (codes == measures.country).any():
        faults.add(UnknownAreas("country", found=[measures.country]))
    faults.raise_any()
    at = pd.MultiIndex.from_arrays([codes, years], names=["code", "year"])
    wide = {
        column: values.set_axis(at).unstack("year").reindex(index=codes.unique()).sort_index(axis=1)
        for column, values in columns.items()
    }
    found = {measure.id: _series(measure, wide, measures) for measure in measures}
    named = table["name"].set_axis(codes) if "name" in table else codes.set_axis(codes)
    if measures.place not in named.index:
        named = pd.concat([named, pd.Series({measures.place: measures.place_name})])
    return Gathered(
        measures=measures,
        series={id: series for id, (series, _) in found.items()},
        anomalies=pd.concat([odd for _, odd in found.values()], ignore_index=True),
        names=named[~named.index.duplicated()].rename("name"),
    )


def trend(values: pd.DataFrame, *, sign: float = 1.0, level: float = 0.95) -> pd.DataFrame:
    """Fit a straight line to each row by least squares.

    With n years x, `b = Sxy/Sxx`, residual variance `s2 = (Syy - b Sxy)/(n - 2)`, standard error
    `s/sqrt(Sxx)` and Student's t with n - 2 degrees of freedom. Years are taken as independent
    around the line, which short yearly series seldom let one test. Status: common.

    Parameters
    ----------
    values
        Areas by years; gaps are passed over.
    sign
        1 where high is worse, -1 where low is.

    Returns
    -------
    By area: `years` (how many), `slope` a year, `slope_low`, `slope_high`, `p` (two-sided), and
    `trend`: worsening or improving where the interval leaves zero out, else no clear trend.
    Areas with fewer than four years have no slope.
    """
    fit = _fit(values)
    reach = stdtrit(fit["df"], 0.5 + level / 2.0) * fit["error"]
    table = pd.DataFrame(
        {
            "years": fit["n"].astype("int64"),
            "slope": fit["slope"],
            "slope_low": fit["slope"] - reach,
            "slope_high": fit["slope"] + reach,
            "p": _p(fit),
        },
        index=values.index,
    )
    table["trend"] = _ways(table, sign, (WORSENING, IMPROVING, UNCLEAR))
    return table


def project(
    values: pd.DataFrame,
    year: int,
    *,
    bounds: tuple[float, float] = (-np.inf, np.inf),
    level: float = 0.95,
) -> pd.DataFrame:
    """Extend the line of each row to a year: where it is heading if nothing changes.

    `y = a + b x0`, interval `y -+ t_(n-2) s sqrt(1 + 1/n + (x0 - mean x)^2 / Sxx)`, which is that
    of a single new year. Ends beyond what the unit allows are brought back to it. Status: common.

    Returns
    -------
    By area: `projected`, `projected_low`, `projected_high`.
    """
    fit = _fit(values)
    y = fit["mean"] + fit["slope"] * (year - fit["x"])
    spread = np.sqrt(1.0 + 1.0 / fit["n"].clip(lower=1) + (year - fit["x"]) ** 2 / fit["sxx"])
    reach = stdtrit(fit["df"], 0.5 + level / 2.0) * fit["s"] * spread
    table = {"projected": y, "projected_low": y - reach, "projected_high": y + reach}
    return pd.DataFrame(table, index=values.index).clip(*bounds)


def against_target(projection: pd.DataFrame, target: float, *, sign: float = 1.0) -> pd.Series:
    """Say of each projection whether the target lies in its interval or to which side of it.

    `on course` where even the worse end meets the target, `not on course` where even the better
    end misses it, `may be reached` between; missing without a projection.
    """
    low, high = projection["projected_low"], projection["projected_high"]
    worse, better = (high, low) if sign > 0 else (low, high)
    met, missed = sign * (worse - target) <= 0, sign * (better - target) > 0
    said = np.select([low.isna(), met, missed], ["", ON_COURSE, OFF_COURSE], OPEN)
    return pd.Series(said, index=projection.index, name="target", dtype="str")


def gap(
    values: pd.DataFrame, other: pd.Series, *, sign: float = 1.0, level: float = 0.95
) -> pd.DataFrame:
    """Follow the distance of each area to another one, such as the place or the country.

    `gap_t = sign (y_t - other_t)`, positive where the area is worse, with the line of `trend`
    through it. A gap narrows where the area is worse and the interval of the slope lies below
    zero. `ratio` is the area's value over the other's: where both fall, a gap can narrow in points
    and widen as a ratio, so that both are given. Status: common.

    Returns
    -------
    By area: `gap` and `ratio` of its last year, `gap_first` and `ratio_first` of its first,
    `gap_slope`, `gap_slope_low`, `gap_slope_high` and `gap_trend`.
    """
    distance = sign * values.sub(other.reindex(values.columns), axis=1)
    ratio = values.div(other.reindex(values.columns).replace(0.0, np.nan), axis=1)
    ratio = ratio.where(distance.notna())
    line = trend(distance, level=level)
    ordered = {"": distance.ffill(axis=1).iloc[:, -1], "_first": distance.bfill(axis=1).iloc[:, 0]}
    table = pd.DataFrame({f"gap{end}": column for end, column in ordered.items()})
    table["ratio"] = ratio.ffill(axis=1).iloc[:, -1]
    table["ratio_first"] = ratio.bfill(axis=1).iloc[:, 0]
    for name in ("slope", "slope_low", "slope_high"):
        table[f"gap_{name}"] = line[name]
    moved = line["trend"].map({WORSENING: WIDENING, IMPROVING: NARROWING, UNCLEAR: UNCLEAR})
    ahead = (table["gap"] <= 0) & (moved != WIDENING)
    table["gap_trend"] = moved.mask(ahead, AHEAD).astype("str")
    return table


def _years(column: pd.Series, codes: pd.Series, faults: Faults) -> pd.Series:
    text = column.astype("str").str.strip()
    wrong = ~text.str.fullmatch(YEAR)
    if wrong.any():
        faults.add(YearFault(f"column {column.name}", found=text[wrong].unique()))
        return pd.Series(0, index=column.index)
    twice = pd.DataFrame({"code": codes, "year": text}).duplicated()
    if twice.any():
        found = (codes + " in " + text)[twice].tolist()
        faults.add(YearFault(f"column {column.name}", found=found, detail="more than one row"))
    return text.astype("int64")


def _series(
    measure: Measure, wide: Mapping[str, pd.DataFrame], measures: Measures
) -> tuple[Series, pd.DataFrame]:
    """Make one series, its anomalies set aside."""
    parts = {column: wide[column].copy() for column in measure.columns}
    first = next(iter(parts.values()))
    odd = anomalies.impossible(measure, parts, first)
    _blank(parts, odd)
    more = anomalies.unlikely(measure, parts, _values(measure, parts))
    _blank(parts, more)
    if measure.counted:
        _add_up(measure, parts, measures)
    listed = pd.concat([odd, more], ignore_index=True)
    flags = pd.DataFrame("", index=first.index, columns=first.columns, dtype="str")
    if measure.numerator is not None:
        counts = parts[measure.numerator]
        beside = [code for code in (measures.country,) if code is not None]
        shown, flags = yearly_shown.hide(measure, counts, place=measures.place, beside=beside)
        if shown is not counts:
            # What a slip of the data was might be a count that nobody may see.
            parts[measure.numerator], listed["value"] = shown, np.nan
            if measure.counted and measure.part_of_denominator:
                # Rounding must not count more people than there are.
                n = parts[str(measure.denominator)]
                parts[measure.numerator] = shown.mask(shown > n, n)
    values = _values(measure, parts)
    events = people = None
    low = high = pd.DataFrame(np.nan, index=values.index, columns=values.columns)
    if measure.counted:
        events, people = parts[str(measure.numerator)], parts[str(measure.denominator)]
        ends = _interval(measure, _long(events), _long(people), 0.95)
        low, high = (
            pd.DataFrame(
                ends[end].to_numpy().reshape(values.shape),
                index=values.index, columns=values.columns,
            )
            for end in ("low", "high")
        )  # fmt: skip
    return Series(measure, values, events, people, low, high, flags), listed


def _values(measure: Measure, parts: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    if not measure.counted:
        return next(iter(parts.values()))
    n = parts[str(measure.denominator)]
    return measure.per * parts[str(measure.numerator)] / n.where(n > 0)


def _blank(parts: Mapping[str, pd.DataFrame], odd: pd.DataFrame) -> None:
    """Take the anomalies of a measure out of all its parts."""
    for code, year in zip(odd["code"], odd["year"], strict=True):
        for table in parts.values():
            table.loc[code, year] = np.nan


def _add_up(measure: Measure, parts: dict[str, pd.DataFrame], measures: Measures) -> None:
    """Give the place the sum of its areas where the table has no row of it."""
    if measures.place in next(iter(parts.values())).index:
        return
    r, n = parts[str(measure.numerator)], parts[str(measure.denominator)]
    known = r.notna() & n.notna()
    for column, table in parts.items():
        mine = table.where(known).drop(index=measures.country or "", errors="ignore")
        table.loc[measures.place] = mine.sum(min_count=1)
        parts[column] = table


def _long(wide: pd.DataFrame) -> pd.Series:
    """Return a table of areas by years row by row, each value under its area and year."""
    index = [f"{code} in {year}" for code in wide.index for year in wide.columns]
    return pd.Series(wide.to_numpy().ravel(), index=pd.Index(index, name=wide.index.name))


def _interval(measure: Measure, events: pd.Series, people: pd.Series, level: float) -> pd.DataFrame:
    """Return value, low and high in the unit; a survey counts by its effective sample."""
    method = intervals.wilson if measure.part_of_denominator else intervals.byar
    size = people.where(people > 0) / measure.design_effect
    found = method(events / measure.design_effect, size, level=level)
    return found * measure.per


def _fit(values: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the least-squares line of each row from its known years."""
    y = values.to_numpy(dtype=float)
    known = np.isfinite(y)
    x = np.where(known, values.columns.to_numpy(dtype=float)[None, :], np.nan)
    n = known.sum(axis=1)
    enough = n >= FEWEST
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_x = np.nansum(x, axis=1) / n
        mean_y = np.nansum(np.where(known, y, 0.0), axis=1) / n
        dx, dy = x - mean_x[:, None], np.where(known, y, np.nan) - mean_y[:, None]
        sxx, sxy = np.nansum(dx * dx, axis=1), np.nansum(dx * dy, axis=1)
        slope = sxy / sxx
        left = np.nansum((dy - slope[:, None] * dx) ** 2, axis=1)
        s = np.sqrt(left / (n - 2))
        columns: dict[str, Sequence[float] | Floats] = {
            "slope": slope,
            "error": s / np.sqrt(sxx),
            "s": s,
            "mean": mean_y,
            "x": mean_x,
            "sxx": sxx,
        }
    index = values.index
    found = {
        name: pd.Series(np.where(enough, column, np.nan), index=index)
        for name, column in columns.items()
    }
    found["n"] = pd.Series(n, index=index)
    found["df"] = pd.Series(np.where(enough, n - 2.0, np.nan), index=index)
    return found


def _p(fit: Mapping[str, pd.Series]) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.abs(fit["slope"].to_numpy() / fit["error"].to_numpy())
    # A line without any residual and without any slope is no sign of a trend.
    ratio = np.where(fit["slope"].to_numpy() == 0, 0.0, ratio)
    return np.asarray(2.0 * stdtr(fit["df"].to_numpy(), -ratio), dtype=float)


def _ways(table: pd.DataFrame, sign: float, names: tuple[str, str, str]) -> pd.Series:
    """Name the way of each slope, where its interval leaves zero out."""
    up, down = table["slope_low"] > 0, table["slope_high"] < 0
    worse, better = (up, down) if sign > 0 else (down, up)
    said = np.select([worse, better], names[:2], names[2])
    return pd.Series(said, index=table.index, dtype="str")
