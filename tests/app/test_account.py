"""The account page: as it is, under a scenario, of one area, of what was saved; and every fault."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from data import place as places
from data import run, scenarios
from data.access import OPERATOR
from data.store import Store
from pages.shared import about_account, about_account_people, about_area

PAGES = Path(__file__).resolve().parent.parent.parent / "pages"
POT = 284_000_007
# Each test opens whole pages or builds much: together too long for `make test`.
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("open_grid")]
SQUARES = {"for": "sq"}
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
    test = AppTest.from_file(str(PAGES / "account.py"), default_timeout=180)
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
    # How much of it is recorded is said, and said once.
    assert said.count("split by records") == 1
    assert "recorded" not in said
    assert "None of the money is split by records of where it went or who used it" in said


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


def test_areas_are_put_in_no_order_where_little_of_the_money_is_recorded() -> None:
    # Parks are shared by people and nothing else is recorded: grades D and E.
    said = wordy(written(CUT))
    assert "Which areas gain or lose most is not said." in said
    assert "Lose most a person" not in said


def test_the_change_by_tenth_of_need_is_drawn_and_told() -> None:
    test = written(CUT)
    assert len(test.get("vega_lite_chart")) == 1
    # Nine thousand pounds less for 1,284 people: 7.01 pounds each, wherever they live.
    assert "the neediest tenth changes by -£7.01, the least needy by -£7.01" in wordy(test)


def test_what_several_sources_begin_with_is_said_once() -> None:
    from budgets.phrases import joined

    book = "Budget book of the town, 2025-26"
    assert joined([f"{book}, page 1", f"{book}, page 7", f"{book}, page 9"]) == (
        f"{book}: page 1; page 7; page 9"
    )
    assert joined(["One", "Another"]) == "One; Another"
    assert joined([]) == ""


# -- of one area -----------------------------------------------------------------------------------


def test_one_area_is_told_line_by_line_before_and_after() -> None:
    test = opened(v="1", about="scenario", **SQUARES, area="a13")
    said = wordy(test.text_area(key="account.words.grid").set_value(CUT).run())
    assert "What changed for Square 13" in said
    # 113 of 1,284 people: of 90,000 and of 81,000 pounds, 7,920.56 and 7,128.50; halves to even.
    assert "£7,921 £7,128 -£792" in said
    assert "2 other lines stay as they are." in said
    assert "What changed for whom" not in said


def test_one_area_as_it_is_has_its_lines_of_money() -> None:
    test = opened(**SQUARES, area="a13")
    said = wordy(test)
    assert "Square 13" in said
    assert "What is spent here, and by whom" in said
    assert "£7,921" in said
    assert not test.get("vega_lite_chart")


def test_an_area_is_chosen_and_left_by_the_two_lists() -> None:
    test = opened()
    test.selectbox(key="account.for").set_value("sq").run()
    assert test.query_params["for"] == "sq"
    test.selectbox(key="account.area").set_value("a13").run()
    assert test.query_params["area"] == "a13"
    assert "Square 13" in wordy(test)
    test.selectbox(key="account.for").set_value("").run()
    assert not test.exception
    assert "Square 13" not in wordy(test)


def test_a_link_to_an_area_that_there_is_not_says_so() -> None:
    test = opened(v="1", **SQUARES, area="nowhere")
    assert "does not have" in test.warning[0].value


def test_a_scenario_that_changes_nothing_in_an_area_says_so() -> None:
    test = opened(v="1", about="scenario", **SQUARES, area="a13")
    head = CUT.partition("[[change]]")[0]
    same = head + '[[share]]\nof = "parks"\nby = "current"\n'
    said = wordy(test.text_area(key="account.words.grid").set_value(same).run())
    assert "Nothing changes here: all 3 lines stay as they are." in said


# -- of what was saved -----------------------------------------------------------------------------

SAVED = CUT.replace('status = "consultation"', 'status = "draft"').replace('"cut"', '"parks"')


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store in which a version of a scenario is in consultation and a later one is a draft."""
    monkeypatch.setenv("COMMONGROUND_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("COMMONGROUND_DATABASE_URL", raising=False)
    monkeypatch.delenv("COMMONGROUND_USER", raising=False)
    with Store() as kept:
        kept.add_place("grid", "Gridville", user=OPERATOR)
        for person, role in (("Ann", "commissioner"), ("Flo", "forum")):
            kept.appoint(person, role, place="grid", user=OPERATOR)
        kept.save("grid", "parks", SAVED, base_version=0, user="Ann", note="First try")
        kept.mark("grid", "parks", 1, "consultation", user="Ann", reason="to ask the wards")
        second = SAVED.replace("-10", "-20")
        kept.save("grid", "parks", second, base_version=1, user="Ann", note="Twice as much")
        kept.comment("grid", "Not the <i>pond</i>, please", user="Flo", scenario="parks", version=1)
        yield kept


@pytest.mark.usefixtures("store")
def test_a_visitor_reads_what_is_in_consultation_with_what_was_said_and_its_hash() -> None:
    test = opened(v="1", about="saved")
    said = wordy(test)
    assert "In consultation: not decided yet" in said
    assert "Version 1, saved by Ann" in said
    assert "Marked “in consultation” by Ann" in said
    assert "to ask the wards" in said
    assert "Not the &lt;i&gt;pond&lt;/i&gt;, please" in said
    assert hashlib.sha256(SAVED.encode()).hexdigest() in said
    assert "Version 2" not in said  # a draft is not for visitors
    assert "12: £9,000" in said


@pytest.mark.usefixtures("store")
def test_a_commissioner_chooses_a_version_and_nothing_typed_is_touched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COMMONGROUND_USER", "Ann")
    test = opened(v="1", about="saved")
    assert "Draft: nobody has decided this" in wordy(test)
    assert "12: £18,000" in wordy(test)
    test.selectbox(key="account.number").set_value("1").run()
    said = wordy(test)
    assert "12: £9,000" in said
    assert "Version 2, draft: Twice as much" in said  # how it came about
    assert test.session_state["working"]["grid"].document == ""


@pytest.mark.usefixtures("store")
def test_a_link_to_a_version_opens_its_account_on_this_page() -> None:
    test = opened(v="1", scenario="parks~1")
    assert test.button_group[0].value == "open"
    assert "12: £9,000" in wordy(test)
    assert test.query_params["scenario"] == "parks~1"


def test_without_a_store_a_link_to_saved_versions_says_that_there_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMMONGROUND_HOME", str(tmp_path / "home"))
    test = opened(v="1", about="saved")
    assert "does not have" in test.warning[0].value
    assert "No scenario is applied" in wordy(test)


@pytest.mark.usefixtures("store")
def test_the_first_page_leads_to_what_is_in_consultation() -> None:
    test = AppTest.from_file(str(PAGES / "menu.py"), default_timeout=180).run()
    assert not test.exception
    said = wordy(test)
    assert "In consultation" in said
    assert "Parks &lt;b&gt;cut&lt;/b&gt; by a tenth" in said
    links = [element.proto for element in test.get("page_link")]
    assert any("saved=parks" in link.query_string for link in links)


def test_the_first_page_shows_no_discussion_where_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMMONGROUND_HOME", str(tmp_path / "home"))
    test = AppTest.from_file(str(PAGES / "menu.py"), default_timeout=180).run()
    assert not test.exception
    assert "What is being discussed" not in [head.value for head in test.header]


# -- the file --------------------------------------------------------------------------------------


def test_the_file_needs_nothing_from_outside_and_shows_names_as_text(
    grid: Path, hostile: dict[int, str]
) -> None:
    from budgets import scenario

    result = run.run(places.load(grid))
    made = scenarios.allocate(result, scenario.parse(CUT), draws=0)
    parts = [
        *about_account.asked(made, None, ()),
        *about_account_people.for_area(made, "sq", "a00"),
        *about_account.grounds(made, None),
    ]
    page = about_area.document(result, about_account.title(made), parts)
    assert hostile[0] not in page
    assert "&lt;script&gt;" in page
    assert not re.search(r"(src|href)\s*=|url\(|@import|https?:", page)
    assert "Parks <b>cut</b>" not in page
