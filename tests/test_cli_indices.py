"""The commands for indices, from files to files, on the demo place's own complete edition."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from cli import app

# Weights of the English indices of 2015 to 2025 as published; they sum to .999 and are used so.
WEIGHTS = {
    "income": 0.225,
    "employment": 0.225,
    "education": 0.135,
    "health": 0.135,
    "crime": 0.093,
    "barriers": 0.093,
    "living": 0.093,
}


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def place(demo_place: Path) -> Path:
    return demo_place


@pytest.fixture(scope="module")
def built(place: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("index") / "index.csv"
    ranks = place / "tables" / "domain_ranks.csv"
    done = call("index", place / "index.toml", ranks, "--code", "code", "--out", out)
    assert done.exit_code == 0, done.stderr
    return out


def test_an_index_from_ranks_is_the_published_formula_area_by_area(
    place: Path, built: Path
) -> None:
    ranks = pd.read_csv(place / "tables" / "domain_ranks.csv", dtype={"code": str})
    index = pd.read_csv(built, dtype={"code": str}).set_index("code")
    n = len(ranks)
    for row in ranks.head(20).to_dict("records"):
        score = 0.0
        for domain, weight in WEIGHTS.items():
            share = (n + 1 - row[domain]) / n
            score += weight * -23 * math.log(1 - share * (1 - math.exp(-100 / 23)))
        assert index.loc[row["code"], "score"] == pytest.approx(score, abs=1e-6)
    assert index["rank"].min() == 1
    assert index.loc[index["rank"].idxmin(), "score"] == index["score"].max()
    assert sorted(index["decile"].unique()) == list(range(1, 11))


def test_a_summary_is_the_mean_by_people_of_each_higher_area(
    place: Path, built: Path, tmp_path: Path
) -> None:
    out = tmp_path / "summary.csv"
    people = pd.read_csv(place / "tables" / "base.csv", dtype={"code": str})
    lookup = pd.DataFrame({"code": people["code"], "half": (people.index % 2).astype(str)})
    lookup.to_csv(tmp_path / "halves.csv", index=False)
    done = call(
        "summarise", built, "--lookup", tmp_path / "halves.csv", "--code", "code", "--to", "half",
        "--population", place / "tables" / "base.csv", "--population-column", "residents",
        "--out", out,
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    table = pd.read_csv(out, dtype={"area_code": str}).set_index("area_code")
    index = pd.read_csv(built, dtype={"code": str}).set_index("code")["score"]
    weight = people.set_index("code")["residents"]
    for half in ("0", "1"):
        codes = lookup.loc[lookup["half"] == half, "code"]
        mean = (index[codes] * weight[codes]).sum() / weight[codes].sum()
        assert table.loc[half, "average_score"] == pytest.approx(mean, abs=1e-5)


def test_doubt_says_an_interval_that_holds_the_rank_and_a_sentence(
    place: Path, tmp_path: Path
) -> None:
    out = tmp_path / "doubt.csv"
    done = call(
        "doubt", place / "index.toml", place / "tables" / "domain_ranks.csv", "--code", "code",
        "--draws", 50, "--out", out,
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    table = pd.read_csv(out)
    assert len(table) == 240
    assert table["sentence"].str.contains("of 240").all()


def test_a_fault_of_an_index_is_a_sentence_and_no_file(place: Path, tmp_path: Path) -> None:
    ranks = pd.read_csv(place / "tables" / "domain_ranks.csv", dtype={"code": str})
    ranks.drop(columns="health").to_csv(tmp_path / "ranks.csv", index=False)
    done = call(
        "index", place / "index.toml", tmp_path / "ranks.csv", "--code", "code",
        "--out", tmp_path / "out.csv",
    )  # fmt: skip
    assert done.exit_code == 1
    assert "health" in done.stderr
    assert not (tmp_path / "out.csv").exists()


def test_doubt_writes_the_share_of_each_choice_and_the_ranks_without_each_domain(
    place: Path, tmp_path: Path
) -> None:
    shares, without = tmp_path / "shares.csv", tmp_path / "without.xlsx"
    done = call(
        "doubt", place / "index.toml", place / "tables" / "domain_ranks.csv", "--code", "code",
        "--draws", 20, "--out", tmp_path / "doubt.csv", "--sobol", shares, "--sobol-runs", 64,
        "--leave-one-out", without,
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    assert "320 runs" in done.stdout  # 64 x (3 choices + 2)
    table = pd.read_csv(shares).set_index("choice")
    assert list(table.index) == ["weights", "normalisation", "aggregation"]
    assert (table["first_low"] <= table["first"]).all()
    assert (table["total"] <= table["total_high"]).all()
    ranks = pd.read_excel(without, dtype={"code": str})
    assert list(ranks)[:2] == ["code", "rank"]
    assert set(ranks["by_domain"]) <= set(WEIGHTS)
    wrong = call(
        "doubt", place / "index.toml", place / "tables" / "domain_ranks.csv", "--code", "code",
        "--draws", 20, "--out", tmp_path / "no.csv", "--sobol", tmp_path / "no2.csv",
        "--sobol-runs", 100,
    )  # fmt: skip
    assert wrong.exit_code == 1
    assert "power of two" in wrong.stderr
    assert not (tmp_path / "no.csv").exists()
