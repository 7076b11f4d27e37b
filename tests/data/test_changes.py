"""Two editions from files to files: ranks on today's areas, fixed goalposts, and faults."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from cli import app
from data.changes import Edition, change_file
from data.errors import MissingChoice
from geo.errors import SeveralFaults

# Each test goes the whole way through the demo place: together too long for `make test`.
pytestmark = pytest.mark.slow

DEFINITION = """\
schema = 1
id = "small"
title = "A small index"
edition = "{year}"
reference = "none"
[[domains]]
id = "income"
title = "Income"
weight = 0.6
indicators = ["poor"]
[[domains]]
id = "health"
title = "Health"
weight = 0.4
indicators = ["ill"]
[[indicators]]
id = "poor"
title = "Poor"
unit = "%"
kind = "rate"
numerator = "poor"
denominator = "people"
per = 100
direction = "high is worse"
source = "none"
vintage = "sa"
date = "2024"
theme = "any"
[[indicators]]
id = "ill"
title = "Ill"
unit = "%"
kind = "rate"
numerator = "ill"
denominator = "people"
per = 100
direction = "high is worse"
source = "none"
vintage = "sa"
date = "2024"
theme = "any"
"""
N = 40


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Forty areas, of which the last two of 2019 were merged and one of 2025's is half of one."""
    random = np.random.default_rng(1)
    for year, last in (("2019", ["C", "D", "E"]), ("2025", ["CD", "E1", "E2"])):
        (tmp_path / f"{year}.toml").write_text(DEFINITION.format(year=year), encoding="utf-8")
        codes = [f"0{k:02d}" for k in range(N)] + last
        rate = np.linspace(0.05, 0.5, len(codes))
        people = pd.Series(2000, index=codes)
        table = pd.DataFrame(
            {
                "area": codes,
                "people": people.to_numpy(),
                "poor": random.binomial(people, rate),
                "ill": random.binomial(people, rate),
            }
        )
        if year == "2025":
            table.loc[table["area"] == "000", ["poor", "ill"]] = 1500
        table.to_csv(tmp_path / f"{year}.csv", index=False)
    rows = [(f"0{k:02d}", f"0{k:02d}", "U") for k in range(N)]
    rows += [("C", "CD", "M"), ("D", "CD", "M"), ("E", "E1", "S"), ("E", "E2", "S")]
    columns = ["earlier_code", "later_code", "kind"]
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "lookup.csv", index=False)
    return tmp_path


def arguments(folder: Path, out: str) -> list[object]:
    return [
        "change", folder / "2019.csv", folder / "2025.csv",
        "--definition", folder / "2019.toml", "--later-definition", folder / "2025.toml",
        "--code", "area", "--from", "indicators", "--lookup", folder / "lookup.csv",
        "--people", folder / "2019.csv", "--later-people", folder / "2025.csv",
        "--draws", 200, "--out", folder / out,
    ]  # fmt: skip


def test_both_editions_are_written_on_todays_areas_with_a_sentence(folder: Path) -> None:
    done = call(*arguments(folder, "change.csv"))
    assert done.exit_code == 0, done.stderr
    table = pd.read_csv(folder / "change.csv", dtype={"code": str}).set_index("code")
    assert len(table) == N + 3
    assert table.loc["CD", "kind"] == "M"
    assert table.loc["000", "change"] == "more deprived relative to others"
    assert table.loc["000", "sentence"].startswith("more deprived relative to others: 43rd in 2019")
    assert (table["change"] != "none").sum() < 10
    assert "2019 to 2025:" in done.stdout
    other = table["earlier_decile"] != table["later_decile"]
    assert f"{(~other).sum()} areas are in the same tenth in both editions" in done.stdout
    doubtful = (other & (table["change"] == "none")).sum()
    assert f"{other.sum()} in another, {doubtful} of them by no more than the doubt" in done.stdout
    assert "40 unchanged, 2 parts of areas that were split, 1 merged from several" in done.stdout
    assert "do not say" in done.stdout


def test_fixed_goalposts_give_points_and_say_nothing_of_ranks(folder: Path) -> None:
    done = call(*arguments(folder, "points.xlsx"), "--fixed-goalposts")
    assert done.exit_code == 0, done.stderr
    table = pd.read_excel(folder / "points.xlsx", dtype={"code": str}).set_index("code")
    assert table.loc["000", "change"] == "worse on these indicators"
    assert table.loc["000", "points"] > 50
    # Only the one area that was changed, and chance for one in twenty.
    assert (table["change"] != "none").sum() <= 5
    domains = table[["income_points", "health_points"]] @ [0.6, 0.4]
    assert domains.tolist() == pytest.approx(table["points"].tolist(), abs=1e-5)
    assert "rank" not in " ".join(table.columns)
    assert "Goalposts are the same in both editions" in done.stdout


def test_the_same_files_give_the_same_table(folder: Path) -> None:
    first, again = (call(*arguments(folder, name)) for name in ("a.csv", "b.csv"))
    assert first.exit_code == again.exit_code == 0
    assert (folder / "a.csv").read_bytes() == (folder / "b.csv").read_bytes()


def test_editions_of_other_areas_need_the_table_between_them(folder: Path) -> None:
    pair = [
        Edition(folder / f"{year}.csv", folder / f"{year}.toml", "area", "indicators")
        for year in ("2019", "2025")
    ]
    with pytest.raises(MissingChoice, match="--lookup"):
        change_file(*pair, lookup=None, out=folder / "out.csv", draws=5)
    same = change_file(pair[0], pair[0], lookup=None, out=folder / "same.csv", draws=5)
    assert (same.table["change"] == "none").all()
    again = change_file(pair[0], pair[0], lookup=None, out=folder / "x.csv", fixed=True, draws=5)
    assert (again.table["points"] == 0).all()


def test_every_file_that_is_wrong_is_named_at_once_and_nothing_is_written(folder: Path) -> None:
    done = call(
        "change", folder / "2019.csv", folder / "2025.csv", "--definition", "imd1066",
        "--code", "area", "--lookup", folder / "none.csv", "--people", folder / "2019.csv",
        "--people-column", "souls", "--out", folder / "out.csv",
    )  # fmt: skip
    assert done.exit_code == 1
    for word in ("imd1066", "none.csv", "souls"):
        assert word in done.stderr
    assert not (folder / "out.csv").exists()
    half = pd.read_csv(folder / "lookup.csv", dtype=str).iloc[:-2]
    half.to_csv(folder / "half.csv", index=False)
    pair = [
        Edition(folder / f"{year}.csv", folder / f"{year}.toml", "area", "indicators")
        for year in ("2019", "2025")
    ]
    with pytest.raises(SeveralFaults, match="E1, E2"):
        change_file(*pair, lookup=folder / "half.csv", out=folder / "out.csv", draws=5)
