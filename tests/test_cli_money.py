"""The commands for money: what they print and write, and that nothing is half-written."""

from __future__ import annotations

import json
import multiprocessing
import os
import runpy
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

import cli

# Each test goes the whole way through the demo place: together too long for `make test`.
pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
DRAWN = runpy.run_path(str(ROOT / "tests" / "data" / "conftest.py"))

SCENARIO = """\
[scenario]
id = "care"
title = "Care by need"
status = "consultation"
by = "Joint board"
on = 2025-05-01

[[change]]
of = "parks"
amount = "-10.01"
reason = "mowing less"

[[join]]
stream = ["care", "clinic"]
as = "pooled"
pot = "health"
host = "Council"
agreement = "section 75 agreement"

[[share]]
of = "health"
by = "need"
need_weight = 1
floor = -5
unit = "per cent"

[[devolve]]
of = "parks"
to = "wd"
share = 0.5
"""
POT, AFTER = 134_297, 133_296
FILES = {
    "ledger.csv",
    "changes.csv",
    "deciles.csv",
    "held.csv",
    "devolved.csv",
    "reconciliation.csv",
    "eliminations.csv",
    "scenario.lock.json",
    "levels/sq.csv",
    "levels/wd.csv",
    "levels/dist.csv",
    "levels/lep.csv",
}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return DRAWN["write_package"](tmp_path_factory.mktemp("drawn") / "grid")


@pytest.fixture
def package(drawn: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(drawn, tmp_path / "grid"))


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "care.toml"
    path.write_text(SCENARIO, encoding="utf-8")
    return path


def call(*arguments: object) -> Result:
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def sum_of(path: Path, column: str = "amount_pence") -> int:
    return int(pd.read_csv(path)[column].sum())


# --------------------------------------------------------------------------------- allocate


@pytest.fixture(scope="module")
def allocated(drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("allocated")
    (folder / "care.toml").write_text(SCENARIO, encoding="utf-8")
    done = call(
        "allocate", drawn, "--scenario", folder / "care.toml", "--out", folder / "out",
        "--draws", 20,
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    return folder / "out", done.stdout


def test_every_file_of_an_allocation_adds_up_to_its_pot(allocated: tuple[Path, str]) -> None:
    out, _ = allocated
    assert set(files_of(out)) == FILES
    assert sum_of(out / "ledger.csv") == AFTER
    for layer in ("sq", "wd", "dist", "lep"):
        assert sum_of(out / "levels" / f"{layer}.csv") == AFTER
        assert sum_of(out / "levels" / f"{layer}.csv", "before_pence") == POT
    held = pd.read_csv(out / "held.csv")
    assert int(held[["held_pence", "devolved_pence"]].to_numpy().sum()) == AFTER
    assert int(held["devolved_pence"].sum()) == sum_of(out / "devolved.csv")
    assert pd.read_csv(out / "reconciliation.csv")["off_pence"].tolist() == [0] * 11
    changes = pd.read_csv(out / "changes.csv", dtype={"area_code": str})
    wide = 703  # fees of -£7.03 are for the whole place
    assert int(changes["before_pence"].sum()) == POT + wide
    assert int(changes["after_pence"].sum()) == AFTER + wide
    assert changes["area_code"].iloc[0] == "0101"


def test_it_is_said_what_was_done_and_who_gains(allocated: tuple[Path, str]) -> None:
    _, said = allocated
    assert "Scenario care: Care by need, consultation by Joint board on 2025-05-01" in said
    assert "parks is cut by £10.01: mowing less." in said
    assert "Pot health, pooled: £1,250.00 (Council £250.01, NHS £999.99), held by Council" in said
    assert "Floor of -5 %" in said
    assert "50% of the money of parks that can move and falls in areas of wd" in said
    assert "people gain" in said
    assert "so that nothing is ranked" in said


def test_intervals_hold_the_figures_of_most_areas_and_the_pot_of_none(
    allocated: tuple[Path, str],
) -> None:
    changes = pd.read_csv(allocated[0] / "changes.csv")
    assert (changes["low_pence"] <= changes["high_pence"]).all()
    assert (changes["share_low"] <= changes["share_high"]).all()
    assert changes["share"].sum() == pytest.approx(1, abs=1e-6)
    assert (changes["high_pence"] > changes["low_pence"]).any()


def test_the_lock_makes_the_same_files_again(
    allocated: tuple[Path, str], drawn: Path, tmp_path: Path
) -> None:
    out, _ = allocated
    done = call(
        "allocate", drawn, "--scenario", out / "scenario.lock.json", "--out", tmp_path / "b"
    )
    assert done.exit_code == 0, done.stderr
    assert "Made again from its lock: the same pence, bit for bit." in done.stdout
    assert files_of(tmp_path / "b") == files_of(out)


def test_a_lock_on_changed_inputs_is_refused_and_nothing_is_written(
    allocated: tuple[Path, str], package: Path, tmp_path: Path
) -> None:
    streams = package / "streams.csv"
    text = streams.read_text(encoding="utf-8")
    streams.write_text(text.replace("250.01", "250.02"), encoding="utf-8")
    lock = allocated[0] / "scenario.lock.json"
    done = call("allocate", package, "--scenario", lock, "--out", tmp_path / "out")
    assert done.exit_code == 1
    assert "starts from the same inputs" in done.stderr
    assert "streams.csv" in done.stderr
    assert not (tmp_path / "out").exists()


def test_without_a_scenario_money_is_as_it_is_today(drawn: Path, tmp_path: Path) -> None:
    done = call("allocate", drawn, "--out", tmp_path / "out", "--draws", 0)
    assert done.exit_code == 0, done.stderr
    assert "Scenario as-it-is: As it is today, draft" in done.stdout
    assert sum_of(tmp_path / "out" / "ledger.csv") == POT
    changes = pd.read_csv(tmp_path / "out" / "changes.csv")
    assert set(changes["result"]) == {"unchanged"}
    assert "low_pence" not in changes


@pytest.mark.slow
def test_other_processor_features_and_hash_seeds_give_the_same_pence(
    allocated: tuple[Path, str], drawn: Path, tmp_path: Path
) -> None:
    """What numpy computes with wide registers and without them must not differ in a penny."""
    features = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    digests = set()
    for number, disabled in enumerate(("", " ".join(features))):
        out = tmp_path / f"out{number}"
        lock = allocated[0] / "scenario.lock.json"
        done = subprocess.run(
            [sys.executable, "-m", "cli", "allocate", drawn, "--scenario", lock, "--out", out],
            cwd=ROOT,
            env=os.environ | {"NPY_DISABLE_CPU_FEATURES": disabled, "PYTHONHASHSEED": str(number)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        digests.add((out / "ledger.csv").read_bytes())
        digests.add((out / "levels" / "lep.csv").read_bytes())
    assert len(digests) == 2


def test_killing_it_at_any_moment_leaves_no_half_written_folder(
    drawn: Path, plan: Path, tmp_path: Path
) -> None:
    from data import place, run, scenario_files, scenarios

    allocation = scenarios.allocate(run.run(place.load(drawn)), draws=0)
    scenario_files.write(allocation, tmp_path / "out")
    before = files_of(tmp_path / "out")
    process = multiprocessing.get_context("fork").Process(
        target=_write_and_die, args=(allocation, tmp_path / "out")
    )
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert files_of(tmp_path / "out") == before
    scenario_files.write(allocation, tmp_path / "out")
    assert files_of(tmp_path / "out") == before


def _write_and_die(allocation: object, out: Path) -> None:
    """Write an allocation and be killed when all but the lock is written."""
    from data import scenario_files

    def die(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    scenario_files._write_lock = die  # type: ignore[assignment]
    scenario_files.write(allocation, out)  # type: ignore[arg-type]


def test_the_status_of_a_scenario_does_not_change_its_pence(
    allocated: tuple[Path, str], drawn: Path, plan: Path, tmp_path: Path
) -> None:
    plan.write_text(SCENARIO.replace("consultation", "agreed"), encoding="utf-8")
    done = call("allocate", drawn, "--scenario", plan, "--out", tmp_path / "out", "--draws", 20)
    assert done.exit_code == 0, done.stderr
    first, second = (
        json.loads((folder / "scenario.lock.json").read_text(encoding="utf-8"))
        for folder in (allocated[0], tmp_path / "out")
    )
    assert first["digest"] == second["digest"]
    assert first["outputs"] == second["outputs"]
    assert first["document_digest"] != second["document_digest"]


def test_a_limit_that_cannot_be_kept_is_told_with_the_nearest_and_nothing_is_written(
    drawn: Path, plan: Path, tmp_path: Path
) -> None:
    plan.write_text(SCENARIO.replace("floor = -5", "floor = 3"), encoding="utf-8")
    done = call("allocate", drawn, "--scenario", plan, "--out", tmp_path / "out")
    assert done.exit_code == 1
    assert done.stdout == ""
    assert "[[share]] number 1 (health), floor" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_folder_of_something_else_is_left_alone(drawn: Path, plan: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear", encoding="utf-8")
    done = call("allocate", drawn, "--scenario", plan, "--out", tmp_path / "mine")
    assert done.exit_code == 1
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["letter.txt"]


def test_an_earlier_allocation_is_replaced(drawn: Path, plan: Path, tmp_path: Path) -> None:
    for _ in range(2):
        out = tmp_path / "out"
        done = call("allocate", drawn, "--scenario", plan, "--out", out, "--draws", 0)
        assert done.exit_code == 0, done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"out", "care.toml"}


def test_a_name_that_looks_like_a_formula_is_written_as_text(
    package: Path, plan: Path, tmp_path: Path
) -> None:
    streams = package / "streams.csv"
    text = streams.read_text(encoding="utf-8")
    streams.write_text(text.replace("Council", "=cmd()"), encoding="utf-8")
    done = call("allocate", package, "--scenario", plan, "--out", tmp_path / "out", "--draws", 0)
    assert done.exit_code == 0, done.stderr
    written = b"".join(files_of(tmp_path / "out")[name] for name in FILES if name.endswith("csv"))
    assert b"'=cmd()" in written
    assert b",=cmd()" not in written
    assert b"\n=cmd()" not in written


# ----------------------------------------------------------------------------------- compare


@pytest.mark.parametrize("by", ["area", "stream", "level", "agency"])
def test_two_folders_are_compared_and_both_columns_add_up(
    allocated: tuple[Path, str], drawn: Path, tmp_path: Path, by: str
) -> None:
    today = tmp_path / "today"
    assert call("allocate", drawn, "--out", today, "--draws", 0).exit_code == 0
    done = call("compare", today, allocated[0], "--by", by, "--out", tmp_path / "c.csv")
    assert done.exit_code == 0, done.stderr
    assert "a: As it is today, £1,342.97. b: Care by need, £1,332.96." in done.stdout
    table = pd.read_csv(tmp_path / "c.csv")
    assert int(table["a_pence"].sum()) == POT
    assert int(table["b_pence"].sum()) == AFTER


def test_two_scenario_files_are_compared_on_a_place(
    drawn: Path, plan: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.toml"
    other.write_text(SCENARIO.replace("-10.01", "-20.02"), encoding="utf-8")
    done = call("compare", plan, other, "--place", drawn, "--by", "stream")
    assert done.exit_code == 0, done.stderr
    assert "0 rows have £0.00 more in b and 1 rows £10.01 less." in done.stdout
    alone = call("compare", plan, other)
    assert alone.exit_code == 1
    assert "--place" in alone.stderr


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda out: (out / "ledger.csv").unlink(), "files are missing"),
        (lambda out: (out / "held.csv").write_text("x\n"), "as they were written"),
        (lambda out: (out / "scenario.lock.json").unlink(), "two folders that `allocate` wrote"),
        (lambda out: (out / "scenario.lock.json").write_text("[]"), "two folders"),
    ],
)
def test_a_damaged_folder_is_not_compared(
    allocated: tuple[Path, str], tmp_path: Path, damage: Callable[[Path], object], said: str
) -> None:
    out = Path(shutil.copytree(allocated[0], tmp_path / "out"))
    damage(out)
    done = call("compare", allocated[0], out)
    assert done.exit_code == 1
    assert said in done.stderr


# ---------------------------------------------------------------------------------- validate


def test_a_sound_scenario_is_said_to_be_sound(drawn: Path, plan: Path) -> None:
    done = call("scenario", "validate", plan)
    assert done.exit_code == 0, done.stderr
    assert "The document is sound." in done.stdout
    there = call("scenario", "validate", plan, "--place", drawn)
    assert there.exit_code == 0, there.stderr
    assert "can be applied to Gridley" in there.stdout


def test_every_fault_of_a_scenario_is_said_at_once(drawn: Path, plan: Path) -> None:
    plan.write_text(
        SCENARIO.replace("-10.01", "1.000,00").replace('by = "need"', 'by = "rank"'),
        encoding="utf-8",
    )
    done = call("scenario", "validate", plan)
    assert done.exit_code == 1
    assert "2 faults" in done.stderr
    plan.write_text(
        SCENARIO.replace('of = "parks"', 'of = "lakes"').replace('to = "wd"', 'to = "sea"'),
        encoding="utf-8",
    )
    assert call("scenario", "validate", plan).exit_code == 0
    named = call("scenario", "validate", plan, "--place", drawn)
    assert named.exit_code == 1
    assert "3 faults" in named.stderr


def test_a_file_that_is_not_there_or_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "noise").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "nowhere.toml", tmp_path / "noise", tmp_path):
        done = call("scenario", "validate", path)
        assert done.exit_code == 1
        assert "Traceback" not in done.stderr
