"""The commands for prevention and the need index, from files to files."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from budgets.prevention_file import SHIPPED, shipped
from cli import app
from data.prevention import OUTPUTS

# Each test goes the whole way through the demo place: together too long for `make test`.
pytestmark = pytest.mark.slow


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def place(demo_place: Path) -> Path:
    return demo_place


@pytest.mark.parametrize("name", shipped())
def test_an_intervention_leaves_tables_that_add_up_and_a_chain_of_sentences(
    place: Path, tmp_path: Path, name: str
) -> None:
    done = call("prevention", place, name, "--out", tmp_path / "out", "--draws", 200)
    assert done.exit_code == 0, done.stderr
    assert "a fictional place" in done.stdout
    assert "assumptions of our own" in done.stdout
    out = tmp_path / "out"
    assert sorted(p.name for p in out.iterdir()) == sorted(OUTPUTS)
    for line in (out / "chain.txt").read_text(encoding="utf-8").splitlines():
        assert line in done.stdout
    money = ["paid_pence", "saved_pence", "cashable_pence", "worth_pence"]
    tables = {
        part: pd.read_csv(out / f"{part}.csv", dtype={"area_code": str})
        for part in ("years", "agencies", "areas", "cells")
    }
    sums = {part: table[money].sum().tolist() for part, table in tables.items()}
    assert len({tuple(found) for found in sums.values()}) == 1
    assert sums["areas"][0] > 0
    by_year = tables["cells"].groupby(["year", "agency", "item"])[money].sum()
    whole = tables["years"].set_index(["year", "agency", "item"])[money]
    assert (by_year == whole.loc[by_year.index]).all(axis=None)
    # The base table lists the region; only areas of the place itself are appraised.
    base = pd.read_csv(place / "tables" / "base.csv", dtype={"code": str})
    assert set(tables["areas"]["area_code"]) < set(base["code"])
    found = json.loads((out / "value.json").read_text(encoding="utf-8"))
    assert found["npv"]["low"] <= found["npv"]["value"] <= found["npv"]["high"]


def test_an_assumption_that_is_moved_is_seen_in_the_tables(place: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = ("prevention", place, "falls", "--out", out, "--draws", 200)
    assert call(*arguments).exit_code == 0
    first = pd.read_csv(out / "agencies.csv", index_col="agency")
    assert call(*arguments, "--set", "avoided.admissions.unit_cost=8400").exit_code == 0
    again = pd.read_csv(out / "agencies.csv", index_col="agency")
    saver = "Upper Tarrow Health Consortium"
    double = 2 * first.loc[saver, "saved_pence"]
    assert again.loc[saver, "saved_pence"] == pytest.approx(double, abs=10)
    table = pd.read_csv(out / "assumptions.csv", index_col="assumption")
    assert table.loc["avoided.admissions.unit_cost", "reference"] == "moved by the user"


def test_a_local_file_is_read_and_what_is_wrong_is_said(place: Path, tmp_path: Path) -> None:
    text = (SHIPPED / "falls.toml").read_text(encoding="utf-8")
    local = tmp_path / "local.toml"
    local.write_text(text.replace("Wethermere District Council", "Nobody at all"), encoding="utf-8")
    done = call("prevention", place, local, "--out", tmp_path / "a", "--draws", 200)
    assert "Not among the agencies of Wethermere's streams: Nobody at all." in done.stdout
    # A name that a spreadsheet would compute is not written as one.
    local.write_text(text.replace("Wethermere District Council", "=1+1"), encoding="utf-8")
    done = call("prevention", place, local, "--out", tmp_path / "a", "--draws", 200)
    assert done.exit_code == 0, done.stderr
    for table in ("agencies", "years", "cells"):
        written = pd.read_csv(tmp_path / "a" / f"{table}.csv", dtype=str)["agency"]
        assert not written.str.startswith("=").any()
    local.write_text(text.replace("aged_65_84", "aged_200", 1), encoding="utf-8")
    for arguments, word in (
        ((local,), "counted here: residents"),
        (("flals",), "shipped: falls, homelessness, warm-homes"),
        (("falls", "--set", "reach.rate"), "KEY=VALUE"),
        (("falls", "--set", "reach.pace=1"), "reach.pace"),
        (("falls", "--draws", 3), "100 to 100,000"),
    ):
        done = call("prevention", place, *arguments, "--out", tmp_path / "b")
        assert done.exit_code == 1
        assert word in done.stderr
        assert not (tmp_path / "b").exists()


def test_a_folder_with_other_things_is_not_replaced(place: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    done = call("prevention", place, "falls", "--out", tmp_path)
    assert done.exit_code == 1
    assert (tmp_path / "mine.txt").read_text(encoding="utf-8") == "mine"


@pytest.mark.realdata
def test_the_need_index_of_every_icb_is_written(realdata: Path, tmp_path: Path) -> None:
    file = realdata / "spend" / "nhs_gp_practice_weighted_population_2025_26.csv"
    done = call("need-index", file, "--by", "icb", "--out", tmp_path / "icb.csv")
    assert done.exit_code == 0, done.stderr
    assert "6,348 practices, 63,849,324 registered people" in done.stdout
    table = pd.read_csv(tmp_path / "icb.csv")
    assert len(table) == 42
    assert table["share"].sum() == pytest.approx(1)
    done = call("need-index", file, "--measure", "dental")
    assert done.exit_code == 1
    assert "dental" in done.stderr
