"""The grid of lines in a real Chromium: typing, pasting cells, files in and out, the phone."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
sync_api = pytest.importorskip("playwright.sync_api")

PATIENCE = 60_000  # milliseconds; the machines that run this are shared
ROW, HEAD = 35, 36  # pixels of the grid
AMOUNT = 33 + 50 + 200 + 40  # from the left: tick, number, title of a line
PARKS = "id,title,agency,amount,covers,method,year,kind,status\n"


@pytest.fixture
def page(visits: Any) -> Iterator[Any]:
    with visits.page(screen=(1280, 1000), granted=("clipboard-read", "clipboard-write")) as made:
        yield made


def grid(page: Any) -> dict[str, float]:
    """Open the editor and return where its grid stands."""
    page.goto("/budget?v=1&part=lines")
    canvas = page.locator('[data-testid="stDataFrame"] canvas').first
    canvas.wait_for()
    expect(page, "Nothing is wrong with the 4 lines")
    found: dict[str, float] = page.locator('[data-testid="stDataFrame"]').bounding_box()
    return found


def click(page: Any, box: dict[str, float], *, line: int, twice: bool = False) -> None:
    """Click into the amount of a line."""
    at = (box["x"] + AMOUNT, box["y"] + HEAD + ROW * (line - 0.5))
    page.mouse.click(*at)
    if twice:
        page.mouse.dblclick(*at)
        page.locator(".gdg-input").wait_for()


def type_amount(page: Any, box: dict[str, float], *, line: int, amount: str) -> None:
    click(page, box, line=line, twice=True)
    page.keyboard.press("Control+a")
    page.keyboard.type(amount, delay=40)
    page.keyboard.press("Enter")


def expect(page: Any, words: str) -> None:
    sync_api.expect(page.get_by_text(words).first).to_be_visible(timeout=PATIENCE)


def test_typing_a_wrong_amount_names_the_line_and_mending_it_ends_that(page: Any) -> None:
    box = grid(page)
    type_amount(page, box, line=2, amount="12,34")
    expect(page, "1 fault in 1 line")
    expect(page, "Line 2, parks: 12,34")
    type_amount(page, box, line=2, amount="90000.50")
    expect(page, "£2,840,000.57")
    expect(page, "Against the lines of the place: 1 changed.")
    page.get_by_role("button", name="Take back").click()
    expect(page, "Line 2, parks: 12,34")
    page.get_by_role("button", name="The place's own lines").click()
    expect(page, "nobody has changed them here")


def test_cells_copied_from_a_spreadsheet_are_pasted_into_the_grid(page: Any) -> None:
    box = grid(page)
    click(page, box, line=1)
    page.evaluate("navigator.clipboard.writeText('1\\tpounds\\n2\\tguineas')")
    page.keyboard.press("Control+v")
    expect(page, "Line 2, parks: guineas")
    page.get_by_role("button", name="Take back").click()
    expect(page, "nobody has changed them here")


def test_a_file_is_brought_and_the_lines_are_taken_away_as_files(page: Any, tmp_path: Path) -> None:
    grid(page)
    row = "trees,Trees 🌳 <b>,Town council,12.5,town:T,people,2025-26,revenue,budget\n"
    page.get_by_text("Paste from a spreadsheet, or bring a file").click()
    page.locator('input[type="file"]').set_input_files(
        {"name": "more.csv", "mimeType": "text/csv", "buffer": (PARKS + row).encode()}
    )
    expect(page, "1 line found. Taking them: 1 new.")
    page.get_by_role("button", name="Take 1 line").click()
    expect(page, "Nothing is wrong with the 5 lines")
    # The grid's own download would write formulas as they are.
    sync_api.expect(page.locator('[data-testid="stDataFrame"]')).to_have_count(1, timeout=30_000)
    page.locator('[data-testid="stDataFrame"]').hover()
    page.get_by_role("button", name="Add row").wait_for()
    sync_api.expect(page.locator('[aria-label^="Download as CSV"]')).to_be_hidden()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download these lines as CSV").click()
    target = tmp_path / "lines.csv"
    waiting.value.save_as(target)
    with target.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == ["care", "parks", "clinic", "fees", "trees"]
    assert rows[-1]["title"] == "Trees 🌳 <b>"
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download these lines as XLSX").click()
    assert waiting.value.suggested_filename == "grid-lines.xlsx"


@pytest.mark.parametrize("view", ["edit", "sure", "move", "once", "joined"])
def test_every_view_fits_a_phone(page: Any, view: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"/budget?v=1&part=lines&view={view}")
    page.locator(".cg-lead").wait_for()
    page.get_by_role("radio", name="Held together").wait_for()
    page.locator('[data-testid="stStatusWidget"]').wait_for(state="detached")
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390
