"""Money per person is read by the people a service is there for, with unusual areas flagged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from budgets.need_population import FILE
from cli import app
from data import place, run
from data.errors import UnknownLayer
from data.per_person import COLUMNS, money_per_person
from data.run import Result

# Each test goes the whole way through the demo place: together too long for `make test`.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def result(demo_place: Path) -> Result:
    return run.run(place.load(demo_place))


def test_small_areas_have_money_by_the_people_of_each_service(result: Result) -> None:
    found = money_per_person(result, "sa21")
    table = found.table
    assert table.columns.tolist() == list(COLUMNS)
    base, streams = result.place.base, result.ledger.streams
    # By hand: the NHS's lines by registered people, street cleaning by the day's, all else by
    # residents.
    words = streams["title"].str.lower() + " " + streams["service"].str.lower()
    nhs = words.str.contains("hospital care|prescribing|primary care|community and mental health")
    nhs |= words.str.contains("mental health|general practice|gp services|community health")
    for basis, mine, people in (
        ("registered", nhs, base["registered"]),
        ("resident", ~nhs & ~words.str.contains(WORKDAY_WORDS), base["residents"]),
    ):
        for kind, rows in table[table["basis"] == basis].groupby("kind"):
            chosen = (mine & (streams["kind"] == kind)).to_numpy()
            pence = pd.Series(result.ledger.pence[chosen].sum(axis=0), result.ledger.areas)
            each = rows.set_index("area_code")
            assert (each["amount_pence"] == pence[each.index]).all()
            expected = (pence / people[pence.index].where(people[pence.index] > 0))[each.index]
            assert each["pence_per_person"].to_numpy() == pytest.approx(
                expected.to_numpy(), nan_ok=True
            )
    assert int(table["amount_pence"].sum()) == int(result.levels["sa21"].pence.sum())


WORKDAY_WORDS = (
    "street cleaning|licensing|night-time|town centre|business support|parking|public transport"
)


def test_without_a_count_of_workday_people_there_is_no_figure(result: Result) -> None:
    found = money_per_person(result, "wd25")
    rows = found.table[found.table["basis"] == "workday"]
    assert len(rows)
    assert rows["pence_per_person"].isna().all()
    assert rows["flag"].str.contains("nobody else stands in").all()
    assert any("no count of workday people" in s for s in found.sentences)
    assert any("prison, city-centre" in s for s in found.sentences)


def test_student_and_city_centre_areas_are_flagged_where_they_are(result: Result) -> None:
    base = result.place.base
    busy = base.index[:2]
    more = base.assign(
        workday=base["residents"].where(~base.index.isin(busy), base["residents"] * 3 + 1),
        students=base["residents"].where(base.index == base.index[7], 0.0) * 0.3,
        prisoners=0.0,
    )
    changed = replace(result, place=replace(result.place, base=more))
    found = money_per_person(changed, "sa21")
    assert found.flags.index[found.flags["city_centre"]].tolist() == busy.tolist()
    students = base.index[[7]]
    assert found.flags.index[found.flags["student"]].tolist() == students.tolist()
    rows = found.table[found.table["area_code"].isin(students)]
    assert rows["flag"].str.contains("students").all()
    by_day = found.table[found.table["basis"] == "workday"].set_index("area_code")
    assert by_day["people"][busy[0]] == base["residents"][busy[0]] * 3 + 1
    assert np.isfinite(by_day["pence_per_person"]).any()


def test_a_level_that_overlaps_counts_money_and_people_in_each(result: Result) -> None:
    found = money_per_person(result, "lep20")
    each = result.levels["lep20"].counted_in_each
    assert each is not None
    assert int(found.table["amount_pence"].sum()) == int(each.sum())
    assert "Areas of this level overlap: money and people are counted in each." in found.sentences
    with pytest.raises(UnknownLayer, match="ward"):
        money_per_person(result, "ward")


def test_the_command_writes_the_table(result: Result, tmp_path: Path) -> None:
    out = str(tmp_path / "wards.csv")
    folder = str(result.place.folder)
    done = CliRunner().invoke(app, ["per-person", folder, "--level", "wd25", "--out", out])
    assert done.exit_code == 0, done.stderr
    assert "read per registered person: the NHS pays" in done.stdout
    written = pd.read_csv(out, dtype={"area_code": str})
    assert written["area_code"].nunique() == len(result.levels["wd25"].areas)
    assert CliRunner().invoke(app, ["per-person", folder, "--level", "x"]).exit_code == 1
    rules = tmp_path / "purposes.toml"
    rules.write_text(FILE.read_text(encoding="utf-8").replace("street cleaning", "libraries"))
    arguments = ["per-person", folder, "--level", "wd25", "--purposes", str(rules), "--out", out]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    again = pd.read_csv(out, dtype={"area_code": str})
    by_day = [
        int(table.loc[table["basis"] == "workday", "amount_pence"].sum())
        for table in (written, again)
    ]
    assert by_day[0] != by_day[1] > 0
