"""The register of programmes: read row by row, its matrix, and where each is at work."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from budgets import programmes
from budgets.errors import UnknownArea, UnknownLayer
from budgets.programmes_errors import (
    DuplicateProgramme,
    EmptyProgrammeField,
    EndNotUnderstood,
    ProgrammeBelowNought,
    ProgrammeColumnsMissing,
    UnknownImportance,
    UnknownRole,
)
from geo.errors import SeveralFaults

BLANK = {
    "title": "Warm homes",
    "lead": "Council",
    "partners": "NHS; Housing trust",
    "theme": "homes",
    "role": "Operational",
    "importance": "critical",
    "covers": "wd:w1",
    "amount": "120,000",
    "ends": "2027-03-31",
}
AREAS = pd.Index(["s1", "s2", "s3"], name="sa")
PEOPLE = pd.Series([100.0, 300.0, 600.0], AREAS)


def register(*rows: dict[str, Any], **options: Any) -> pd.DataFrame:
    table = [{"id": f"p{i}"} | BLANK | row for i, row in enumerate(rows)]
    return programmes.read(pd.DataFrame(table), **options)


@pytest.fixture
def wards(crosswalk: Callable[..., Any]) -> Any:
    return crosswalk({"s1": {"w1": 1}, "s2": {"w1": 1, "w2": 1}, "s3": {"w2": 1}})


def test_a_programme_is_read_with_its_words_its_places_and_its_whole_pence() -> None:
    found = register({}, {"amount": "", "ends": ""})
    first, second = found.iloc[0], found.iloc[1]
    assert first["amount_pence"] == 12_000_000
    assert first["role"] == "operational"
    assert first["partners"] == ["NHS", "Housing trust"]
    assert first["covers"] == ["wd:w1"]
    assert second["amount_pence"] is pd.NA, "money that is not stated is not nought"


def test_every_fault_of_the_register_is_told_at_once_with_its_row() -> None:
    rows = [
        {"id": "a", "role": "boss", "importance": "huge"},
        {"id": "a", "ends": "31/03/2027", "amount": "-5"},
        {"id": "b", "lead": "", "covers": "nowhere"},
    ]
    with pytest.raises(SeveralFaults) as caught:
        register(*rows)
    kinds = {type(fault) for fault in caught.value.faults}
    assert kinds >= {
        UnknownRole, UnknownImportance, DuplicateProgramme, EndNotUnderstood,
        ProgrammeBelowNought, EmptyProgrammeField,
    }  # fmt: skip
    assert "row 3 (a): 31/03/2027" in str(caught.value)


def test_a_register_without_a_column_is_refused() -> None:
    with pytest.raises(ProgrammeColumnsMissing, match="ends"):
        programmes.read(pd.DataFrame([{"id": "a"} | BLANK]).drop(columns="ends"))


def test_areas_that_the_place_does_not_have_are_refused() -> None:
    known = {"wd": pd.Index(["w1"])}
    with pytest.raises(UnknownArea, match="w9"):
        register({"covers": "wd:w9"}, known=known)
    with pytest.raises(UnknownLayer, match="moon"):
        register({"covers": "moon:1"}, known=known)


def test_a_programme_that_has_ended_is_no_longer_active() -> None:
    found = register({"ends": "2026-03-31"}, {"ends": "2026-04-01"}, {"ends": ""})
    left = programmes.active(found, on=dt.date(2026, 4, 1))
    assert list(left.index) == ["p1", "p2"]


def test_the_matrix_counts_who_does_what_and_adds_up_to_the_register() -> None:
    found = register(
        {},
        {"role": "strategic", "amount": ""},
        {"role": "strategic", "importance": "peripheral", "amount": "1"},
        {"theme": "work", "lead": "NHS"},
        {},
    )
    table = programmes.matrix(found)
    assert table["programmes"].sum() == 5
    assert table["amount_pence"].sum() == found["amount_pence"].sum()
    first = table.iloc[0]
    assert (first["role"], first["importance"]) == ("strategic", "critical"), "roles in their order"
    assert table[table["role"] == "operational"]["ids"].iloc[0] == "p0;p4"
    grid = programmes.grid(found)
    assert grid.loc["homes", "Council"] == 4
    assert grid.loc["work", "Council"] == 0


def test_a_programme_covers_the_share_of_each_small_area_in_its_places(wards: Any) -> None:
    found = register({}, {"covers": "wd:*"}, {"covers": "sa:s3;wd:w2"}, {"covers": "sa:*"})
    covered = programmes.coverage(found, covers={"wd": wards}, areas=AREAS)
    assert covered.to_numpy().tolist() == [[1, 0.5, 0], [1, 1, 1], [0, 0.5, 1], [1, 1, 1]]
    with pytest.raises(UnknownLayer):
        programmes.coverage(found, covers={}, areas=AREAS)


def test_by_area_of_a_level_the_programmes_of_each_theme_are_counted(wards: Any) -> None:
    found = register(
        {"covers": "sa:s1"},
        {"covers": "wd:w2", "importance": "desirable"},
        {"covers": "sa:s2", "theme": "work"},
    )
    covered = programmes.coverage(found, covers={"wd": wards}, areas=AREAS)
    table = programmes.at_level(found, covered, crosswalk=wards, people=PEOPLE)
    homes = table[table["theme"] == "homes"].set_index("area_code")
    # w1: 100 of s1 and 150 of s2; w2: 150 of s2 and 600 of s3.
    # p0 covers 100 of 250 in w1, p1 half of s2: 75 of 250 there, and 675 of 750 in w2.
    assert homes["ids"].to_dict() == {"w1": "p0;p1", "w2": "p1"}
    assert homes["critical"].to_dict() == {"w1": 1, "w2": 0}
    assert homes["covered"].to_dict() == pytest.approx({"w1": 175 / 250, "w2": 675 / 750})
    assert homes["twice"].to_dict() == {"w1": 0, "w2": 0}
    work = table[table["theme"] == "work"].set_index("area_code")
    assert work["programmes"].to_dict() == {"w1": 1, "w2": 1}
    assert table["area_code"].tolist() == ["w1", "w1", "w2", "w2"]


def test_a_programme_that_hardly_touches_an_area_is_not_at_work_there(wards: Any) -> None:
    people = pd.Series([1000.0, 100.0, 600.0], AREAS)
    found = register({"covers": "sa:s2"})
    covered = programmes.coverage(found, covers={"wd": wards}, areas=AREAS)
    table = programmes.at_level(found, covered, crosswalk=wards, people=people)
    # 50 of 1,050 people of w1 and 50 of 650 of w2: less than a tenth.
    assert table["programmes"].tolist() == [0, 0]


def test_people_whom_two_programmes_of_a_theme_reach_are_counted(wards: Any) -> None:
    found = register({"covers": "wd:w1"}, {"covers": "sa:s1;sa:s2"}, {"covers": "sa:s1"})
    covered = programmes.coverage(found, covers={"wd": wards}, areas=AREAS)
    table = programmes.at_level(found, covered, crosswalk=wards, people=PEOPLE)
    twice = table.set_index("area_code")["twice"]
    # s1 wholly twice (100), s2 half of it by p0 and all by p1: 0.5 x 150 of its people in w1.
    assert twice["w1"] == pytest.approx(175 / 250)
    assert twice["w2"] == pytest.approx(75 / 750)
