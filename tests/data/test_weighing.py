"""Money of a place may follow weighted people by a formula that its place.toml names."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from budgets.need_formula import SHIPPED
from budgets.need_measures import choose
from cli import app
from data import place, run
from data.scenarios import measures_of
from data.weighing import weigh

# Each test goes the whole way through the demo place: together too long for `make test`.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(demo_place: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("place") / "demo"
    shutil.copytree(demo_place, copy)
    shutil.copy(SHIPPED / "care.toml", copy / "care.toml")
    toml = copy / "place.toml"
    text = toml.read_text(encoding="utf-8")
    toml.write_text(text.replace("[need]\n", '[need]\nformulas = ["care.toml"]\n'), "utf-8")
    return copy


def test_a_formula_of_the_place_is_a_measure_that_its_theme_follows_first(folder: Path) -> None:
    loaded = place.load(folder)
    assert "care.toml" in loaded.inputs
    result = run.run(loaded)
    measures = measures_of(result)
    chosen = choose("care of nobody", [measures["care"], measures["index"]]).measure
    assert chosen.name == "index"
    weighted = measures["care"].values
    assert weighted.sum() == pytest.approx(loaded.people.sum())
    table, sentences = weigh(result, "care")
    assert len(table) == int(result.inside.sum())
    codes = table["area_code"]
    assert table["weighted_people"].to_numpy() == pytest.approx(weighted[codes].to_numpy())
    # The age of each area by hand.
    costs = [1.0, 0.6, 0.7, 1.3, 4.0, 9.0]
    bands = loaded.base[[c for c in loaded.base if str(c).startswith("aged_")]]
    dear = (bands * costs).sum(axis=1)
    mean = dear.sum() / loaded.people.sum()
    expected = dear / loaded.people / mean
    assert table["age_index"].to_numpy() == pytest.approx(expected[codes].to_numpy())
    assert "an illustration, not evidence" in sentences[0]


def test_the_command_writes_weighted_people(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "people.csv"
    done = CliRunner().invoke(app, ["weighted-people", str(folder), "care", "--out", str(out)])
    assert done.exit_code == 0, done.stderr
    assert "times as much a head" in done.stdout
    assert {"weighted_people", "need_index"} <= set(pd.read_csv(out).columns)
    done = CliRunner().invoke(app, ["weighted-people", str(folder), "none.toml"])
    assert done.exit_code == 1
