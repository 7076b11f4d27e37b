"""The reasons for which a figure is flagged, each judged at one level of confidence.

In: one series, the codes it is compared with, and a level. Out: by area a sentence with the figures
behind it, for those areas only that are worse by more than chance leaves. The room behind
`indices.flags`.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from geo.codes import row_of
from indices import funnel, trends
from indices.measures import Measure, Measures
from indices.trends import Series

Colour = Literal["red", "amber"]
RED: Colour = "red"
AMBER: Colour = "amber"
# The same two tails as a funnel's limits: 19 of 20 for a look, 998 of 1,000 for a red flag.
LEVELS: dict[Colour, float] = {AMBER: 0.95, RED: 0.998}
# A chart needs so many years before the last one for limits that mean anything.
CHART_FROM = 6


def reasons(series: Series, of: Measures) -> pd.DataFrame:
    """Return a row for each reason of each area: measure, code, rule, flag, reason.

    A reason that holds at the red level is red, else amber; a chart of the area's own years alone
    is amber. The country is a comparison and never flagged.
    """
    rows: dict[tuple[str, str], tuple[Colour, str]] = {}
    # Red comes last, so that it replaces the amber of the same reason.
    for colour, level in LEVELS.items():
        for name, said in (
            ("floor", _below_floor(series, level)),
            ("funnel", _beyond_funnel(series, of, colour)),
            ("trend", _worsening(series, level)),
            ("target", _missing_target(series, level)),
            ("gap to the place", _widening(series, of.place, of.place_name, level)),
            ("gap to the country", _widening(series, of.country, of.country_name, level)),
        ):
            for code, sentence in said.items():
                # A target is the place's: where it is missed, one red flag says so, not one an
                # area.
                if name != "target" or colour == AMBER or code == of.place:
                    rows[str(code), name] = (colour, str(sentence))
    for code, sentence in _out_of_chart(series).items():
        rows[str(code), "chart"] = ("amber", str(sentence))
    table = [
        (series.measure.id, code, name, colour, sentence)
        for (code, name), (colour, sentence) in rows.items()
        if code != of.country
    ]
    return pd.DataFrame(table, columns=["measure", "code", "rule", "flag", "reason"]).sort_values(
        ["code", "rule"], ignore_index=True
    )


def projection(series: Series, level: float) -> pd.DataFrame | None:
    """Extend every area's line to the target's year; None where the measure has no target."""
    measure = series.measure
    if measure.target is None or measure.target_year is None:
        return None
    return trends.project(series.values, measure.target_year, bounds=measure.bounds, level=level)


def heading(measure: Measure, ahead: pd.DataFrame) -> pd.Series:
    """Say of each projection of a measure with a target whether it is on course."""
    assert measure.target is not None  # there is no projection without one
    return trends.against_target(ahead, measure.target, sign=measure.sign)


def gap_to(series: Series, code: str, level: float) -> pd.DataFrame:
    """Follow the gap of every area to one row of the table."""
    return trends.gap(series.values, series.values.T[code], sign=series.measure.sign, level=level)


def _below_floor(series: Series, level: float) -> dict[str, str]:
    measure = series.measure
    if measure.floor is None or series.events is None:
        return {}
    said = {}
    last = series.latest
    for year in sorted({int(year) for year in last.dropna()}):
        found = series.at(year, level=level)[last == year]
        better = found["low"] if measure.sign > 0 else found["high"]
        below = found[measure.sign * (better - measure.floor) > 0]
        for code, value in zip(below.index, below["rate"], strict=True):
            said[str(code)] = (
                f"worse than the floor of {measure.say(measure.floor)}: "
                f"{measure.say(value)} in {year}"
            )
    return said


def _beyond_funnel(series: Series, of: Measures, colour: Colour) -> dict[str, str]:
    """Compare the areas with the place's rate in the last year of the table."""
    measure = series.measure
    if series.events is None or series.people is None or of.place not in series.values.index:
        return {}
    year = series.values.columns[-1]
    counts = pd.DataFrame({"r": series.events[year], "n": series.people[year]})
    counts = counts.drop(index=[of.country or "", of.place], errors="ignore").dropna()
    centre = _number(series.values[year], of.place)
    if len(counts) < 2 or not np.isfinite(centre):
        return {}
    # A survey counts by its effective sample.
    counts = counts / measure.design_effect
    found = funnel.funnel(
        counts["r"],
        counts["n"],
        centre=centre / measure.per,
        part_of_people=measure.part_of_denominator,
    ).table
    side = "high" if measure.sign > 0 else "low"
    width = "alarm" if colour == RED else "alert"
    names = [f"{side} alarm"] if colour == RED else [f"{side} alarm", f"{side} alert"]
    beyond = found[found["signal"].isin(names)]
    return {
        str(code): (
            f"{measure.say(rate * measure.per)} in {year}, beyond the "
            f"{measure.say(limit * measure.per)} that chance leaves around {of.place_name}'s "
            f"{measure.say(centre)}"
        )
        for code, rate, limit in zip(
            beyond.index, beyond["rate"], beyond[f"{width}_{side}"], strict=True
        )
    }


def _worsening(series: Series, level: float) -> dict[str, str]:
    measure = series.measure
    line = trends.trend(series.values, sign=measure.sign, level=level)
    chosen = line[line["trend"] == trends.WORSENING]
    return {
        str(code): (
            f"worsening by {abs(row['slope']):.3g} {measure.unit} a year over "
            f"{row['years']:.0f} years"
        )
        for code, row in chosen.iterrows()
    }


def _missing_target(series: Series, level: float) -> dict[str, str]:
    measure = series.measure
    ahead = projection(series, level)
    if ahead is None or measure.target is None:
        return {}
    chosen = ahead[heading(measure, ahead) == trends.OFF_COURSE]
    return {
        str(code): (
            f"heading for {measure.say(row['projected'])} in {measure.target_year} "
            f"({row['projected_low']:.3g} to {row['projected_high']:.3g}) if nothing changes, "
            f"the target is {measure.say(measure.target)}"
        )
        for code, row in chosen.iterrows()
    }


def _widening(series: Series, code: str | None, name: str, level: float) -> dict[str, str]:
    """Name areas that fall further behind another, and are behind by more than chance leaves."""
    if code is None or code not in series.values.index:
        return {}
    measure = series.measure
    found = gap_to(series, code, level).drop(index=code)
    clear = pd.Series(True, index=found.index)
    if series.events is not None:
        clear = _clear_of(series, code, level).reindex(found.index)
    chosen = found[(found["gap_trend"] == trends.WIDENING) & (found["gap"] > 0) & clear]
    return {
        str(at): (
            f"the gap to {name} widened from {row['gap_first']:.3g} to {row['gap']:.3g} "
            f"{measure.unit}"
        )
        for at, row in chosen.iterrows()
    }


def _clear_of(series: Series, code: str, level: float) -> pd.Series:
    """Say of each area whether its last interval lies wholly on the worse side of another's."""
    measure, last = series.measure, series.latest
    clear = pd.Series(False, index=series.values.index)
    for year in sorted({int(year) for year in last.dropna()}):
        found = series.at(year, level=level)
        better = found["low"] if measure.sign > 0 else found["high"]
        other = _number(series.values[year], code)
        clear |= (last == year) & (measure.sign * (better - other) > 0)
    return clear


def _out_of_chart(series: Series) -> dict[str, str]:
    """Judge the last year of each area by the limits of the years before it."""
    measure, year = series.measure, series.values.columns[-1]
    charts = funnel.xmr_last(series.values, fewest=CHART_FROM)
    limit = charts["high" if measure.sign > 0 else "low"]
    beyond = measure.sign * (charts["value"] - limit) > 0
    return {
        str(code): (
            f"{measure.say(value)} in {year}, outside the range of the area's own years "
            f"(limit {measure.say(end)})"
        )
        for code, value, end in zip(
            charts.index[beyond], charts["value"][beyond], limit[beyond], strict=True
        )
    }


def _number(column: pd.Series, code: str) -> float:
    """Return the value of one area."""
    return float(column.to_numpy(dtype=float)[row_of(column.index, code)])
