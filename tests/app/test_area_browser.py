"""My area in a real Chromium: a line drawn by mouse and by keys, a click, paper, and the file.

The place is the grid of `conftest.py` with as many households as people in each square. No test
asserts a time; each waits for what must happen, and asserts that nothing was asked of anybody else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
sync_api = pytest.importorskip("playwright.sync_api")

MEASURE = """
[[indicators]]
id = "poor"
title = "Poor people"
unit = "%"
file = "base.csv"
code = "code"
kind = "rate"
numerator = "poor"
denominator = "residents"
direction = "high is worse"
definition = "Invented for tests"
source = "Invented"
date = "2025"
theme = "income"
"""


@pytest.fixture(scope="module")
def served(
    make_place: Callable[..., Path],
    serve_place: Callable[[Path, Path], Iterator[Any]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Any]:
    folder = make_place(tmp_path_factory.mktemp("homes") / "grid")
    rows = [f"a{n:02d},{100 + n},{100 + n},{2 * n}\n" for n in range(16)]
    (folder / "base.csv").write_text("code,residents,households,poor\n" + "".join(rows))
    text = (folder / "place.toml").read_text("utf-8")
    (folder / "place.toml").write_text(text + MEASURE, "utf-8")
    yield from serve_place(folder, tmp_path_factory.mktemp("served"))


@pytest.fixture
def new_page(visit_server: Any, served: Any) -> Iterator[Callable[..., Any]]:
    """Return the opener of pages, each of a visitor of its own; all of them are watched."""
    visits = visit_server(served)
    with ExitStack() as stack:
        yield lambda **looks: stack.enter_context(visits.page(**looks))


def painted(page: Any, query: str = "") -> Any:
    page.goto(f"/area{query}")
    map_ = page.locator(".live-map[data-painted]")
    map_.wait_for()
    return map_


def middle(page: Any, number: int) -> tuple[float, float]:
    """Return where the middle of a square is on the screen."""
    box = page.locator(f'.live-map .canvas path[data-code="a{number:02d}"]').bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def told(page: Any) -> str:
    page.locator(".cg-who h2").wait_for()
    return str(page.locator(".cg-who").inner_text())


def test_a_line_drawn_with_the_mouse_tells_of_the_squares_in_it_and_its_link_reopens(
    new_page: Callable[..., Any],
) -> None:
    """From the middles of squares 0 and 2 to those of 14 and 12, a little to the outside of each.

    A little more than half then lies inside of squares 4, 8 and 6, 10 and 1, 13, all of 5 and 9,
    and a good quarter of the four corners, which stay out.
    """
    page = new_page()
    painted(page)
    corners = [middle(page, number) for number in (0, 2, 14, 12)]
    out = [(-4, 4), (4, 4), (4, -4), (-4, -4)]
    corners = [(x + dx, y + dy) for (x, y), (dx, dy) in zip(corners, out, strict=True)]
    page.locator(".live-map .draw").click()
    for x, y in corners:
        page.mouse.click(x, y)
    page.locator(".live-map .pen-finish").click()
    said = told(page)
    assert "is an area of your own, made of" in said
    assert f"About {sum(100 + n for n in (5, 9, 4, 6, 8, 10, 1, 13))} people" in said
    page.wait_for_url(re.compile(r"level=drawn.*shape=1"))
    other = new_page()
    other.goto(page.url)
    assert told(other) == said
    other.locator(".live-map[data-painted]").wait_for()
    assert "The drawn area" in other.locator(".live-map .legend").inner_text()


def test_a_corner_of_a_drawn_line_is_moved_with_the_mouse_and_with_the_keys(
    new_page: Callable[..., Any],
) -> None:
    """Corners near the middles of squares 0, 2, 14, 12; the second one goes to that of 6, and on.

    First it goes up to the middle of square 6, so that square 1 has only an eighth inside of it;
    then by the keys, a little to the left.
    """
    page = new_page()
    painted(page)
    corners = [middle(page, number) for number in (0, 2, 14, 12)]
    page.locator(".live-map .draw").click()
    for at in corners:
        page.mouse.click(*at)
    page.locator(".live-map .pen-finish").click()
    page.wait_for_url(re.compile(r"level=drawn.*shape=1"))
    told(page)
    links = [page.url]
    page.locator(".live-map .draw").click()
    words = page.locator(".live-map .pen-words")
    sync_api.expect(words).to_contain_text("Pick a corner up")
    page.mouse.click(*corners[1])
    sync_api.expect(words).to_contain_text("Corner 2 picked up")
    page.mouse.click(*middle(page, 12))  # there it would lie upon another corner
    sync_api.expect(words).to_contain_text("cross")
    page.mouse.click(*middle(page, 6))
    sync_api.expect(words).to_contain_text("Corner 2 moved")
    page.locator(".live-map .pen-finish").click()
    page.wait_for_function("before => location.href !== before", arg=links[0])
    links.append(page.url)
    told(page)
    page.locator(".live-map .draw").click()
    box = page.locator(".live-map .canvas").bounding_box()
    x, y = middle(page, 6)
    page.keyboard.press("ArrowLeft")  # shows the cross hairs, in the middle of the map
    for away, back, forth in (
        (x - box["x"] - box["width"] / 2, "ArrowLeft", "ArrowRight"),
        (y - box["y"] - box["height"] / 2, "ArrowUp", "ArrowDown"),
    ):
        for _ in range(round(abs(away) / 16)):
            page.keyboard.press(forth if away > 0 else back)
    page.keyboard.press("Enter")
    sync_api.expect(words).to_contain_text("Corner 2 picked up")
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    sync_api.expect(words).to_contain_text("Corner 2 moved")
    page.keyboard.press("Backspace")  # takes the last corner back; three are left
    sync_api.expect(words).to_contain_text("3 left")
    page.locator(".live-map .pen-finish").click()
    page.wait_for_function("before => location.href !== before", arg=links[1])


def test_a_click_on_the_map_opens_the_area_and_a_second_one_the_next(
    new_page: Callable[..., Any],
) -> None:
    page = new_page()
    painted(page)
    page.mouse.click(*middle(page, 5))
    page.wait_for_url(re.compile("area=a05"))
    assert "Square 5" in told(page)
    page.mouse.click(*middle(page, 9))
    page.wait_for_url(re.compile("area=a09"))
    page.locator(".cg-who h2", has_text="Square 9").wait_for()


def test_clicks_put_small_areas_together_and_take_them_out_again(
    new_page: Callable[..., Any],
) -> None:
    page = new_page()
    painted(page, "?v=1&level=put+together")
    page.mouse.click(*middle(page, 5))
    page.wait_for_url(re.compile("own=a05"))
    told(page)
    page.locator(".live-map[data-painted]").wait_for()
    page.mouse.click(*middle(page, 9))
    page.wait_for_url(re.compile("own=a05.a09"))
    page.locator(".cg-who", has_text=f"About {105 + 109} people").wait_for()
    page.mouse.click(*middle(page, 5))
    page.wait_for_url(re.compile("own=a09"))
    page.locator(".cg-who", has_text="About 109 people").wait_for()


def test_paper_has_the_words_and_where_it_is_but_no_fields_and_nothing_folded(
    new_page: Callable[..., Any],
) -> None:
    page = new_page()
    painted(page, "?v=1&level=sq&area=a05")
    told(page)
    page.locator("h3", has_text="cannot say").wait_for()
    assert not page.locator(".cg-where img").is_visible()
    page.emulate_media(media="print")
    page.locator(".cg-where img").wait_for()
    for field in ('[data-testid="stTextInput"]', '[data-testid="stSelectbox"]', ".live-map"):
        assert not page.locator(field).first.is_visible()
    assert page.get_by_text("Invented for tests").first.is_visible()  # folded on the screen
    page.emulate_media(media="screen")
    page.evaluate("() => { window.printed = 0; window.print = () => { window.printed += 1; }; }")
    page.get_by_role("button", name="Print, or keep as PDF").click()
    assert page.evaluate("window.printed") == 1


def test_the_file_says_the_same_by_itself(
    new_page: Callable[..., Any], chromium_started: Any, tmp_path: Path
) -> None:
    page = new_page()
    painted(page, "?v=1&level=sq&area=a00")
    said = told(page)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Keep as a file (HTML)").click()
    file = tmp_path / "area.html"
    waiting.value.save_as(file)
    alone = chromium_started.new_context(java_script_enabled=False, offline=True).new_page()
    asked: list[str] = []
    alone.on("request", lambda request: asked.append(request.url))
    alone.goto(file.as_uri())
    assert "About 100 people live there" in alone.inner_text("body")
    assert '<script>alert("x")</script>' in alone.inner_text("h2")  # a name, and only text
    assert alone.locator("script").count() == 0
    assert alone.locator(".cg-where img").count() == 1
    assert said.split("\n")[0] in alone.inner_text("body")
    assert [one for one in asked if not one.startswith(("file:", "data:"))] == []
    alone.context.close()


def test_a_phone_shows_each_measure_as_a_card_and_scrolls_nowhere_sideways(
    new_page: Callable[..., Any],
) -> None:
    page = new_page(screen=(390, 844), scheme="dark")
    painted(page, "?v=1&level=sq&area=a05")
    told(page)
    row = page.locator(".cg-needs tbody tr", has_text="Poor people")
    row.wait_for()
    assert row.bounding_box()["width"] <= 390
    head = "getComputedStyle(document.querySelector('.cg-needs td'), '::before').content"
    assert "Here" in page.evaluate(head)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
