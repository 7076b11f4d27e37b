"""What is typed and left at once, in a real Chromium whose page is slow: nothing of it is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SLOWER = 6  # times: the next run is asked for while the one before is still on its way


@pytest.fixture(scope="module")
def desk(
    grid: Path, serve_and_visit: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    """A commissioner at the place of squares."""
    home = tmp_path_factory.mktemp("typed")
    with serve_and_visit(grid, home, user="Cat", role="commissioner") as visits:
        yield visits


@pytest.fixture
def page(desk: Any) -> Iterator[Any]:
    with desk.page(path="/budget?v=1&part=choices") as opened:
        yield opened


def go(desk: Any, page: Any, part: str) -> None:
    page.get_by_role("radio", name=part, exact=True).click()
    desk.settle(page)


def type_and_leave(desk: Any, page: Any, field: str, words: str, part: str) -> None:
    """Type, and press another part of the page before the field has told anybody."""
    with desk.slowed(page, SLOWER):
        page.get_by_role("textbox", name=field, exact=True).press_sequentially(words)
        page.get_by_role("radio", name=part, exact=True).click()
    desk.settle(page)


def value(page: Any, field: str) -> str:
    found: str = page.get_by_role("textbox", name=field, exact=True).input_value()
    return found


def test_a_title_and_a_reason_of_a_choice_stay(desk: Any, page: Any) -> None:
    page.get_by_role("textbox", name="What it is called").clear()
    type_and_leave(desk, page, "What it is called", "Parks first", "Saved and said")
    assert value(page, "Title") == "Parks first"
    go(desk, page, "Choices")
    page.get_by_role("button", name="Add growth or a cut").click()
    desk.settle(page)
    page.get_by_role("textbox", name="Why", exact=True).clear()
    type_and_leave(desk, page, "Why", "Voted in May", "Compare")
    go(desk, page, "Choices")
    assert value(page, "Why") == "Voted in May"


def test_what_is_typed_to_be_saved_or_said_stays(desk: Any, page: Any) -> None:
    page.get_by_role("textbox", name="What it is called").fill("Trees")
    go(desk, page, "Saved and said")
    page.get_by_role("textbox", name="Title").clear()
    type_and_leave(desk, page, "Title", "More trees", "Choices")
    go(desk, page, "Saved and said")
    assert value(page, "Title") == "More trees"
    type_and_leave(desk, page, "What is new in this version, in a sentence", "Oaks", "Compare")
    go(desk, page, "Saved and said")
    type_and_leave(desk, page, "Your comment on the place", "Well done", "Where it falls")
    go(desk, page, "Saved and said")
    assert value(page, "What is new in this version, in a sentence") == "Oaks"
    assert value(page, "Your comment on the place") == "Well done"
    note = page.get_by_role("textbox", name="What is new")
    with desk.slowed(page, SLOWER):
        note.press("End")
        note.press_sequentially(" and elms")
        page.get_by_role("button", name="Save as a new scenario").click()
    desk.settle(page)
    page.get_by_text("Saved as version 1 of “More trees”, a draft.").wait_for()
    assert page.get_by_text("Oaks and elms").count() > 0


def test_a_line_in_the_form_stays_and_the_last_word_is_kept(desk: Any, page: Any) -> None:
    go(desk, page, "Lines of money")
    page.get_by_text("One line in a form").click()
    type_and_leave(desk, page, "Line of money", "Bus passes", "Choices")
    go(desk, page, "Lines of money")
    page.get_by_text("One line in a form").click()
    assert value(page, "Line of money") == "Bus passes"
    with desk.slowed(page, SLOWER):
        page.get_by_role("textbox", name="Agency", exact=True).press_sequentially("Town council")
        page.get_by_role("textbox", name="Amount", exact=True).press_sequentially("1234.5")
        page.get_by_role("button", name="Add this line").click()
    desk.settle(page)
    page.get_by_text("Line 5, bus_passes").first.wait_for()  # what it still lacks is said
    assert value(page, "Line of money") == ""
    page.get_by_role("combobox", name="Which line").fill("5: Bus")
    page.get_by_role("option", name="5: Bus passes").click()
    desk.settle(page)
    assert value(page, "Amount") == "1234.5"
