"""What a scenario does to one area, line by line: it adds up, and hides what may not be shown."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from budgets import scenario
from budgets.suppressed import HIDDEN
from data import accounting, run, scenarios
from data.place import load

pytestmark = pytest.mark.slow
SMALL = "children_in_need"
HEAD = '[scenario]\nid = "growth"\ntitle = "A growth"\ntakes_effect = "2027-04-01"\n'
GROWTH = '[[change]]\nof = "{line}"\nper_cent = 10\nreason = "to see"\n'


@pytest.fixture(scope="module")
def secret(demo_place: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo place, whose children in need are counted from records that hide small counts."""
    folder = tmp_path_factory.mktemp("place") / "demo"
    shutil.copytree(demo_place, folder)
    text = (folder / "place.toml").read_text(encoding="utf-8")
    rule = f'[use]\ndisclosure = {{ {SMALL} = "hospital-records" }}\n'
    (folder / "place.toml").write_text(text.replace("[use]\n", rule), encoding="utf-8")
    return folder


def test_the_lines_of_an_area_add_up_to_what_the_level_holds(demo_place: Path) -> None:
    result = run.run(load(demo_place))
    line = str(result.ledger.streams.index[result.prepared.shared[0]])
    made = scenarios.allocate(result, scenario.parse(HEAD + GROWTH.format(line=line)), draws=0)
    for level in result.levels:
        at = made.levels[level]
        held = at.pence if at.counted_in_each is None else at.counted_in_each
        for number in (0, len(at.areas) - 1):
            code = str(at.areas[number])
            table = accounting.lines_of(made, level, code)
            assert int(table["after_pence"].sum()) == int(held[:, number].sum())
            changed = table["after_pence"] - table["before_pence"]
            assert (changed == table["change_pence"]).all()
            sizes = table["change_pence"].abs().tolist()
            assert sizes == sorted(sizes, reverse=True)


def test_what_may_not_be_shown_is_missing_before_after_and_in_the_change(secret: Path) -> None:
    result = run.run(load(secret))
    assert result.masked is not None
    masked = result.masked[0]
    stream, code = next(
        (str(stream), str(code))
        for stream in masked.flag.index
        for code in masked.flag.columns
        if masked.flag.at[stream, code] == HIDDEN
    )
    made = scenarios.allocate(result, scenario.parse(HEAD + GROWTH.format(line=stream)), draws=0)
    row = accounting.lines_of(made, result.place.base_layer, code).loc[[stream]]
    assert row["flag"].tolist() == [HIDDEN]
    columns = ["before_pence", "after_pence", "change_pence"]
    assert row[columns].isna().to_numpy().all()
