"""Trends over years: scipy's regression, coverage of the intervals, targets, gaps, anomalies."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import linregress
from scipy.stats import t as student

from geo.errors import SeveralFaults
from indices import intervals
from indices.change_errors import MeasureFault
from indices.errors import DuplicateIds, MissingIndicatorColumn, UnknownDefinition
from indices.measures import load, parse
from indices.trends import (
    AHEAD,
    IMPROVING,
    NARROWING,
    OFF_COURSE,
    ON_COURSE,
    OPEN,
    UNCLEAR,
    WIDENING,
    WORSENING,
    against_target,
    gap,
    gather,
    project,
    trend,
)

YEARS = list(range(2014, 2024))


def wide(rows: dict[str, list[float]], years=YEARS) -> pd.DataFrame:
    return pd.DataFrame(rows, index=list(years)[: len(next(iter(rows.values())))], dtype=float).T


def measure(**changes: object) -> dict:
    raw = {
        "id": "poor", "title": "Poor", "about": "population", "kind": "rate", "unit": "%",
        "per": 100, "numerator": "poor", "denominator": "people", "direction": "high is worse",
        "source": "none", "vintage": "sa", "date": "2024", "theme": "income",
    }  # fmt: skip
    return {key: value for key, value in (raw | changes).items() if value is not None}


def measures(*tables: dict, **head: str):
    return parse({"schema": 1, "place": "P", "measures": list(tables or [measure()])} | head)


def table(rows: dict[str, list[tuple[float, float]]], first: int = 2014) -> pd.DataFrame:
    """A row an area and year from (events, people)."""
    return pd.DataFrame(
        [
            {"code": code, "year": str(first + k), "poor": r, "people": n}
            for code, pairs in rows.items()
            for k, (r, n) in enumerate(pairs)
        ]
    )


# The line.


def test_the_line_and_its_intervals_are_those_of_scipy_and_the_textbook():
    random = np.random.default_rng(1)
    values = random.normal(20, 4, (25, 10))
    values[random.random((25, 10)) < 0.2] = np.nan
    data = pd.DataFrame(values, index=[f"A{k}" for k in range(25)], columns=YEARS)
    line, ahead = trend(data), project(data, 2030, level=0.9)
    for code, row in data.iterrows():
        known = row.dropna()
        x, y, n = known.index.to_numpy(float), known.to_numpy(), len(known)
        one = linregress(x, y)
        reach = student.ppf(0.975, n - 2) * one.stderr
        assert line.loc[code, "slope"] == pytest.approx(one.slope)
        assert line.loc[code, "slope_low"] == pytest.approx(one.slope - reach)
        assert line.loc[code, "slope_high"] == pytest.approx(one.slope + reach)
        assert line.loc[code, "p"] == pytest.approx(one.pvalue)
        assert line.loc[code, "years"] == n
        # The prediction interval written out from its matrix form, x0' (X'X)^-1 x0.
        design = np.column_stack([np.ones(n), x - 2018])
        point = np.array([1.0, 2030 - 2018])
        fitted = one.intercept + one.slope * x
        s2 = ((y - fitted) ** 2).sum() / (n - 2)
        half = student.ppf(0.95, n - 2) * np.sqrt(
            s2 * (1 + point @ np.linalg.inv(design.T @ design) @ point)
        )
        middle = one.intercept + one.slope * 2030
        assert ahead.loc[code, "projected"] == pytest.approx(middle)
        assert ahead.loc[code, "projected_low"] == pytest.approx(middle - half)
        assert ahead.loc[code, "projected_high"] == pytest.approx(middle + half)


def test_the_projection_holds_the_year_to_come_as_often_as_it_says():
    random = np.random.default_rng(2)
    slopes = random.normal(0, 0.5, (3000, 1))
    values = 30 + slopes * np.arange(13) + random.normal(0, 2, (3000, 13))
    known = pd.DataFrame(values[:, :10], columns=YEARS)
    ahead = project(known, 2026)
    held = (values[:, 12] >= ahead["projected_low"]) & (values[:, 12] <= ahead["projected_high"])
    assert held.mean() == pytest.approx(0.95, abs=0.012)


def test_a_series_of_chance_alone_is_called_a_trend_as_seldom_as_the_level_says():
    random = np.random.default_rng(3)
    flat = pd.DataFrame(random.normal(30, 2, (4000, 10)), columns=YEARS)
    assert (trend(flat)["trend"] != UNCLEAR).mean() == pytest.approx(0.05, abs=0.011)
    assert (trend(flat, level=0.998)["trend"] != UNCLEAR).mean() < 0.005


def test_which_way_is_worse_depends_on_the_direction():
    data = wide({"up": [1, 2, 3, 4.1], "down": [4.1, 3, 2, 1], "level": [2, 2, 2, 2]})
    assert trend(data)["trend"].tolist() == [WORSENING, IMPROVING, UNCLEAR]
    assert trend(data, sign=-1.0)["trend"].tolist() == [IMPROVING, WORSENING, UNCLEAR]
    assert trend(data).loc["level", "slope"] == 0


def test_fewer_than_four_years_have_no_line():
    data = wide({"short": [1, 2, 3, np.nan], "whole": [1, 2, 3, 5]})
    line = trend(data)
    assert np.isnan(line.loc["short", "slope"])
    assert line["trend"].tolist() == [UNCLEAR, WORSENING]
    assert line["years"].tolist() == [3, 4]
    assert project(data, 2020).loc["short"].isna().all()
    assert against_target(project(data, 2020), 5.0).loc["short"] == ""


@given(
    values=st.lists(st.floats(0, 100), min_size=4, max_size=10),
    factor=st.floats(0.1, 10),
    shift=st.floats(-50, 50),
)
def test_a_line_moves_with_its_unit(values, factor, shift):
    plain = trend(wide({"a": values}))
    moved = trend(wide({"a": [factor * v + shift for v in values]}))
    for column in ("slope", "slope_low", "slope_high"):
        assert moved[column].iloc[0] == pytest.approx(factor * plain[column].iloc[0], abs=1e-6)


def test_a_projection_stays_within_what_the_unit_allows():
    data = wide({"a": [80, 88, 93, 99]})
    ahead = project(data, 2030, bounds=(0.0, 100.0))
    assert ahead["projected"].iloc[0] == ahead["projected_high"].iloc[0] == 100
    assert project(data, 2030)["projected"].iloc[0] > 150


# Target and gap.


def test_a_target_is_met_missed_or_open_on_either_side():
    ahead = pd.DataFrame(
        {"projected_low": [2, 4, 6], "projected_high": [3, 8, 9]}, index=list("abc"), dtype=float
    )
    assert against_target(ahead, 5.0).tolist() == [ON_COURSE, OPEN, OFF_COURSE]
    assert against_target(ahead, 5.0, sign=-1.0).tolist() == [OFF_COURSE, OPEN, ON_COURSE]
    assert against_target(ahead, 3.0).iloc[0] == ON_COURSE
    assert against_target(ahead, 2.0).iloc[0] == OPEN


def test_a_gap_narrows_or_widens_in_points_while_its_ratio_is_told_beside_it():
    other = pd.Series([10.0, 9, 8, 7], index=YEARS[:4])
    data = wide(
        {
            "follows": [20, 17.9, 16.1, 14],
            "stays": [20, 20.1, 19.9, 20],
            "better": [5, 5, 5, 5],
            "noise": [12, 18, 3, 16],
        }
    )
    found = gap(data, other)
    assert found["gap_trend"].tolist() == [NARROWING, WIDENING, WIDENING, UNCLEAR]
    # From twice to twice: narrower in points, the same as a ratio.
    assert found.loc["follows", ["gap_first", "gap"]].tolist() == [10, 7]
    assert found.loc["follows", "ratio_first"] == found.loc["follows", "ratio"] == 2
    # What is better than the other and falls back is widening: its lead of 5 is now 2.
    assert found.loc["better", ["gap_first", "gap"]].tolist() == [-5, -2]
    lead = gap(wide({"a": [5, 4, 3, 2.1]}), pd.Series(10.0, index=YEARS[:4]))
    assert lead["gap_trend"].tolist() == [AHEAD]


def test_a_gap_of_what_is_bad_when_low_is_turned_round():
    other = pd.Series(70.0, index=YEARS[:5])
    found = gap(wide({"a": [60, 59, 57.5, 56.2, 55]}), other, sign=-1.0)
    assert found["gap"].iloc[0] == 15
    assert found["gap_trend"].iloc[0] == WIDENING


# Gathering a table.


def test_values_and_intervals_come_from_the_counts_and_the_place_is_added_up():
    data = table({"A": [(10, 100), (20, 100)], "B": [(30, 300), (30, 200)]})
    found = gather(measures(), data, code="code", year="year").series["poor"]
    assert found.values.loc["A"].tolist() == [10, 20]
    assert found.values.loc["P"].tolist() == [10, pytest.approx(100 * 50 / 300)]
    wilson = intervals.wilson(pd.Series({"A": 20.0}), pd.Series({"A": 100.0})).loc["A"] * 100
    assert found.low.loc["A", 2015] == pytest.approx(wilson["low"])
    assert found.high.loc["A", 2015] == pytest.approx(wilson["high"])
    narrow, wider = found.at(2015).loc["A"], found.at(2015, level=0.998).loc["A"]
    assert wider["low"] < narrow["low"] < narrow["high"] < wider["high"]
    assert "2014 to 2015" in repr(found)


def test_a_survey_counts_by_its_effective_sample():
    survey = measure(kind="survey", design_effect=4.0)
    data = table({"A": [(40, 100)], "B": [(10, 25)]})
    found = gather(measures(survey), data, code="code", year="year").series["poor"]
    plain = intervals.wilson(pd.Series({"A": 10.0}), pd.Series({"A": 25.0})).loc["A"] * 100
    assert found.high.loc["A", 2014] == pytest.approx(plain["high"])
    assert found.values.loc["A", 2014] == 40


def test_events_that_are_no_part_of_the_people_have_byars_interval():
    crimes = measure(part_of_denominator=False, per=1000, unit="per 1,000")
    data = table({"A": [(120, 100)], "B": [(10, 25)]})
    found = gather(measures(crimes), data, code="code", year="year")
    assert len(found.anomalies) == 0
    byar = intervals.byar(pd.Series({"A": 120.0}), pd.Series({"A": 100.0})).loc["A"] * 1000
    assert found.series["poor"].low.loc["A", 2014] == pytest.approx(byar["low"])


def test_every_fault_of_a_table_is_named_at_once():
    data = table({"A": [(10, 100), (20, 100)]}).drop(columns="people")
    data.loc[1, "year"] = "2014"
    data["poor"] = data["poor"].astype(object)
    data.loc[0, "poor"] = "ten"
    with pytest.raises(SeveralFaults) as caught:
        gather(measures(country="E"), data, code="code", year="year")
    text = str(caught.value)
    assert {type(fault).__name__ for fault in caught.value.faults} == {
        "YearFault", "MissingIndicatorColumn", "NotANumber", "UnknownAreas",
    }  # fmt: skip
    assert "A in 2014" in text
    data["year"] = ["2014-15", "2015"]
    with pytest.raises(SeveralFaults, match="2014-15"):
        gather(measures(), data, code="code", year="year")
    with pytest.raises(MissingIndicatorColumn, match="when"):
        gather(measures(), data, code="code", year="when")


# Anomalies.


def anomalous(pairs, **changes) -> SimpleNamespace:
    """Gather one area among forty steady ones; return its values and the list of anomalies."""
    random = np.random.default_rng(4)
    rows = {
        f"S{k:02d}": [(float(random.binomial(2000, 0.1)), 2000.0 + 10 * t) for t in range(10)]
        for k in range(40)
    }
    found = gather(
        measures(measure(**changes)), table(rows | {"A": pairs}), code="code", year="year"
    )
    listed = found.anomalies
    return SimpleNamespace(
        values=found.series["poor"].values.loc["A"],
        mine=listed[listed["code"] == "A"],
        others=listed[listed["code"] != "A"],
    )


def steady() -> list[tuple[float, float]]:
    return [(200.0 + k % 3, 2000.0 + k) for k in range(10)]


@pytest.mark.parametrize(
    ("year", "pair", "reason"),
    [
        (2018, (600.0, 2004.0), "left for one year and came back"),
        (2018, (20.0, 2004.0), "left for one year and came back"),
        (2023, (2.01, 2009.0), "a hundred times too large or too small"),
        (2014, (2.0, 2000.0), "a hundred times too large or too small"),
        (2019, (2100.0, 2005.0), "poor is more than people"),
        (2019, (-3.0, 2005.0), "poor is negative"),
        (2019, (0.0, 0.0), "people is zero"),
        (2019, (410.0, 4100.0), "people left for one year and came back"),
        (2017, (202.0, 2002.0), "the same count of the same people"),
    ],
)
def test_a_slip_of_the_data_is_set_aside_with_its_reason_and_no_other_year(year, pair, reason):
    pairs = steady()
    pairs[year - 2014] = pair
    found = anomalous(pairs)
    assert found.mine[["year"]].to_numpy().tolist() == [[year]]
    assert reason in found.mine["reason"].iloc[0]
    assert found.values.isna().tolist() == [at == year for at in YEARS]
    assert len(found.others) == 0


def test_news_is_no_anomaly():
    """What jumps and stays, moves for years, or moved in the last year is kept."""
    step = [(200.0 + k % 3, 2000.0 + k) if k < 5 else (600.0 + k, 2000.0 + k) for k in range(10)]
    last = [*steady()[:-1], (700.0, 2009.0)]
    first = [(700.0, 2000.0), *steady()[1:]]
    slope = [(100.0 + 60 * k, 2000.0 + k) for k in range(10)]
    grown = [(200.0 * 2 ** (k > 4), 2000.0 * 2 ** (k > 4) + k) for k in range(10)]
    for pairs in (step, last, first, slope, grown):
        assert len(anomalous(pairs).mine) == 0


def test_two_slips_of_one_area_are_both_found():
    pairs = steady()
    pairs[3], pairs[6] = (900.0, 2003.0), (20.0, 2006.0)
    assert anomalous(pairs).mine["year"].tolist() == [2017, 2020]


def test_a_published_value_outside_its_unit_is_set_aside():
    values = {"numerator": None, "denominator": None, "value": "poor", "kind": "survey"}
    shares = [(10.0 + k % 2 if k != 4 else 140.0, 1.0) for k in range(10)]
    found = anomalous(shares, **values, unit="% of those asked")
    assert found.mine["reason"].tolist() == ["outside % of those asked"]


def test_figures_of_chance_alone_are_not_set_aside():
    random = np.random.default_rng(5)
    rows = {
        f"S{k:03d}": [(float(random.poisson(25)), 400.0 + 3 * t) for t in range(12)]
        for k in range(300)
    }
    found = gather(
        measures(measure(part_of_denominator=False)), table(rows), code="code", year="year"
    )
    assert len(found.anomalies) <= 1


# Small counts of guarded sources.


def test_small_counts_are_hidden_and_cannot_be_worked_out_from_the_places_total():
    rows = {
        "A": [(3.0, 900.0), (40.0, 900.0)],
        "B": [(13.0, 900.0), (52.0, 900.0)],
        "C": [(98.0, 900.0), (61.0, 900.0)],
    }

    def guarded(rule: str):
        one = measures(measure(disclosure=rule))
        return gather(one, table(rows), code="code", year="year").series["poor"]

    # Nothing is rounded here: 114 - 98 - 13 would give A away, so one more is hidden beside it.
    exact = guarded("local-records")
    assert exact.flags.loc["A", 2014] == "hidden"
    assert (exact.flags.loc[["A", "B", "C"], 2014] == "hidden").sum() == 2
    assert exact.values.isna().sum().tolist() == [2, 0]
    # People are published: the place's rate is over all of them, hidden areas too.
    assert exact.values.loc["P", 2014] == pytest.approx(100 * 114 / 2700)
    assert exact.events.loc[["A", "B", "C"], 2015].tolist() == [40, 52, 61]
    rounded = guarded("hospital-records")
    assert rounded.events.loc[["A", "B", "C", "P"], 2015].tolist() == [40, 50, 60, 155]
    assert (rounded.flags[2015] == "rounded").all()
    assert np.isnan(rounded.values.loc["A", 2014])
    all_ = table({"A": [(13.0, 13.0)] * 2, "B": [(18.0, 18.0)] * 2})
    one = measures(measure(disclosure="hospital-records"))
    most = gather(one, all_, code="code", year="year").series["poor"]
    assert most.values.loc["A"].tolist() == most.values.loc["B"].tolist() == [100, 100]


def test_the_list_of_anomalies_gives_no_guarded_count_away():
    pairs = steady()
    pairs[4] = (4.0, 2004.0)
    assert anomalous(pairs).mine["value"].notna().all()
    assert anomalous(pairs, disclosure="hospital-records").mine["value"].isna().all()


# Files of measures.


def test_a_file_of_measures_is_refused_with_every_fault_named(tmp_path):
    raw = {
        "schema": 2, "place": "", "colour": "red",
        "measures": [
            measure(target=5),
            measure(id="poor", about="service"),
            measure(id="b", direction="neither"),
            measure(id="c", about="population", service="Some council"),
            measure(id="d", design_effect=2.0),
            measure(id="e", shrink="official"),
            measure(id="f", unitt="x"),
            7,
        ],
    }  # fmt: skip
    with pytest.raises(SeveralFaults) as caught:
        parse(raw)
    text = str(caught.value)
    for words in (
        "colour", "schema is 1", "text is needed", "target and target_year", "name of the service",
        "worse end", "no single service", "design effect", "not shrunk", "unitt", "no table",
    ):  # fmt: skip
        assert words in text, words
    assert any(isinstance(fault, DuplicateIds) for fault in caught.value.faults)
    with pytest.raises(MeasureFault, match="no \\[\\[measures\\]\\]"):
        parse({"schema": 1, "place": "P"})
    with pytest.raises(UnknownDefinition):
        load(tmp_path / "none.toml")


def test_a_measure_says_its_bounds_and_its_values():
    found = next(iter(measures()))
    assert found.bounds == (0, 100)
    assert found.say(12.345) == "12.3 %"
    assert found.say(1.2345) == "1.23 %"
    assert found.sign == 1
    low = next(iter(measures(measure(direction="low is worse", unit="share"))))
    assert (low.sign, low.bounds) == (-1, (0, 1))
