"""Counts carried to other areas by the command tell nothing of those that may not be shown."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from boundaries.crosswalk import Crosswalk
from cli import app

COUNTS = [3, 12, 20, 5, 6, 40]
SHARES = [
    ("a", "v", 1),
    ("b", "v", 1),
    ("c", "v", 0.5),
    ("c", "w", 0.5),
    ("d", "u", 1),
    ("e", "u", 1),
]


@pytest.fixture
def walk(tmp_path: Path) -> Path:
    rows = [*SHARES, ("f", "w", 1)]
    table = pd.DataFrame(rows, columns=["sa", "wd", "share"])
    crosswalk = Crosswalk.from_lookup(table, source="sa", target="wd", share="share")
    return crosswalk.write(tmp_path / "walk.csv")


def convert(walk: Path, counts: list[int], *more: str) -> Result:
    folder = walk.parent
    pd.DataFrame({"sa": list("abcdef"), "stays": counts}).to_csv(folder / "in.csv", index=False)
    return CliRunner().invoke(
        app,
        ["convert", str(walk), str(folder / "in.csv"), "--code", "sa", "--count", "stays",
         "--out", str(folder / "out.csv"), *more],
    )  # fmt: skip


def test_targets_are_made_of_what_may_be_shown_and_say_so(walk: Path) -> None:
    done = convert(walk, COUNTS, "--disclosure", "stays:hospital-records")
    assert done.exit_code == 0, done.stderr
    found = pd.read_csv(walk.parent / "out.csv", index_col=0)
    # 3 is hidden and stands as 4, 12 is shown as 10, half of 20 is 10; u is made of hidden ones.
    assert found.loc["v"].tolist() == [24, "hidden"]
    assert found.loc["w"].tolist() == [50, "rounded"]
    assert pd.isna(found.loc["u", "stays"])
    assert found.loc["u", "stays_flag"] == "hidden"


def test_no_target_depends_on_a_hidden_count(walk: Path) -> None:
    files = []
    for small in (1, 7):
        done = convert(
            walk, [small, 12, 20, small, 6, 40], "--disclosure", "stays:hospital-records"
        )
        assert done.exit_code == 0, done.stderr
        files.append((walk.parent / "out.csv").read_bytes())
    assert files[0] == files[1]


def test_without_a_rule_counts_are_carried_as_they_are(walk: Path) -> None:
    assert convert(walk, COUNTS).exit_code == 0
    found = pd.read_csv(walk.parent / "out.csv", index_col=0)
    assert list(found) == ["stays"]
    assert found["stays"].to_dict() == {"v": 25, "w": 50, "u": 11}


@pytest.mark.parametrize(
    ("option", "word"),
    [("stays", "COLUMN:RULE"), ("stays:secret", "hospital-records"), ("other:published", "other")],
)
def test_what_cannot_be_hidden_so_is_named(walk: Path, option: str, word: str) -> None:
    done = convert(walk, COUNTS, "--disclosure", option)
    assert done.exit_code == 1
    assert word in done.stderr
