"""A place with recorded use, transfers and tiers, from its files to the tables of the baseline."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from budgets import streams_errors as wide
from cli import app
from data import place, run, write
from data.errors import MissingFile, NotANumber, OutOfRange, WrongColumns
from geo.errors import CommonGroundError, SeveralFaults

# Each test goes the whole way through the demo place: together too long for `make test`.
pytestmark = pytest.mark.slow

CODES = [f"{column:02d}{row:02d}" for column in range(1, 5) for row in range(1, 5)]
# Only three squares of the district, and one beyond it, have visits; square 0101 has the school.
VISITS = {"0101": 6, "0202": 3, "0303": 1, "0404": 10}
HEAD = (
    "id,title,agency,amount,reason,covers,method,use,follows,transfer_of,held_at,tier,year,kind,"
    "status,overhead,ring_fence,basis\n"
)
STREAMS = (
    HEAD
    + """\
care,Care,County,100.00,,dist:D1,recorded,visits,,,dist,county,2025-26,revenue,budget,10%,,visits
charges,Charges,County,-10.00,charges,,,,care,,dist,county,2025-26,revenue,budget,,,
grant,Grant,County,40.00,,sq:*,households,,,,dist,county,2025-26,revenue,budget,,schools,
school,School,School,40.00,,sq:*,asset,places,,grant,dist,,2025-26,capital,budget,,,
bins,Bins,District,21.00,,dist:D1,households,,,,dist,district,2025-26,revenue,outturn,,,homes
half,Half,County,6.00,,sq:0101;sq:0102,people,,,,dist,county,2025-26,revenue,budget,,,
young,Young,Trust,12.00,,dist:D1,client-group,crowded,,,dist,,2024-25,revenue,budget,,,
"""
)


@pytest.fixture
def counted(package: Path, edit: Callable[..., Path]) -> Path:
    (package / "streams.csv").write_text(STREAMS, encoding="utf-8")
    rows = [f"{code},{VISITS.get(code, 0)},{int(code == '0101')},Area" for code in CODES]
    text = "code,visits,places,name\n" + "\n".join(rows) + "\n"
    (package / "use.csv").write_text(text, encoding="utf-8")
    edit("place.toml", 'table = "base.csv"', 'table = "base.csv"\nhouseholds = "households"')
    return edit("place.toml", "[need]", '[use]\nfile = "use.csv"\n[need]')


def faults_of(folder: Path) -> list[CommonGroundError]:
    with pytest.raises(CommonGroundError) as caught:
        place.load(folder)
    error = caught.value
    return list(error.faults) if isinstance(error, SeveralFaults) else [error]


def test_money_follows_the_use_that_was_recorded(counted: Path) -> None:
    result = run.run(place.load(counted))
    frame = result.ledger.to_frame()
    care = frame[frame["stream"] == "care"].set_index("area_code")["amount_pence"]
    assert care.to_dict() == {"0101": 6000, "0202": 3000, "0303": 1000}
    charges = frame[frame["stream"] == "charges"].set_index("area_code")["amount_pence"]
    assert charges.to_dict() == {"0101": -600, "0202": -300, "0303": -100}
    school = frame[frame["stream"] == "school"].set_index("area_code")["amount_pence"]
    assert school.to_dict() == {"0101": 4000}


def test_a_pound_that_is_passed_on_is_in_the_pot_once(counted: Path) -> None:
    result = run.run(place.load(counted))
    assert result.pot_pence == 10000 - 1000 + 4000 + 2100 + 600 + 1200
    assert "grant" not in result.ledger.streams.index
    assert result.eliminations.gross_pence == result.pot_pence + 4000
    assert result.eliminations.eliminated_pence == 4000


def test_what_households_and_people_count_for_is_no_client_group(counted: Path) -> None:
    loaded = place.load(counted)
    assert loaded.use.columns.tolist() == ["crowded", "visits", "places"]
    assert loaded.households is not None
    assert loaded.households.sum() == loaded.base["households"].sum()


def test_the_steps_say_what_is_mixed_what_is_recorded_and_what_leaves_districts_out(
    counted: Path,
) -> None:
    steps = {step.kind: step for step in run.run(place.load(counted)).steps}
    transfers = steps["transfers"].sentence
    assert "£40.00 that 1 line passes on to other lines" in transfers
    for mixed in (
        "6 lines are for 2025-26 and 1 is for 2024-25",
        "6 lines are planned (budget) and 1 is what was spent",
        "6 lines are for running services (revenue) and 1 is for building and buying (capital)",
    ):
        assert mixed in transfers
    tiers = steps["tiers"]
    # Households by themselves: charges follow care, whose recorded use may lie anywhere.
    assert tiers.left_over == {"incomplete": 1, "beyond_ring_fence": 0}
    assert "half is a stream of the county and covers" in tiers.sentence
    assert tiers.came_out == {"county_pence": 9600, "district_pence": 2100}
    grades = steps["grades"]
    assert grades.left_over == {"overhead_pence": 1000}
    # Sizes: care 100, charges 10 and young 12 of 189 are recorded.
    assert "64.6% of the money is split by what is recorded" in grades.sentence


def test_a_stream_that_leaves_its_ring_fence_is_named(
    counted: Path, edit: Callable[..., Path]
) -> None:
    """Bins are bound to ward 1, the west of the district: 3 of 8 columns of 50 m."""
    edit("streams.csv", "ring_fence,basis", "ring_fence,basis,ring_fence_areas,ring_fenced")
    text = (counted / "streams.csv").read_text(encoding="utf-8").splitlines()
    wide_rows = [text[0]]
    for line in text[1:]:
        if line.startswith("bins"):
            line = line.replace(",,homes", ",renewal,homes,wd:W1,all")
        elif line.startswith("half"):
            line = line.removesuffix(",,") + ",renewal,,dist:D1,all"
        else:
            line += ",,"
        wide_rows.append(line)
    (counted / "streams.csv").write_text("\n".join(wide_rows) + "\n", encoding="utf-8")
    steps = {step.kind: step for step in run.run(place.load(counted)).steps}
    assert steps["tiers"].left_over["beyond_ring_fence"] == 1
    assert "bins is ring-fenced to wd:W1 and covers" in steps["tiers"].sentence


def test_the_files_of_the_baseline_add_up(counted: Path, tmp_path: Path) -> None:
    result = run.run(place.load(counted))
    out = write.write(result, tmp_path / "out")
    lines = pd.read_csv(out / "streams.csv").set_index("stream")
    falls = lines[["inside_pence", "outside_pence", "place_wide_pence"]].sum(axis=1)
    assert (falls == lines["amount_pence"]).all()
    assert lines["amount_pence"].sum() == result.pot_pence
    assert lines.loc["care", ["method", "second_method", "overhead_pence"]].tolist() == [
        *("recorded", "people", 1000),
    ]
    grades = pd.read_csv(out / "grades.csv").set_index("grade")
    falls = grades[["inside_pence", "outside_pence", "place_wide_pence"]].sum(axis=1)
    assert falls.sum() == result.pot_pence
    eliminations = pd.read_csv(out / "eliminations.csv")
    assert eliminations["net_pence"].sum() == result.pot_pence
    second = pd.read_csv(out / "second_method.csv", dtype={"area_code": "str"})
    assert second["difference_pence"].sum() == 0
    assert second["area_code"].tolist() == CODES


def test_lines_can_be_shown_in_the_prices_of_another_year_too(
    counted: Path, edit: Callable[..., Path], tmp_path: Path
) -> None:
    edit("streams.csv", "2025-26", "2019-20", times=99)
    result = run.run(place.load(counted))
    out = write.write(result, tmp_path / "out", prices_of="2024-25")
    lines = pd.read_csv(out / "streams.csv").set_index("stream")
    # 21.00 x 100 / 80.8738 by the index of financial years; 2024-25 is the year itself.
    assert lines.loc["bins", "pence_in_prices_of_2024-25"] == 2597
    assert lines.loc["young", "pence_in_prices_of_2024-25"] == 1200


def test_the_command_says_by_which_index_prices_were_changed(
    counted: Path, edit: Callable[..., Path], tmp_path: Path
) -> None:
    edit("streams.csv", "2025-26", "2019-20", times=99)
    arguments = ["run", str(counted), "--out", str(tmp_path / "out"), "--prices", "2024-25"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert "Prices of 2024-25: 2019-20 x 1.2365 by the GDP deflator" in done.output
    assert "second_method.csv" in {path.name for path in (tmp_path / "out").iterdir()}


def test_every_level_keeps_apart_what_is_recorded_assumed_and_spent_here(
    counted: Path, tmp_path: Path
) -> None:
    result = run.run(place.load(counted))
    out = write.write(result, tmp_path / "out")
    for layer in ("sq", "wd", "dist", "lep"):
        table = pd.read_csv(out / "levels" / f"{layer}.csv").set_index("area_code")
        parts = table[["recorded_pence", "assumed_pence", "spent_here_pence"]]
        assert (parts.sum(axis=1) == table["amount_pence"]).drop("place-wide").all()
        # Care less charges and young; bins and half; the school.
        assert parts.sum().tolist() == [10200, 2700, 4000]
    squares = pd.read_csv(out / "levels" / "sq.csv", dtype={"area_code": "str"})
    assert squares.set_index("area_code").loc["0101", "spent_here_pence"] == 4000


def test_the_calendar_begins_with_the_latest_year(
    counted: Path, edit: Callable[..., Path], tmp_path: Path
) -> None:
    table = pd.read_csv(
        write.write(run.run(place.load(counted)), tmp_path / "out") / "calendar.csv"
    )
    # All but charges, which go where care goes, can move.
    assert table.to_dict("records") == [
        {"date": "2025-04-01", "freed_pence": 17900, "movable_pence": 17900, "streams": 5}
    ]


def test_every_fault_of_the_use_of_a_place_is_named_with_the_others(
    counted: Path, edit: Callable[..., Path]
) -> None:
    edit("use.csv", "code,visits,places,name", "code,visits,crowded,name")
    edit("use.csv", "0101,6,", "0101,-6,")
    edit("use.csv", "0102,0,", "0102,x,")
    faults = faults_of(counted)
    assert {type(fault) for fault in faults} == {
        WrongColumns,
        OutOfRange,
        NotANumber,
        wide.UnknownUse,
    }
    (unknown,) = [fault for fault in faults if isinstance(fault, wide.UnknownUse)]
    assert "school: places" in str(unknown)


def test_a_stream_by_households_needs_their_column(
    counted: Path, edit: Callable[..., Path]
) -> None:
    edit("place.toml", 'households = "households"\n', "")
    (fault,) = faults_of(counted)
    assert type(fault) is wide.HouseholdsMissing
    assert fault.found == ("grant", "bins")


def test_a_table_of_use_that_is_not_there_is_one_fault(counted: Path) -> None:
    (counted / "use.csv").unlink()
    (fault,) = faults_of(counted)
    assert type(fault) is MissingFile
