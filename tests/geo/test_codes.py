"""Codes: text for ever, unique, non-empty."""

from __future__ import annotations

import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo import codes
from geo.errors import SeveralFaults
from geo.faults import DuplicateCodes, EmptyCodes, MissingColumn, NotCodes, NumericLookingCodes


def clean(values, dtype=None):
    texts, notes = codes.clean(pd.Series(values, name="code", dtype=dtype), where="wards")
    return texts.tolist(), [note["kind"] for note in notes]


def test_zeros_in_front_of_text_are_kept():
    assert clean(["01001", "1001", "0001001"]) == (["01001", "1001", "0001001"], [])


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        ([1001, 2], None, ["1001", "2"]),
        ([1001.0, -2.0], None, ["1001", "-2"]),
        ([1, 2], "Int64", ["1", "2"]),
        ([Decimal(7), 8.0, 9], object, ["7", "8", "9"]),
        (["a", 5], object, ["a", "5"]),
        ([2**60 + 1, 5], None, [str(2**60 + 1), "5"]),
    ],
)
def test_whole_numbers_become_their_digits_with_a_note(values, dtype, expected):
    assert clean(values, dtype) == (expected, ["codes from numbers"])


def test_categories_of_text_are_text():
    assert clean(["b", "a"], "category") == (["b", "a"], [])


def test_blanks_and_invisible_marks_are_removed_with_a_note():
    assert clean([" a", "b\u00a0", "\ufeffc\u200b", "d"]) == (
        ["a", "b", "c", "d"],
        ["codes stripped"],
    )


def test_codes_that_differ_only_in_blanks_are_duplicates():
    with pytest.raises(DuplicateCodes) as caught:
        clean(["a", "a "])
    assert caught.value.found == ("a",)


@pytest.mark.parametrize("nothing", [None, np.nan, "", "  ", "nan", "None", "NULL", "<NA>", "#N/A"])
def test_what_stands_for_no_code_is_no_code(nothing):
    with pytest.raises(EmptyCodes) as caught:
        clean(["a", nothing, "b"], object)
    assert caught.value.found == ("row 2",)


@pytest.mark.parametrize(
    "bad",
    [
        1.5,
        np.inf,
        2.0**53 + 2,
        True,
        datetime.date(2025, 5, 1),
        b"E01",
        Decimal("0.5"),
        ["a"],
        "a\nb",
    ],
)
def test_what_cannot_be_a_code_is_refused(bad):
    with pytest.raises(NotCodes):
        clean(["x", bad], object)


@pytest.mark.parametrize("spoilt", [["1001.0", "1002.0"], ["1.2E+05", "7"]])
def test_codes_spoilt_by_a_spreadsheet_are_refused(spoilt):
    with pytest.raises(NumericLookingCodes):
        clean(spoilt)


@pytest.mark.parametrize("fine", [["1E05", "2E05"], ["v1.0", "2.0"], ["00ABFX0001", "12"]])
def test_real_codes_that_only_resemble_numbers_are_kept(fine):
    assert clean(fine) == (fine, [])


def test_missing_duplicate_and_impossible_codes_are_told_together():
    with pytest.raises(SeveralFaults) as caught:
        clean(["a", "a", None, 1.5], object)
    kinds = [type(fault) for fault in caught.value.faults]
    assert kinds == [NotCodes, EmptyCodes, DuplicateCodes]


def test_a_missing_column_names_the_nearest_ones():
    with pytest.raises(MissingColumn) as caught:
        codes.find_column(["LSOA21CD", "LSOA21NM", "pop"], "lsoa21cd", where="f", role="codes")
    assert caught.value.nearest[0] == "LSOA21CD"
    assert "pop" not in caught.value.nearest


@given(st.lists(st.text(alphabet="0123456789", min_size=1, max_size=12), min_size=1, unique=True))
def test_digits_given_as_text_never_change(digits):
    assert clean(digits) == (digits, [])


@given(st.lists(st.integers(-(2**53), 2**53), min_size=1, unique=True))
def test_integers_and_the_floats_that_hold_them_give_the_same_codes(numbers):
    assert clean(numbers, "int64")[0] == clean(numbers, "float64")[0] == list(map(str, numbers))


@given(st.lists(st.text(), unique=True, max_size=30), st.text())
def test_the_row_of_a_code_is_where_a_list_has_it(known: list[str], other: str) -> None:
    index = pd.Index(known, dtype="str")
    for row, code in enumerate(known):
        assert codes.row_of(index, code) == row
    assert codes.row_of(index, other) == (known.index(other) if other in known else -1)


def test_a_code_that_stands_in_two_rows_has_none() -> None:
    with pytest.raises(ValueError, match="more than one row"):
        codes.row_of(pd.Index(["a", "b", "a"]), "a")
