"""Lines of money as a table of text: what people bring, what is wrong by line, a run with them."""

from __future__ import annotations

import hashlib
import io
import shutil
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from budgets.errors import NoStreams, RowTooLong, StreamsUnreadable
from data import lines, lines_table, place, run, sheets
from geo.errors import CommonGroundError

# 1,200,000.07 + 90,000 + 1,600,000 - 50,000 pounds
POT = 284_000_007


@pytest.fixture(scope="module")
def result(grid: Path) -> run.Result:
    return run.run(place.load(grid))


@pytest.fixture
def own(result: run.Result) -> pd.DataFrame:
    return lines.own(result.place)


def with_line(frame: pd.DataFrame, **fields: str) -> pd.DataFrame:
    usual = {"agency": "Town council", "year": "2025-26", "kind": "revenue", "status": "budget"}
    more = pd.DataFrame([usual | fields], dtype="str")
    return lines_table.named(lines_table.joined(frame, lines_table.complete(more)))


def test_the_lines_of_a_place_come_as_text_just_as_they_stand(own: pd.DataFrame) -> None:
    assert own["id"].tolist() == ["care", "parks", "clinic", "fees"]
    assert own["amount"].tolist() == ["1200000.07", "90000.00", "1600000.00", "-50000.00"]
    assert own.columns[: len(lines_table.KNOWN)].tolist() == list(lines_table.KNOWN)


def test_lines_nobody_changed_give_back_the_result_itself(
    result: run.Result, own: pd.DataFrame
) -> None:
    assert lines.with_lines(result, own) is result


def test_a_new_line_is_shared_out_like_any_other(result: run.Result, own: pd.DataFrame) -> None:
    more = with_line(own, title="Bus passes", amount="160", covers="county:C", method="people")
    found = lines.with_lines(result, more)
    assert found.pot_pence == POT + 16_000
    assert found.ledger.streams.index.tolist()[-1] == "bus_passes"
    # 1,720 people live in the sixteen squares, 100 of them in a00: 16,000 x 100 / 1,720 = 930.23.
    assert found.ledger.pence[-1][0] == 930
    for level in found.levels.values():
        level.check()
        parts = level.pence.sum() + level.outside.sum() + level.place_wide.sum()
        assert parts == POT + 16_000


def test_everything_but_the_money_stays_as_it_was(result: run.Result, own: pd.DataFrame) -> None:
    own.loc[1, "amount"] = "1"
    found = lines.with_lines(result, own)
    assert found.index is result.index
    assert found.facts is result.facts
    kinds = [step.kind for step in found.steps]
    assert kinds == [step.kind for step in result.steps]
    assert result.pot_pence == POT


def test_the_content_hash_is_that_of_the_package_with_these_lines(
    result: run.Result, own: pd.DataFrame, grid: Path, tmp_path: Path
) -> None:
    own.loc[0, "title"] = '=1+1, "care"'
    found = lines.with_lines(result, own)
    assert found.place.package_hash == result.place.content_hash
    assert found.place.content_hash != result.place.content_hash
    copy = shutil.copytree(grid, tmp_path / "copy")
    assert found.place.edited is not None
    (copy / "streams.csv").write_text(found.place.edited.text, encoding="utf-8", newline="")
    again = place.load(copy)
    assert again.content_hash == found.place.content_hash
    assert again.streams["title"].iloc[0] == '=1+1, "care"'
    digest = hashlib.sha256(found.place.edited.text.encode()).hexdigest()
    assert found.place.inputs["streams.csv"] == digest


def test_a_layer_no_line_covered_before_is_reached_too(
    result: run.Result, own: pd.DataFrame
) -> None:
    assert "sq" in result.crosswalks
    own.loc[1, "covers"] = "wd:w0w;wd:w0e"
    found = lines.with_lines(result, own)
    row = found.ledger.pence[1]
    # The southern row of the town: squares 0, 1 and 2 with 100, 101 and 102 people.
    assert row.sum() == 9_000_000
    assert row[3:].sum() == 0
    assert abs(row[0] - 9_000_000 * 100 / 303) <= 1


def test_faults_name_the_line_what_stands_there_and_what_to_do(
    result: run.Result, own: pd.DataFrame
) -> None:
    own.loc[0, "method"] = "magic"
    own.loc[1, "amount"] = "12,34"
    own.loc[2, "covers"] = "moon:1"
    own.loc[3, "reason"] = ""
    found = lines.faults(result.place, own)
    assert [(fault.line, fault.id) for fault in found] == [
        (1, "care"),
        (2, "parks"),
        (3, "clinic"),
        (4, "fees"),
    ]
    assert [fault.found for fault in found] == ["magic", "12,34", "covers moon:1", "-£50,000.00"]
    assert all(fault.rule and fault.remedy for fault in found)


def test_a_fault_of_the_sharing_is_told_by_line_too(result: run.Result, own: pd.DataFrame) -> None:
    own.loc[1, "method"], own.loc[1, "use"] = "recorded", "visits"
    (fault,) = lines.faults(result.place, own)
    assert (fault.line, fault.found) == (2, "visits")
    with pytest.raises(CommonGroundError):
        lines.with_lines(result, own)


def test_a_table_without_any_line_is_refused(result: run.Result, own: pd.DataFrame) -> None:
    (fault,) = lines.faults(result.place, own.iloc[:0])
    assert fault.line == 0
    with pytest.raises(NoStreams):
        lines.with_lines(result, own.iloc[:0])


def test_differences_are_counted_by_line(own: pd.DataFrame) -> None:
    after = with_line(own.drop(index=2), title="New", amount="1")
    after.loc[0, "title"] = "Care at home"
    found = lines.differences(own, after)
    assert (found.new, found.changed, found.gone) == (("new",), ("care",), ("clinic",))
    assert found.sentence() == "1 new, 1 changed, 1 taken out"
    assert lines.differences(own, own).sentence() == "no line differs"


@pytest.mark.parametrize("title", ["=SUM(A1)", "'=kept", "שלום", "🌳 <b>", 'a "b", c\nd'])
def test_text_survives_writing_and_reading_as_it_is(own: pd.DataFrame, title: str) -> None:
    own.loc[0, "title"] = title
    text = lines_table.written(own)
    pd.testing.assert_frame_equal(lines_table.of_csv(text), lines_table.complete(own))
    assert "\n=SUM" not in text
    assert ",=SUM" not in text


def test_ids_are_made_of_titles_and_never_twice(own: pd.DataFrame) -> None:
    more = with_line(with_line(own, title="Care!"), title="Care?")
    assert more["id"].tolist()[-2:] == ["care_2", "care_3"]
    assert with_line(own, title="🌳")["id"].iloc[-1] == "line"


def test_lines_are_put_to_those_that_are_there_by_their_id(own: pd.DataFrame) -> None:
    more = lines_table.complete(pd.DataFrame([{"id": "parks", "title": "Parks", "wing": "green"}]))
    both = lines_table.joined(own, more)
    assert both["id"].tolist() == ["care", "parks", "clinic", "fees"]
    assert both["amount"].tolist() == ["1200000.07", "", "1600000.00", "-50000.00"]
    assert both["wing"].tolist() == ["", "green", "", ""]


TITLES = {"title": "Line of money", "amount": "Amount", "method": "Shared by"}


@pytest.mark.parametrize(
    "text",
    [
        "Line of money\tAmount\tShared by\nTrees\t12.50\tpeople\n",
        "title,amount,method\nTrees,12.50,people\n",
        "title;amount;method\nTrees;12.50;people\n",
        "Trees\t12.50\tpeople\n",
        "\n\nTITLE\tAmount\tmethod\t\nTrees\t12.50\tpeople\t\n",
    ],
)
def test_pasted_cells_are_understood_with_and_without_a_header(text: str) -> None:
    found = lines_table.of_pasted(text, order=("title", "amount", "method"), titles=TITLES)
    assert found[["title", "amount", "method"]].to_numpy()[0].tolist() == [
        "Trees",
        "12.50",
        "people",
    ]
    assert len(found) == 1


def test_a_semicolon_inside_a_field_divides_nothing() -> None:
    text = "title,amount,covers\nTrees,1,town:T;county:C\n"
    found = lines_table.of_pasted(text, order=(), titles=TITLES)
    assert found["covers"].tolist() == ["town:T;county:C"]


def test_a_spreadsheet_file_gives_its_cells_as_text(own: pd.DataFrame) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["id", "title", "amount", "year", "Shared by"])
    book.active.append(["01", "Trees", 1234.5, "2025-26", "people"])
    content = io.BytesIO()
    book.save(content)
    found = lines_table.of_file("mine.XLSX", content.getvalue(), titles=TITLES)
    row = found[["id", "title", "amount", "year", "method"]].to_numpy()[0]
    assert row.tolist() == ["01", "Trees", "1234.5", "2025-26", "people"]


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_what_is_taken_away_can_be_brought_back(own: pd.DataFrame, suffix: str) -> None:
    own.loc[0, "title"] = "=2*3"
    content = sheets.packed(lines_table.slim(own), f".{suffix}")
    pd.testing.assert_frame_equal(lines_table.of_file(f"lines.{suffix}", content), own)


def test_unicode_text_of_a_spreadsheet_is_read() -> None:
    content = "title\tamount\nBäume\t5\n".encode("utf-16")
    assert lines_table.of_file("a.txt", content)["title"].tolist() == ["Bäume"]


def test_money_in_whole_pence_is_taken_as_such(result: run.Result) -> None:
    content = b"stream,title,amount_pence\nx,Trees,1250\n"
    found = lines_table.of_file("run.csv", content)
    assert found[["id", "amount", "unit"]].to_numpy()[0].tolist() == ["x", "1250", "pence"]


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("a.csv", b"\xff\xfe\xfa", StreamsUnreadable),
        ("a.csv", "title,amount\nB\xe4ume,1\n".encode("latin-1"), StreamsUnreadable),
        ("a.csv", b"title,amount\nTrees,1,234\n", RowTooLong),
        ("a.xlsx", b"PK\x03\x04 no spreadsheet", StreamsUnreadable),
        ("a.csv", b"", NoStreams),
        ("a.csv", b"title,amount\n", NoStreams),
    ],
)
def test_files_that_are_no_table_are_refused(name: str, content: bytes, error: Any) -> None:
    with pytest.raises(error):
        lines_table.of_file(name, content)
