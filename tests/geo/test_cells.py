"""No exported table carries a formula, numbers stay numbers, and every text comes back."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.cells import neutral, neutralise, restore, restored

DANGEROUS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "\tx", "\rx", " =x", "-", "=", "--5", "+44 7700",
     "-5 homes", "=HYPERLINK(1)", "\uff1dx", "-£5", "-1,23"],
)  # fmt: skip
def test_a_text_that_begins_like_a_formula_is_marked(text: str) -> None:
    assert neutral(text) == "'" + text
    assert restored(neutral(text)) == text


@pytest.mark.parametrize(
    "text",
    ["-12.50", "+3", "-1,234.5", "-40%", "-1e-05", "-.5", "Ash - Elm", "", "0E1", "'tis", "007"],
)  # fmt: skip
def test_numbers_and_other_texts_stay_as_they_are(text: str) -> None:
    assert neutral(text) == text
    assert restored(text) == text


def test_what_is_no_text_is_not_looked_at() -> None:
    for value in (-5, -5.5, None, True):
        assert neutral(value) is value


@given(st.text(alphabet=DANGEROUS + "'05a .,", max_size=6) | st.text(max_size=8))
def test_every_text_comes_back_and_none_begins_like_a_formula(text: str) -> None:
    written = neutral(text)
    assert restored(written) == text
    if written[:1] and written[0] in DANGEROUS:
        assert float(written.replace(",", "").rstrip("%").strip()) is not None


def test_names_codes_and_headings_of_a_frame_are_neutral_and_numbers_are_kept() -> None:
    frame = pd.DataFrame(
        {
            "name": ["=cmd|x", "Ash"],
            "pence": [-5, 5],
            "share": [-0.5, np.nan],
            "=evil": ["-1", None],
            "kind": pd.Categorical(["a", "b"]),
        },
        index=pd.Index(["@1", "01"], name="code", dtype="str"),
    )
    safe = neutralise(frame)
    assert safe.columns.tolist() == ["name", "pence", "share", "'=evil", "kind"]
    assert safe.index.tolist() == ["'@1", "01"]
    assert safe.index.name == "code"
    assert safe["name"].tolist() == ["'=cmd|x", "Ash"]
    assert safe["pence"].tolist() == [-5, 5]
    assert safe["'=evil"].tolist()[0] == "-1"
    assert frame["name"].tolist() == ["=cmd|x", "Ash"], "the argument was changed"
    pd.testing.assert_frame_equal(restore(safe), frame)
    text = safe.to_csv()
    assert pd.read_csv(io.StringIO(text))["pence"].tolist() == [-5, 5]
    assert not [cell for line in text.splitlines() for cell in line.split(",") if cell[:1] in "=@"
                and cell]  # fmt: skip


def test_a_frame_without_such_texts_is_given_back_itself() -> None:
    frame = pd.DataFrame({"a": ["x"], "b": [-1]})
    assert neutralise(frame) is frame
    assert restore(frame) is frame
