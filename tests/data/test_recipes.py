"""Parts of the recipes that need no data from outside."""

from __future__ import annotations

import tomllib
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgets import streams
from data.errors import RecipeFault
from data.recipes import english_city, english_money
from data.recipes.toml import Toml

HEAD = ["E-code", "ONS Code", "Local authority", None, "Class"]
LINES = {190: "Education services", 390: "Public Health", 690: "Central services", 699: "TOTAL"}


def workbook(data: Path, rows: list[list[object]], sheet: str = "RS LA Data 2017-18") -> Path:
    """Write an outturn in the published form, with a line after the total that is no service."""
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.title = sheet
    page.append(["Revenue Outturn"])
    page.append([None] * len(HEAD) + [*LINES, 711])
    page.append([*HEAD, *LINES.values(), "Housing benefits"])
    for row in rows:
        page.append(row)
    (data / "spend").mkdir(parents=True)
    book.save(data / "spend" / "revenue_outturn_2017_18_by_la.xlsx")
    return data


def council(code: str, name: str, *amounts: object) -> list[object]:
    return ["E1", code, name, None, "UA", *amounts, 0, 99_999]


@pytest.fixture
def outturn(tmp_path: Path) -> english_money.Outturn:
    rows = [
        council("E06000001", "Upper Gridley UA", 1200.5, 0, -30),
        council("E07000002", "Lower Gridley", 219385.12339215004, 7, 0),
        council("E06000003", "Gridley, City of", 5, 5, 5),
    ]
    found = english_money.read_outturn(workbook(tmp_path, rows))
    assert found is not None
    return found


def test_only_service_lines_that_are_not_zero_are_taken(outturn: english_money.Outturn) -> None:
    found = outturn.authority("E06000001", [])
    assert found is not None
    assert found.name == "Upper Gridley"
    assert {line.number: line.amount.pence for line in found.lines} == {
        190: 120_050_000,
        690: -3_000_000,
    }


def test_fractions_of_a_penny_are_rounded_once_and_said(outturn: english_money.Outturn) -> None:
    found = outturn.authority("E07000002", [])
    assert found is not None
    assert found.lines[0].amount.pence == 21_938_512_339
    (note,) = english_money.rounding_notes(found)
    assert "219385.12339215 thousand pounds, taken as £219,385,123.39, -0.215 pence" in note


def test_the_rows_are_streams_that_the_money_floor_accepts(
    outturn: english_money.Outturn, tmp_path: Path
) -> None:
    import pandas as pd

    found = outturn.authority("E06000001", [])
    assert found is not None
    rows = english_money.council_streams(
        found, covers="ltla23:E06000001", held_at="ltla23", prefix="council"
    )
    rows.append(english_money.nhs_stream("E38000001", "Gridley CCG", 1001, layer="ccg21"))
    table = streams.read(pd.DataFrame(rows, columns=list(english_money.COLUMNS)), where="streams")
    assert table["amount_pence"].to_dict() == {
        "council_education": 120_050_000,
        "council_central_income": -3_000_000,
        "nhs_commissioned_e38000001": 130_130_000,
    }
    assert table["method"].tolist() == ["people", "place-wide", "need"]
    assert table["grade"].tolist() == ["E", "G", "D"]
    assert table.loc["nhs_commissioned_e38000001", "assumption"].startswith("an assumption")


def test_a_name_finds_the_row_that_a_new_code_does_not(outturn: english_money.Outturn) -> None:
    found = outturn.authority("E06000099", ["City of Gridley"])
    assert found is not None
    assert found.code == "E06000003"
    assert "E06000003" in english_money.doubt_of(found, "E06000099")
    assert outturn.authority("E06000099", ["Nowhere"]) is None


def test_a_code_that_stands_twice_is_a_fault(tmp_path: Path) -> None:
    rows = [council("E06000001", "A", 1, 1, 1), council("E06000001", "B", 2, 2, 2)]
    found = english_money.read_outturn(workbook(tmp_path, rows))
    assert found is not None
    with pytest.raises(RecipeFault, match="not unique"):
        found.authority("E06000001", [])


def test_another_workbook_is_refused_and_none_at_all_is_none(tmp_path: Path) -> None:
    assert english_money.read_outturn(tmp_path) is None
    with pytest.raises(RecipeFault, match="no sheet"):
        english_money.read_outturn(workbook(tmp_path, [], sheet="Other"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Bristol UA", "Bristol, City of"),
        ("Herefordshire UA", "Herefordshire, County of"),
        ("Durham UA", "County Durham"),
        ("Staffordshire (e)", "Staffordshire"),
        ("Bath & North East Somerset UA", "Bath and North East Somerset"),
        ("St. Albans", "St Albans"),
    ],
)
def test_two_publishers_names_are_one(one: str, other: str) -> None:
    assert english_money.plain(one) == english_money.plain(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("North Somerset", "Somerset"), ("East Devon", "Devon"), ("Derby", "Derbyshire")],
)
def test_different_places_keep_different_names(one: str, other: str) -> None:
    assert english_money.plain(one) != english_money.plain(other)


def test_every_line_of_the_parameters_has_a_method_and_a_reason() -> None:
    for number, line in english_money.parameters()["lines"].items():
        assert line["method"] in ("client-group", "people", "households", "need"), number
        assert (line["method"] == "client-group") == ("use" in line), number
        assert line["why"]


@given(st.integers(-(10**15), 10**15))
def test_pounds_written_are_the_pence_that_are_read(pence: int) -> None:
    from budgets.money import to_pence

    assert to_pence(english_money.pounds(pence)) == pence


@given(st.text(st.characters(exclude_categories=["Cs"])), st.booleans(), st.floats(0, 1))
def test_what_is_written_as_toml_is_read_back(text: str, flag: bool, number: float) -> None:
    toml = Toml("a comment")
    toml.pair("schema", 1)
    toml.table("place", name=text, fictional=flag, tolerance=number)
    toml.entry("layers", id="a")
    toml.table("layers.crosswalk", by="area")
    assert tomllib.loads(toml.text()) == {
        "schema": 1,
        "place": {"name": text, "fictional": flag, "tolerance": number},
        "layers": [{"id": "a", "crosswalk": {"by": "area"}}],
    }


def test_a_recipe_without_its_data_says_what_is_missing_and_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = english_city.main(["gridley", "--data", str(tmp_path), "--out", str(tmp_path / "out")])
    assert code == 1
    assert "gridley.gpkg" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("listed", "spoken"),
    [
        ("Bristol, City of", "Bristol"),
        ("Herefordshire, County of", "Herefordshire"),
        ("Bournemouth, Christchurch and Poole", "Bournemouth, Christchurch and Poole"),
        ("City of London", "City of London"),
    ],
)
def test_a_place_is_called_as_in_a_sentence(listed: str, spoken: str) -> None:
    assert english_money.spoken(listed) == spoken
