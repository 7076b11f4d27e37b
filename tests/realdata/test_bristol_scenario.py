"""The worked scenario of the README: the commands are run, and every figure of its table holds.

The amounts of 2017-18 are typed from the published sheet (Revenue Outturn 2017-18, RS LA Data) in
`test_english_city`; what the scenario makes of them is worked out here by hand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

import cli

pytestmark = [pytest.mark.realdata, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]
SCENARIO = ROOT / "docs" / "examples" / "bristol.toml"
# Thousand pounds, published: children's social care, public health, adult social care, planning,
# culture, environment, and all ten lines together.
CHILDREN, HEALTH, ADULTS, PLANNING, CULTURE, ENVIRONMENT = 79566, 32763, 157330, 13066, 28574, 40252
COUNCIL = 622_690
# 1,300 pounds for each of 979,602 residents of the consortium at the Census 2021.
NHS = 1300 * 979_602 * 100


def pounds(pence: int) -> str:
    return f"{pence // 100:,}.{pence % 100:02d}"


def readme_table() -> dict[str, str]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    block = re.search(r"<!-- bristol scenario -->\n((?:\|.*\n)+)", text)
    assert block is not None
    rows = [line.strip("|\n").split("|") for line in block[1].splitlines()[2:]]
    return {name.strip(): figure.strip() for name, figure in rows}


def run(*arguments: object) -> str:
    done = CliRunner().invoke(cli.app, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def folders(
    build_city: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    folder, bristol = tmp_path_factory.mktemp("bristol"), build_city("bristol").folder
    run("allocate", bristol, "--scenario", SCENARIO, "--out", folder / "joined")
    run("allocate", bristol, "--out", folder / "today", "--draws", 0)
    return lambda name: folder / name


def test_the_table_of_the_readme_is_what_paper_says() -> None:
    k = 100_000
    today = COUNCIL * k + NHS
    cut = PLANNING * k * 5 // 100
    wards = [CULTURE * k // 5, ENVIRONMENT * k // 10]
    figures = [
        today,
        2_000_000 * 100,
        cut,
        today + 2_000_000 * 100 - cut,
        (CHILDREN + HEALTH) * k + 2_000_000 * 100,
        ADULTS * k + NHS,
        NHS,
        *wards,
        sum(wards),
        0,
    ]
    assert list(readme_table().values()) == [pounds(figure) for figure in figures]


def test_the_commands_give_every_figure_of_the_table(folders: Callable[[str], Path]) -> None:
    table = list(readme_table().values())
    lock = json.loads((folders("joined") / "scenario.lock.json").read_text(encoding="utf-8"))
    said = " ".join(lock["sentences"])
    assert [pounds(lock["pot_before_pence"]), pounds(lock["pot_pence"])] == [table[0], table[3]]
    for figure in (table[1], table[2], table[4], table[5], table[7], table[8]):
        assert f"£{figure}" in said
    held = pd.read_csv(folders("joined") / "held.csv")
    by_agency = held.groupby("agency")[["held_pence", "devolved_pence"]].sum().sum(axis=1)
    assert pounds(by_agency["Early Help Partnership (invented)"]) == table[4]
    consortium = [name for name in by_agency.index if name.startswith("NHS")]
    assert [pounds(by_agency[name]) for name in consortium] == [table[6]]
    wards = held[held["level"] == "wd25"]
    assert pounds(wards["devolved_pence"].sum()) == table[9]
    devolved = pd.read_csv(folders("joined") / "devolved.csv")
    assert pounds(devolved["amount_pence"].sum()) == table[9]
    books = pd.read_csv(folders("joined") / "reconciliation.csv")
    assert pounds(int(books["off_pence"].abs().sum())) == table[10]


def test_every_level_adds_up_to_both_pots(folders: Callable[[str], Path]) -> None:
    levels = sorted((folders("joined") / "levels").glob("*.csv"))
    assert {path.stem for path in levels} >= {"lsoa21", "wd25", "ccg21", "lep20", "ltla23"}
    table = list(readme_table().values())
    for path in levels:
        level = pd.read_csv(path)
        assert pounds(int(level["before_pence"].sum())) == table[0]
        assert pounds(int(level["amount_pence"].sum())) == table[3]


def test_aligned_money_stays_within_what_its_owner_covers(
    folders: Callable[[str], Path],
) -> None:
    today, joined = (
        pd.read_csv(folders(name) / "ledger.csv", dtype={"area_code": str})
        for name in ("today", "joined")
    )
    for stream in ("council_adult_care", "nhs_commissioned_e38000222"):
        before, after = (
            table[table["stream"] == stream].set_index("area_code")["amount_pence"]
            for table in (today, joined)
        )
        assert before.sum() == after.sum()
        assert set(before.index) == set(after.index)
        growth = after / before.reindex(after.index)
        assert growth.min() > 0.979999
        assert growth.max() < 1.020001


def test_the_comparison_says_who_holds_what_before_and_after(
    folders: Callable[[str], Path],
) -> None:
    said = run("compare", folders("today"), folders("joined"), "--by", "agency")
    table = list(readme_table().values())
    assert f"£{table[0]}" in said
    assert f"£{table[3]}" in said
    assert "Early Help Partnership (invented)" in said
