"""The table of figures in a real Chromium: which rows are there before the browser is at rest.

The table's own script is mounted alone, with rows made up here. A browser at rest is one that calls
back what was left for then; here it does when the test says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pages.shared import scripts

pytestmark = pytest.mark.browser
ROWS, HEIGHT = 300, 320
HOLD = """() => {
  window.held = [];
  window.requestIdleCallback = (then) => held.push(then);
  window.cancelIdleCallback = (at) => { delete held[at - 1]; };
  window.rest = () => { while (held.some(Boolean)) held.splice(0).forEach((then) => then?.()); };
}"""
MOUNT = """async ([markup, sheet, module, data]) => {
  const root = document.createElement("div");
  document.body.replaceChildren(root);
  root.innerHTML = markup;
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = sheet;
  const loaded = new Promise((done) => link.addEventListener("load", done));
  root.append(link);
  await loaded;
  const table = await import(module);
  window.picked = [];
  const setTriggerValue = (_, code) => picked.push(code);
  window.show = (changes) => {
    const shown = { ...data, ...changes };
    window.leave = table.default({ parentElement: root, setTriggerValue, data: shown });
  };
  show({});
}"""
PLACES = (
    "() => [...document.querySelectorAll('thead th')].map((head) => head.getBoundingClientRect().x)"
)


def rows() -> dict[str, Any]:
    """Return data of a table: numbers rise down its rows, and the longest texts stand last."""
    names = [f"Ward {number}" for number in range(ROWS - 1)] + [
        "Ward of the Hundred and One Long Names"
    ]
    people = [f"{number:,}" for number in range(ROWS - 1)] + ["1,234,567,890"]
    # The place of each value, written to the base of 36 in two letters.
    order = "".join(np.base_repr(number, 36).lower().rjust(2) for number in range(1, ROWS + 1))
    return {
        "columns": [
            {"id": "name", "title": "Area", "help": "", "texts": names, "order": None},
            {"id": "people", "title": "People", "help": "", "texts": people, "order": order,
             "width": 2},
        ],
        "codes": [f"w{number}" for number in range(ROWS)],
        "caption": "Wards", "sorted": "name", "descending": False, "picked": "", "height": HEIGHT,
        "selectable": True,
    }  # fmt: skip


@pytest.fixture
def table(visits: Any) -> Iterator[Any]:
    """A page with nothing but the table, whose browser is not at rest until told."""
    with visits.page(path="/") as page:
        page.goto("/health")
        page.evaluate(HOLD)
        markup = (Path(scripts.JS) / "live_table.html").read_text("utf-8")
        sheet, module = scripts.address("live_table.css"), scripts.address("live_table.js")
        page.evaluate(MOUNT, [markup, sheet, module, rows()])
        yield page


def codes(page: Any) -> list[str]:
    found: list[str] = page.evaluate(
        "() => [...document.querySelectorAll('tbody tr')].map((row) => row.dataset.code)"
    )
    return found


def busy(page: Any) -> bool:
    return bool(page.locator("table").get_attribute("aria-busy") == "true")


def test_rows_in_sight_come_first_and_all_of_them_once_the_browser_rests(table: Any) -> None:
    """Columns keep their width meanwhile, though the longest texts come last."""
    first, before = codes(table), table.evaluate(PLACES)
    assert first == [f"w{number}" for number in range(len(first))]
    assert len(first) < ROWS
    assert busy(table)
    lowest = table.locator("tbody tr").last.bounding_box()
    assert lowest["y"] > table.locator(".scroll").bounding_box()["y"] + HEIGHT
    table.evaluate("rest()")
    assert codes(table) == [f"w{number}" for number in range(ROWS)]
    assert not busy(table)
    assert table.evaluate(PLACES) == pytest.approx(before, abs=1)
    assert table.locator("tfoot").evaluate("(foot) => foot.getBoundingClientRect().height") == 0


def test_a_row_that_is_picked_is_there_at_once_and_in_sight(table: Any) -> None:
    table.evaluate("show({ picked: 'w250' })")
    assert codes(table)[250] == "w250"
    assert busy(table)
    row, scroll = table.locator("tr.picked"), table.locator(".scroll").bounding_box()
    box = row.bounding_box()
    assert scroll["y"] < box["y"]
    assert box["y"] + box["height"] <= scroll["y"] + HEIGHT + 1
    row.locator("button").click()
    assert table.evaluate("picked") == ["w250"]


def test_a_reader_who_has_scrolled_stays_where_she_is(table: Any) -> None:
    """Another figure in the same rows: as many come at once as lead to where she reads."""
    table.evaluate("rest()")
    table.locator(".scroll").evaluate("(scroll) => { scroll.scrollTop = 4000; }")
    table.evaluate(
        "() => new Promise((seen) => requestAnimationFrame(() => requestAnimationFrame(seen)))"
    )
    table.evaluate("show({})")
    assert busy(table)
    assert table.locator(".scroll").evaluate("(scroll) => scroll.scrollTop") == 4000


def test_paper_and_keys_do_not_wait_for_the_browser_to_rest(table: Any) -> None:
    table.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert len(codes(table)) == ROWS
    assert not busy(table)
    table.evaluate("show({})")
    assert busy(table)
    last = len(codes(table)) - 1
    table.locator("tbody tr button").nth(last).focus()
    table.keyboard.press("ArrowDown")
    assert table.evaluate("document.activeElement.textContent") == f"Ward {last + 1}"


def test_sorting_shows_the_first_of_the_whole_order(table: Any) -> None:
    table.get_by_role("button", name="People").click()
    assert codes(table)[:3] == [f"w{ROWS - 1}", f"w{ROWS - 2}", f"w{ROWS - 3}"]
    assert busy(table)
    table.evaluate("rest()")
    assert codes(table) == [f"w{number}" for number in reversed(range(ROWS))]


def test_a_table_that_is_left_adds_no_more_rows(table: Any) -> None:
    before = codes(table)
    table.evaluate("leave(); rest()")
    assert codes(table) == before


def test_where_the_picked_row_is_past_the_last_that_is_shown_the_keys_still_find_a_way_in(
    table: Any,
) -> None:
    """Of a table that is too long only the first rows are there, and one of them takes the key."""
    names = [f"Ward {number}" for number in range(1200)]
    many = {
        "columns": [{"id": "name", "title": "Area", "help": "", "texts": names, "order": None}],
        "codes": [f"w{number}" for number in range(1200)],
        "picked": "w1150",
    }
    table.evaluate("(many) => { show(many); rest(); }", many)
    assert len(codes(table)) == 1001
    assert table.locator("tbody tr").last.inner_text() == "and 200 more in this order"
    assert table.locator("tbody button[tabindex='0']").all_inner_texts() == ["Ward 0"]
