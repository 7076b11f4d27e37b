"""Advice on a drawn place: who holds what, which level leads, gaps, overlaps, and the files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from data import advice, advice_map, advice_mismatch, place, run, scenarios
from data.errors import MissingChoice, UnknownChoice, UnknownCode
from data.run import Result
from geo.errors import CommonGroundError

# Each test goes the whole way through the demo place: together too long for `make test`.
pytestmark = pytest.mark.slow

DAY = dt.date(2026, 4, 1)
REGISTER = """\
id,title,lead,partners,theme,role,importance,covers,amount,ends
P1,Warm homes,Council,NHS,homes,operational,critical,wd:W1,1000,2027-03-31
P2,Repairs,Trust,,homes,operational,desirable,dist:D1,,
P3,Board,Council,NHS;Trust,health,strategic,critical,dist:D1,,
P4,Old scheme,Trust,,homes,operational,peripheral,sq:0404,5,2020-01-01
"""
FLOWS = "service,from_code,to_code,uses\nParks,0101,0401,30\nParks,0201,0101,10\n"


@pytest.fixture
def advised(package: Path, edit: Callable[..., Path]) -> Path:
    """The grid with bodies, a register, use flows, themes and money recorded by crowded homes."""
    edit("place.toml", 'id = "wd"\n', 'id = "wd"\nbody = "ward committee of the council"\n')
    edit("place.toml", 'id = "dist"\n', 'id = "dist"\nbody = "district council"\n')
    edit(
        "place.toml",
        "[need]\n",
        '[programmes]\nfile = "programmes.csv"\n[flows]\nfile = "flows.csv"\n'
        '[use]\nfile = "use.csv"\n[need]\n',
    )
    (package / "programmes.csv").write_text(REGISTER, encoding="utf-8")
    (package / "flows.csv").write_text(FLOWS, encoding="utf-8")
    base = pd.read_csv(package / "base.csv", dtype={"code": "str"})
    base[["code"]].assign(lets=base["residents"] % 7).to_csv(package / "use.csv", index=False)
    table = pd.read_csv(package / "streams.csv", dtype="str").fillna("")
    table["theme"] = ["parks", "health", "parks", "health"]
    table["use"] = ""
    extra = {
        "id": "lets", "title": "Homes let", "agency": "Council", "amount": "900.00",
        "covers": "dist:D1", "method": "recorded", "use": "lets", "held_at": "dist",
        "year": "2025-26", "kind": "revenue", "status": "budget", "theme": "homes",
    }  # fmt: skip
    table = pd.concat([table, pd.DataFrame([extra])], ignore_index=True).fillna("")
    table.to_csv(package / "streams.csv", index=False)
    return package


@pytest.fixture
def result(advised: Path) -> Result:
    return run.run(place.load(advised))


def test_who_holds_what_adds_up_to_the_pot(result: Result) -> None:
    report = advice.levels(result)
    held = report.tables["-held"]
    assert held["held_pence"].sum() == result.pot_pence
    assert "Held at District today: £1,242.98 (Council)." in report.sentences
    assert "Together today: £2,242.97; every pound has one holder." in report.sentences


def test_in_a_scenario_what_is_devolved_stands_beside_today(result: Result) -> None:
    document = """
[scenario]
id = "wards"
title = "Parks to the wards"
status = "draft"
year = "2025-26"
[[devolve]]
of = "stream:parks"
to = "wd"
share = 0.5
"""
    chosen = scenarios.scenario.parse(document)
    allocation = scenarios.allocate(result, chosen, draws=0)
    report = advice.levels(result, allocation=allocation)
    held = report.tables["-held"]
    columns = ["scenario_held_pence", "scenario_devolved_pence"]
    assert held[columns].to_numpy().sum() == result.pot_pence
    wards = held[held["level"] == "wd"].iloc[0]
    assert wards["held_pence"] == 0
    assert 0 < wards["scenario_devolved_pence"] <= 5000
    assert any("devolved to it" in line for line in report.sentences)


def test_every_service_is_advised_on_and_one_in_full(result: Result) -> None:
    report = advice.levels(result)
    lines = [line for line in report.sentences if "lead at" in line or "no advice" in line]
    assert len(lines) == 4, "parks, care, homes let and clinics; fees are income alone"
    full = advice.levels(result, service="parks")
    text = " ".join(full.sentences)
    assert "Parks: £100 a year falls in Gridley, held today by Council (level: District)." in text
    assert "our own assumption" in text
    with pytest.raises(UnknownChoice, match="Homes let"):
        advice.levels(result, service="magic")


def test_a_level_without_a_body_can_be_supposed_to_have_one(result: Result) -> None:
    table = advice.levels(result, service="parks").tables[""]
    assert table.set_index("level").loc["sq", "not_possible"] == "nobody"
    other = advice.levels(result, service="parks", suppose=["sq"])
    assert other.tables[""].set_index("level").loc["sq", "not_possible"] == ""
    assert "Supposed: a body of the right kind answers for money at Squares." in other.sentences
    with pytest.raises(UnknownChoice, match="moon"):
        advice.levels(result, suppose=["moon"])


def test_use_flows_of_the_place_are_used(result: Result) -> None:
    table = advice.levels(result, service="parks").tables[""].set_index("level")
    # 30 uses go from ward W1 to W2; 10 from square 0201 (cut in half) to 0101 in W1.
    assert table.loc["wd", "self_contained"] == pytest.approx(5 / 40)
    assert table.loc["dist", "self_contained"] == 1


def test_money_is_set_against_need_where_it_is_recorded_only(result: Result) -> None:
    report = advice_mismatch.mismatches(result, level="wd", on=DAY)
    table = report.tables[""]
    homes = table[table["theme"] == "homes"]
    assert homes["target_pence"].sum() == homes["recorded_pence"].sum()
    assert table[table["theme"] == "parks"]["target_pence"].isna().all()
    assert any(line.startswith("Not ranked: ") and "Parks" in line for line in report.sentences)
    assert any("50% of the money follows need" in line for line in report.sentences)
    only = advice_mismatch.mismatches(result, level="wd", theme="homes", on=DAY)
    assert set(only.tables[""]["theme"]) == {"homes"}
    with pytest.raises(UnknownChoice, match="homes"):
        advice_mismatch.mismatches(result, theme="magic", on=DAY)


def test_overlaps_and_gaps_are_of_what_acts_on_the_ground_and_still_runs(result: Result) -> None:
    report = advice_mismatch.mismatches(result, level="wd", on=DAY)
    overlap = report.tables["-overlaps"]
    assert overlap[["area_code", "ids"]].to_numpy().tolist() == [["W1", "P1;P2"]]
    assert set(report.tables["-programmes"]["theme"]) == {"homes", "health"}
    gaps = report.tables["-gaps"]
    assert set(gaps["theme"]) <= {"health"}, "a board is no programme on the ground"
    assert report.tables["-matrix"]["programmes"].sum() == 3
    assert "3 programmes and partnerships run on 1 April 2026; 1 has ended." in report.sentences
    later = advice_mismatch.mismatches(result, level="wd", on=dt.date(2030, 1, 1))
    assert later.tables["-overlaps"].empty


def test_fairness_is_said_before_and_after_a_scenario(result: Result) -> None:
    streams = result.place.streams
    homes = streams[streams.index == "lets"]
    place_ = replace(result.place, streams=homes)
    recorded_only = run.run(place_)
    document = """
[scenario]
id = "need"
title = "Homes by need"
status = "draft"
year = "2025-26"
[[share]]
of = "stream:lets"
by = "need"
need_weight = 1.0
neediest_per_head = 8.0
"""
    allocation = scenarios.allocate(recorded_only, scenarios.scenario.parse(document), draws=0)
    report = advice_mismatch.mismatches(recorded_only, on=DAY, allocation=allocation)
    text = " ".join(report.sentences)
    assert "Fairness, on the 100% of the money that is recorded" in text
    assert "than before" in text or "as before" in text or "cannot be compared" in text
    curves = report.tables["-curves"]
    assert {"recorded money", "need"} <= set(curves["curve"])
    assert set(report.tables["-by-level"]["level"]) == set(recorded_only.levels)


def test_a_place_without_register_or_index_says_so(result: Result) -> None:
    bare = replace(result, place=replace(result.place, programmes=None), index=None)
    report = advice_mismatch.mismatches(bare, on=DAY)
    assert "No register of programmes is named in place.toml." in report.sentences
    assert "Fairness: the place has no index of need." in report.sentences
    with pytest.raises(MissingChoice, match="register"):
        advice_map.write(bare, Path("map.html"), on=DAY)


def test_tables_are_written_as_csv_and_as_xlsx_with_codes_as_text(
    result: Result, tmp_path: Path
) -> None:
    report = advice_mismatch.mismatches(result, level="sq", on=DAY)
    paths = report.write(tmp_path / "mismatch.csv")
    assert {path.name for path in paths} >= {"mismatch.csv", "mismatch-matrix.csv"}
    back = pd.read_csv(tmp_path / "mismatch.csv", dtype={"area_code": "str"})
    assert back["area_code"].iloc[0] == "0101"
    report.write(tmp_path / "mismatch.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "mismatch.xlsx").active
    assert sheet is not None
    assert sheet["A2"].value == "0101"
    with pytest.raises(UnknownChoice, match=r"\.csv"):
        report.write(tmp_path / "mismatch.doc")


def test_the_map_counts_programmes_and_names_the_day(result: Result, tmp_path: Path) -> None:
    path = advice_map.write(result, tmp_path / "maps" / "p.html", level="wd", on=DAY)
    text = path.read_text(encoding="utf-8")
    assert "Programmes at work, Gridley" in text
    assert "Programmes that run on 1 April 2026" in text
    assert "fictional" in text


def test_a_date_is_read_or_refused() -> None:
    assert advice_mismatch.day("2026-04-01") == DAY
    assert advice_mismatch.day(None) == dt.date.today()
    with pytest.raises(UnknownChoice, match="01/04/2026"):
        advice_mismatch.day("01/04/2026")


def test_faults_of_register_and_flows_come_with_those_of_the_package(
    advised: Path, edit: Callable[..., Path]
) -> None:
    edit("programmes.csv", "wd:W1", "wd:W9")
    edit("programmes.csv", "strategic", "boss")
    edit("flows.csv", "0401", "0909")
    with pytest.raises(CommonGroundError) as caught:
        place.load(advised)
    text = str(caught.value)
    assert "wd:W9" in text
    assert "boss" in text
    assert "0909" in text


def test_flows_of_areas_that_do_not_exist_are_refused(
    advised: Path, edit: Callable[..., Path]
) -> None:
    edit("flows.csv", "0201", "0909")
    with pytest.raises(UnknownCode, match="0909"):
        place.load(advised)
