"""The account page: as it is, under a scenario, and what a wrong scenario is told."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

PAGES = Path(__file__).resolve().parent.parent.parent / "pages"
POT = 284_000_007
# Each test opens whole pages or builds much: together too long for `make test`.
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("open_grid")]
CUT = """
[scenario]
id = "cut"
title = "Parks <b>cut</b> by a tenth"
status = "consultation"
by = "Town council"
on = "2026-11-01"
note = "To see what it does"
takes_effect = "2027-04-01"
[[change]]
of = "parks"
per_cent = -10
reason = "to see what it does"
"""


def opened(**address: str) -> Any:
    test = AppTest.from_file(str(PAGES / "account.py"), default_timeout=60)
    for key, value in address.items():
        test.query_params[key] = value
    test.run()
    assert not test.exception
    return test


def wordy(test: Any) -> str:
    body = "\n".join(element.proto.body for element in test.get("html"))
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def written(text: str) -> Any:
    test = opened(v="1", about="scenario")
    return test.text_area(key="account.words.grid").set_value(text).run()


def test_the_money_as_it_is_adds_up_and_names_its_sources() -> None:
    said = wordy(opened())
    assert "£2,840,000.07 in 4 lines. No scenario is applied." in said
    assert "make up the pot of £2,840,000.07, to the penny" in said
    assert "Budget book" in said
    assert "0% of the money is placed by what is recorded" in said


def test_a_scenario_says_what_was_asked_decided_and_changed() -> None:
    said = wordy(written(CUT))
    assert "In consultation: not decided yet by Town council on 2026-11-01" in said
    assert "To see what it does" in said
    # Parks lose a tenth of 90,000 pounds.
    assert "£2,831,000.07; before it was £2,840,000.07" in said.replace("The pot is ", "")
    assert "What changed for whom" in said
    # Every one of the twelve squares loses, by people.
    assert "12: £9,000" in said


def test_markup_in_a_title_is_text() -> None:
    test = written(CUT)
    body = "\n".join(element.proto.body for element in test.get("html"))
    assert "<b>cut</b>" not in body
    assert "&lt;b&gt;cut&lt;/b&gt;" in body


def test_a_limit_that_cannot_be_kept_is_told_and_can_be_mended() -> None:
    impossible = CUT + '[[share]]\nof = "care"\nby = "need"\nfloor = 5\nunit = "per cent"\n'
    test = written(impossible)
    assert "cannot be applied" in test.error[0].value
    assert "floor" in test.code[0].value
    test.text_area(key="account.words.grid").set_value(impossible.replace("= 5", "= -5")).run()
    assert not test.error
    assert "What changed for whom" in wordy(test)


def test_every_fault_of_a_document_is_told_at_once() -> None:
    test = written('[scenario]\nid = "Bad Id"\n[[change]]\nof = "parks"\n')
    told = test.code[0].value
    assert "id" in told
    assert "title" in told
    assert "reason" in told


def test_the_example_fits_the_place() -> None:
    test = opened(v="1", about="scenario")
    assert not test.error
    assert 'of = "clinic"' in test.text_area(key="account.words.grid").value or (
        'of = "care"' in test.text_area(key="account.words.grid").value
    )
    assert "What was decided, step by step" in wordy(test)
