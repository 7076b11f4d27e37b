"""Streams are read strictly, and every fault of a table is named by row at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest

from budgets import errors, streams
from geo.errors import CommonGroundError, SeveralFaults

HEADER = (
    "id,title,agency,service,theme,amount,unit,reason,covers,method,grade,held_at,"
    "year,kind,status,source,assumption"
)
GOOD = (
    'parks,Parks,Council,Parks,Place,"1,234.50",pounds,,ltla:01001,people,E,ltla,'
    "2017-18,revenue,outturn,RO,"
)


def row(**changes: Any) -> dict[str, Any]:
    fields = dict(zip(HEADER.split(","), GOOD.replace('"1,234.50"', "@").split(","), strict=True))
    fields["amount"] = "1,234.50"
    return fields | changes


def table(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(list(rows))


def csv_file(folder: Path, *lines: str) -> Path:
    path = folder / "streams.csv"
    path.write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    return path


def faults_of(source: Any, **options: Any) -> list[CommonGroundError]:
    with pytest.raises(CommonGroundError) as caught:
        streams.read(source, **options)
    error = caught.value
    return list(error.faults) if isinstance(error, SeveralFaults) else [error]


def test_a_csv_becomes_whole_pence_and_text(tmp_path: Path) -> None:
    frame = streams.read(csv_file(tmp_path, GOOD))
    assert frame.index.name == "stream"
    assert frame.index.tolist() == ["parks"]
    assert frame.columns.tolist() == list(streams.COLUMNS)
    one = frame.loc["parks"]
    assert one["amount_pence"] == 123450
    assert frame["amount_pence"].dtype == np.int64
    assert one["covers"] == ["ltla:01001"]
    assert (one["method"], one["grade"], one["held_at"], one["row"]) == ("people", "E", "ltla", 2)


def test_the_same_table_as_spreadsheet_frame_and_csv_reads_the_same(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(HEADER.split(","))
    fields = row(amount=1234.5, year="2017-18")
    sheet.append(list(fields.values()))
    sheet.append([None] * 5)
    path = tmp_path / "streams.xlsx"
    book.save(path)
    from_csv = streams.read(csv_file(tmp_path, GOOD, ""))
    pd.testing.assert_frame_equal(streams.read(path), from_csv)
    pd.testing.assert_frame_equal(streams.read(table(row())), from_csv)


def test_what_was_read_can_be_read_again(tmp_path: Path) -> None:
    rows = [row(id="a", amount="0.125"), row(id="b", amount="-7", reason="income")]
    first = streams.read(table(*rows))
    again = streams.read(first.drop(columns="rounding_pence"))
    pd.testing.assert_frame_equal(
        again.drop(columns=["rounding_pence", "row"]),
        first.drop(columns=["rounding_pence", "row"]),
    )


def test_units_come_from_the_column_or_else_from_the_argument() -> None:
    rows = [
        row(id="a", amount="2", unit="thousands"),
        row(id="b", amount="2", unit="pence"),
        row(id="c", amount="2", unit="Pounds"),
        row(id="d", amount="2", unit=""),
    ]
    frame = streams.read(table(*rows), unit="thousands")
    assert frame["amount_pence"].tolist() == [200_000, 2, 200, 200_000]


def test_a_grade_left_empty_follows_from_the_method() -> None:
    rows = [
        row(id=m, method=m, grade=None, covers="ltla:1") for m in ("people", "need", "Place-wide")
    ]
    assert streams.read(table(*rows))["grade"].tolist() == ["E", "D", "G"]


def test_rounding_on_import_is_kept_and_said() -> None:
    frame = streams.read(table(row(id="a", amount="0.125"), row(id="b", amount="0.014")))
    assert frame["amount_pence"].tolist() == [12, 1]
    assert frame["rounding_pence"].tolist() == [-0.5, -0.4]
    sentence = streams.rounding_sentence(frame)
    assert "2 of 2 amounts" in sentence
    assert "0.9 pence moved in all, -0.9 pence on the total of £0.13" in sentence
    assert "none was rounded" in streams.rounding_sentence(streams.read(table(row())))


def test_areas_are_listed_once_as_layer_and_code() -> None:
    assert streams.parse_covers(" wd:0012 ; wd:0013;wd:0012; lep:* ;") == [
        "wd:0012",
        "wd:0013",
        "lep:*",
    ]


def test_place_wide_money_may_cover_no_named_area() -> None:
    frame = streams.read(table(row(method="place-wide", grade="", covers="")))
    assert frame["covers"].tolist() == [[]]


@pytest.mark.parametrize(
    ("changes", "kind", "shown"),
    [
        ({"amount": "lots"}, errors.AmountNotUnderstood, "row 2 (parks): lots"),
        ({"amount": "1.234,50"}, errors.AmountNotUnderstood, "row 2 (parks): 1.234,50"),
        ({"amount": ""}, errors.AmountMissing, "row 2 (parks)"),
        ({"amount": np.nan}, errors.AmountMissing, "row 2 (parks)"),
        ({"amount": "1e14"}, errors.AmountNotUnderstood, "1e14"),
        ({"amount": 1e14}, errors.AmountTooLarge, "row 2 (parks)"),
        ({"unit": "millions"}, errors.UnknownUnit, "row 2 (parks): millions"),
        ({"amount": "-5"}, errors.NegativeWithoutReason, "row 2 (parks): -£5.00"),
        ({"method": "guess"}, errors.UnknownMethod, "row 2 (parks): guess"),
        ({"method": ""}, errors.UnknownMethod, "row 2 (parks): (empty)"),
        ({"grade": "H"}, errors.UnknownGrade, "row 2 (parks): H"),
        ({"grade": "A"}, errors.GradeNotEarned, "row 2 (parks): A by people"),
        ({"kind": "slush"}, errors.UnknownKind, "row 2 (parks): slush"),
        ({"status": "hope"}, errors.UnknownStatus, "row 2 (parks): hope"),
        ({"year": "last year"}, errors.YearNotUnderstood, "row 2 (parks): last year"),
        ({"year": ""}, errors.EmptyStreamField, "row 2 (parks): year"),
        ({"title": " "}, errors.EmptyStreamField, "row 2 (parks): title"),
        ({"id": ""}, errors.EmptyStreamField, "row 2: id"),
        ({"covers": ""}, errors.CoversNotUnderstood, "row 2 (parks): (empty)"),
        ({"covers": "01001"}, errors.CoversNotUnderstood, "row 2 (parks): 01001"),
        ({"covers": "ltla:"}, errors.CoversNotUnderstood, "row 2 (parks): ltla:"),
        ({"covers": "ltla:1,wd"}, errors.UnknownArea, "row 2 (parks): ltla:1,wd"),
        ({"covers": "ltla:1001"}, errors.UnknownArea, "row 2 (parks): ltla:1001"),
        ({"covers": "town:01001"}, errors.UnknownLayer, "row 2 (parks): covers town:01001"),
        ({"held_at": "town"}, errors.UnknownLayer, "row 2 (parks): held at town"),
    ],
)
def test_each_fault_has_a_class_of_its_own_that_names_the_row(
    changes: dict[str, Any], kind: type[CommonGroundError], shown: str
) -> None:
    known = {"ltla": pd.Index(["01001"])}
    (fault,) = faults_of(table(row(**changes)), where="money.csv", known=known)
    assert type(fault) is kind
    assert shown in str(fault)
    assert "money.csv" in str(fault)


def test_all_faults_of_a_table_come_together_with_the_first_five_rows() -> None:
    rows = [row(id=f"s{i}", amount="x") for i in range(7)]
    rows += [row(id="twin", method="guess"), row(id="twin", kind="slush", covers="nowhere")]
    faults = faults_of(table(*rows))
    assert {type(f) for f in faults} == {
        errors.AmountNotUnderstood,
        errors.UnknownMethod,
        errors.UnknownKind,
        errors.CoversNotUnderstood,
        errors.DuplicateStream,
    }
    text = next(str(f) for f in faults if isinstance(f, errors.AmountNotUnderstood))
    assert "7 found: row 2 (s0): x, row 3 (s1): x" in text
    assert "row 6 (s4): x and 2 more" in text
    assert "row 9 (twin)" in str(next(f for f in faults if isinstance(f, errors.DuplicateStream)))


def test_known_layers_may_be_frames_and_a_star_means_every_area() -> None:
    layer = pd.DataFrame({"name": ["One"]}, index=pd.Index(["01001"], name="ltla"))
    frame = streams.read(table(row(covers="ltla:*")), known={"ltla": layer})
    assert frame["covers"].tolist() == [["ltla:*"]]
    with pytest.raises(errors.UnknownLayer, match="it has lep"):
        streams.check_layers(frame, {"lep": pd.Index(["a"])}, where="x")


def test_an_amount_with_commas_that_is_not_quoted_does_not_shift_the_row(tmp_path: Path) -> None:
    path = csv_file(tmp_path, GOOD, GOOD.replace('"1,234.50"', "1,234.50").replace("parks", "p2"))
    (fault,) = faults_of(path)
    assert type(fault) is errors.RowTooLong
    assert "row 3: 18 fields, the header has 17" in str(fault)


def test_files_that_are_no_tables_are_refused_by_class(tmp_path: Path) -> None:
    (fault,) = faults_of(tmp_path / "absent.csv")
    assert type(fault) is errors.StreamsFileMissing
    latin = tmp_path / "latin.csv"
    latin.write_bytes((HEADER + "\n" + GOOD.replace("Parks", "Caf\u00e9")).encode("latin-1"))
    (fault,) = faults_of(latin)
    assert type(fault) is errors.StreamsUnreadable
    not_a_book = tmp_path / "streams.xlsx"
    not_a_book.write_text("id,title")
    (fault,) = faults_of(not_a_book)
    assert type(fault) is errors.StreamsUnreadable
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    (fault,) = faults_of(empty)
    assert type(fault) is errors.NoStreams
    (fault,) = faults_of(csv_file(tmp_path))
    assert type(fault) is errors.NoStreams


def test_empty_columns_at_the_end_of_a_table_do_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "streams.csv"
    path.write_text(f"{HEADER},,\n{GOOD},,\n,,,\n", encoding="utf-8")
    assert streams.read(path).index.tolist() == ["parks"]
    path.write_text(f"{HEADER},,\n{GOOD},,astray\n", encoding="utf-8")
    (fault,) = faults_of(path)
    assert type(fault) is errors.RowTooLong


def test_missing_and_repeated_columns_are_named() -> None:
    (fault,) = faults_of(table(row()).drop(columns=["kind", "covers"]))
    assert type(fault) is errors.StreamColumnsMissing
    assert fault.found == ("covers", "kind")
    twice = pd.concat([table(row()), table(row())[["title"]]], axis=1)
    (fault,) = faults_of(twice)
    assert type(fault) is errors.StreamColumnTwice
    assert fault.found == ("title",)


def test_columns_not_known_are_kept_as_text_and_headers_may_be_capitals(tmp_path: Path) -> None:
    path = tmp_path / "streams.csv"
    path.write_text(
        HEADER.upper().replace("ID", " Id ") + ",note\n" + GOOD + ",007\n", encoding="utf-8-sig"
    )
    frame = streams.read(path)
    assert frame["note"].tolist() == ["007"]


def test_spreadsheet_numbers_in_text_columns_keep_no_point_nought(tmp_path: Path) -> None:
    frame = streams.read(table(row(id=17.0, year=2018.0)))
    assert frame.index.tolist() == ["17"]
    assert frame["year"].tolist() == ["2018"]
