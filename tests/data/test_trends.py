"""Figures by year of the demo place, whose truth is known, and the same from files to files."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from cli import app
from data import trends
from data.demo import years
from data.errors import MissingChoice, MissingSetting
from data.place import load
from geo.errors import SeveralFaults
from indices import measures
from indices.change_errors import ContributionFault
from indices.flags import NOBODY, Flags
from indices.trends import Gathered

# Each test goes the whole way through the demo place: together too long for `make test`.
pytestmark = pytest.mark.slow


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def place(demo_place: Path) -> Path:
    return demo_place


@pytest.fixture(scope="module")
def read(place: Path) -> tuple[Gathered, Flags]:
    return trends.read(trends.of_place(place))


@pytest.fixture(scope="module")
def truth(place: Path) -> pd.DataFrame:
    table = pd.read_csv(place / "tables" / "truth_yearly.csv", dtype={"code": str})
    by_column = {str(m.numerator): m.id for m in measures.load(years.MEASURES)}
    return table.assign(measure=table["column"].map(by_column))


def test_the_last_year_is_the_place_household_by_household(place: Path, read) -> None:
    households = pd.read_parquet(place / "tables" / "households.parquet")
    mine = households[households["wd25"] != ""].groupby("wd25")
    gathered = read[0]
    for id, top, bottom, per in (
        ("out_of_work", "out_of_work", "working_age", 100),
        ("absent_pupils", "absent_pupils", "aged_5_15", 100),
        ("crimes", "crimes", "people", 1000),
    ):
        expected = per * mine[top].sum() / mine[bottom].sum()
        found = gathered.series[id].values.loc[expected.index, 2025]
        assert found.tolist() == pytest.approx(expected.tolist())


def test_every_slip_that_was_put_in_is_set_aside_and_nothing_else(read, truth) -> None:
    slips = truth[truth["kind"].isin(years.SLIPS)]
    expected = set(zip(slips["measure"], slips["code"], slips["year"], strict=True))
    listed = read[1].anomalies
    assert set(zip(listed["measure"], listed["code"], listed["year"], strict=True)) == expected


@pytest.mark.parametrize(
    ("kind", "rules"),
    [
        ("worsening", {"trend"}),
        ("falling behind", {"gap to the place", "gap to the country"}),
        ("jump", {"funnel"}),
        ("far off", {"funnel"}),
    ],
)
def test_what_truly_is_wrong_is_flagged_red_and_for_that_reason(read, truth, kind, rules) -> None:
    reasons = read[1].reasons
    red = reasons[reasons["flag"] == "red"]
    for row in truth[truth["kind"] == kind].itertuples():
        mine = red[(red["measure"] == row.measure) & (red["code"] == row.code)]
        assert rules <= set(mine["rule"]), row


def test_nothing_else_is_red_for_a_trend_a_gap_or_a_jump(read, truth) -> None:
    reasons = read[1].reasons
    moving = reasons[
        (reasons["flag"] == "red")
        & reasons["rule"].isin(["trend", "gap to the place", "gap to the country"])
    ]
    told = set(zip(truth["measure"], truth["code"], strict=True))
    assert set(zip(moving["measure"], moving["code"], strict=True)) <= told
    # A service's wards differ by chance alone but for those the truth names.
    services = read[1].board("service")
    found = set(zip(services["measure"], services["code"], strict=True))
    assert found - {("late_repairs", years.PLACE)} == {
        pair for pair in told if pair[0] in ("late_repairs", "missed_bins", "clean_streets")
    } - {("late_repairs", "F05000020")}


def test_what_truly_improves_is_said_to_and_has_no_flag_for_it(read, truth) -> None:
    full = read[1].full.set_index(["measure", "code"])
    better = truth[truth["kind"] == "improving"].iloc[0]
    row = full.loc[(better["measure"], better["code"])]
    assert row["trend"] == "improving"
    assert row["gap_to_place"] in ("narrowing", "no worse than the other")


def test_the_place_is_the_sum_of_its_wards_and_the_country_no_area_of_it(read) -> None:
    gathered, found = read
    series = gathered.series["late_repairs"]
    wards = [code for code in series.events.index if code.startswith("F05")]
    assert len(wards) == 24
    assert series.events.loc[years.PLACE, 2025] == series.events.loc[wards, 2025].sum()
    assert set(found.full["code"]) == {*wards, years.PLACE}
    assert len(found.full) == 25 * len(gathered.series)


def test_the_same_seed_gives_the_same_figures() -> None:
    totals = pd.DataFrame(
        {
            column: range(1000 + shift, 1024 + shift)
            for shift, column in enumerate(["residents", "households", "working_age", "aged_5_15"])
        }
        | {
            column: [60] * 24
            for column in ("out_of_work", "absent_pupils", "emergency_admissions", "crimes")
        },
        index=pd.Index([f"W{k:02d}" for k in range(24)], name="code"),
    )
    names = pd.Series("a ward", index=totals.index)
    first, again = (years.yearly(totals, names, seed=5) for _ in range(2))
    assert first.equals(again)
    assert not first.equals(years.yearly(totals, names, seed=6))
    assert first["year"].nunique() * 25 == len(first)


# From files to files.


def test_the_command_writes_the_full_list_the_exceptions_and_the_anomalies(
    place: Path, read, tmp_path: Path
) -> None:
    full, board, odd = (tmp_path / name for name in ("full.csv", "board.xlsx", "odd.csv"))
    every = tmp_path / "years.csv"
    done = call(
        "trends", place, "--out", full, "--board", board, "--anomalies", odd, "--years", every
    )
    assert done.exit_code == 0, done.stderr
    history = pd.read_csv(every, dtype={"code": str}, keep_default_na=False, na_values=[""])
    gathered = read[0]
    assert len(history) == 26 * 10 * len(gathered.series)
    missing = history[history["value"].isna()]
    assert len(missing) == len(read[1].anomalies)
    crimes = history[(history["measure"] == "crimes") & (history["code"] == "F05000001")]
    values = crimes["value"].to_numpy()
    centre = values.mean()
    reach = 3 * np.pi**0.5 / 2 * np.abs(np.diff(values)).mean()
    assert crimes["centre"].to_numpy() == pytest.approx(centre)
    assert crimes["chart_high"].to_numpy() == pytest.approx(centre + reach, abs=1e-5)
    table = pd.read_csv(full, dtype={"code": str})
    assert len(table) == len(read[1].full)
    red = pd.read_excel(board, dtype={"code": str})
    assert len(red) == (table["flag"] == "red").sum()
    assert list(red["about"]) == sorted(red["about"])
    assert len(pd.read_csv(odd)) == len(read[1].anomalies)
    assert f"{len(red)} red flags" in done.stdout
    assert "set aside as anomalies before any flag was raised" in done.stdout
    unnamed = (red["contribution"] == NOBODY).sum()
    assert f"without a contribution named beside them: {unnamed}." in done.stdout


def test_a_table_of_ones_own_is_judged_with_its_measures(place: Path, tmp_path: Path) -> None:
    table = pd.read_csv(place / "tables" / "yearly.csv", dtype=str)
    table = table.rename(columns={"code": "ward", "year": "when"})
    table.to_parquet(tmp_path / "own.parquet")
    out = tmp_path / "out.csv"
    done = call(
        "trends", tmp_path / "own.parquet", "--measures", years.MEASURES, "--code", "ward",
        "--year", "when", "--contributions", years.CONTRIBUTIONS, "--out", out,
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    whole = tmp_path / "whole.csv"
    trends.trends_file(place, out=whole)
    assert out.read_bytes() == whole.read_bytes()


def test_faults_are_sentences_and_leave_no_file(place: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    done = call("trends", place / "tables" / "yearly.csv", "--out", out)
    assert done.exit_code == 1
    assert "--measures" in done.stderr
    with pytest.raises(MissingChoice):
        trends.trends_file(place / "tables" / "yearly.csv", out=out)
    bare = tmp_path / "place"
    bare.mkdir()
    text = (place / "place.toml").read_text(encoding="utf-8")
    head, tail = text.split("[series]")
    rest = tail[tail.index("\n[") :]
    (bare / "place.toml").write_text(head + rest, encoding="utf-8")
    with pytest.raises(MissingSetting, match=r"\[series\]"):
        trends.of_place(bare)
    told = tmp_path / "told.csv"
    told.write_text("measure,code\nx\n", encoding="utf-8")
    (tmp_path / "measures.toml").write_text("schema = 3\n", encoding="utf-8")
    source = trends.Source(tmp_path / "none.csv", tmp_path / "measures.toml", told)
    with pytest.raises(SeveralFaults) as caught:
        trends.trends_file(source, out=out)
    assert {"UnreadableTable", "MeasureFault"} <= {type(f).__name__ for f in caught.value.faults}
    assert not out.exists()


def test_a_place_is_not_loaded_with_figures_by_year_that_contradict_themselves(
    place: Path, tmp_path: Path
) -> None:
    copied = tmp_path / "copy"
    shutil.copytree(place, copied)
    (copied / "contributions.csv").write_text(
        "measure,code,organisation,contribution,next_action,by\nrainfall,,A council,x,y,\n",
        encoding="utf-8",
    )
    with pytest.raises(ContributionFault, match="rainfall"):
        load(copied)
