"""The app in a real Chromium: painting, repainting, choosing by mouse and keys, names, privacy.

No test asserts a time; each waits for what must happen. Every page notes each address it asks for,
and the end of each test asserts that all of them were on this machine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.browser]
sync_api = pytest.importorskip("playwright.sync_api")

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = {"desk": (1280, 800), "phone": (390, 844)}
PATIENCE = 60_000  # milliseconds; generous, because the machines that run this are shared


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def contexts(browser: Any, server: Any) -> Iterator[dict[tuple[str, str], Any]]:
    """One browser profile for each size and scheme, so that scripts are fetched once in each."""
    made = {}
    for size, (width, height) in SIZES.items():
        for scheme in ("light", "dark"):
            made[size, scheme] = browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme=scheme,
                base_url=server.address,
            )
    yield made
    for context in made.values():
        context.close()


# On a phone and in the dark the same things must hold; those runs are left to CI.
LOOKS = [
    pytest.param((size, scheme), id=f"{size}-{scheme}",
                 marks=[pytest.mark.slow] if (size, scheme) != ("desk", "light") else [])
    for size in SIZES for scheme in ("light", "dark")
]  # fmt: skip


@pytest.fixture(params=LOOKS)
def view(request: pytest.FixtureRequest, contexts: Any, server: Any) -> Iterator[Any]:
    """A page of each size and colour scheme."""
    yield from watched(contexts[request.param], server.address)


@pytest.fixture
def desk(contexts: Any, server: Any) -> Iterator[Any]:
    """A page of the size of a desk's screen."""
    yield from watched(contexts["desk", "light"], server.address)


def watched(context: Any, address: str) -> Iterator[Any]:
    """Yield a new page; afterwards assert that it asked nobody but this server for anything."""
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    asked: list[str] = []
    faults: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda socket: asked.append(socket.url))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("dialog", lambda dialog: faults.append(f"dialog: {dialog.message}"))
    page.on("console", lambda line: faults.append(line.text) if blocked(line) else None)
    yield page
    page.close()
    host = address.removeprefix("http://")
    here = re.compile(rf"(http|ws)://{re.escape(host)}/|data:|blob:http://{re.escape(host)}/")
    assert [one for one in asked if not here.match(one)] == []
    assert len(asked) > 5
    assert faults == []


def blocked(line: Any) -> bool:
    return line.type == "error" and "Content Security Policy" in line.text


def open_map(page: Any, query: str = "") -> Any:
    """Open the map and wait until it has painted, with what lies around the place."""
    page.goto(f"/map{query}")
    painted = page.locator(".live-map[data-painted][data-whole]")
    painted.wait_for()
    return painted


def area(page: Any, number: int) -> Any:
    """Return the shape of a square; the order of shapes changes when one is chosen."""
    return page.locator(f'.live-map .canvas path[data-code="a{number:02d}"]')


def fills(page: Any) -> list[str]:
    return page.eval_on_selector_all(
        ".live-map .canvas path[data-code]", "paths => paths.map(path => path.getAttribute('fill'))"
    )


def card_title(page: Any) -> Any:
    return page.locator(".cg-card h2")


def expect_card(page: Any, name: str) -> None:
    sync_api.expect(card_title(page)).to_have_text(name, timeout=PATIENCE)


def choose(page: Any, label: str, option: str) -> None:
    """Choose from one of Streamlit's lists with the keyboard."""
    box = page.get_by_role("combobox", name=re.compile(label))
    box.click()
    box.fill(option)
    box.press("Enter")


def test_the_map_paints_every_area(view: Any) -> None:
    painted = open_map(view)
    colours = fills(view)
    assert len(colours) == 16
    assert len(set(colours)) >= 5  # five classes, and the areas beyond the place
    assert painted.locator(".legend-list li").count() == 5
    assert "decile 1 = most deprived" in painted.locator(".legend-note").inner_text()
    rest = painted.locator(".legend-rest").inner_text()
    assert rest.split("\n") == ["No data", "Beyond Gridville, not compared", "Gridville"]


@pytest.mark.slow
def test_nothing_is_wider_than_the_screen(view: Any) -> None:
    for path in ("/map", "/budget"):
        view.goto(path)
        view.locator(".cg-equation").wait_for()
        wide = view.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, path


def test_a_change_of_figure_repaints_without_fetching_shapes_again(desk: Any) -> None:
    painted = open_map(desk)
    before = fills(desk)
    fetched: list[str] = []
    desk.on("request", lambda request: fetched.append(request.url))
    desk.get_by_text("People", exact=True).first.click()
    sync_api.expect(painted).to_have_attribute("data-figure", "People by Squares", timeout=PATIENCE)
    assert fills(desk) != before
    assert [address for address in fetched if "/shapes/" in address] == []


@pytest.mark.slow
def test_the_zoom_is_kept_when_the_figure_changes(desk: Any) -> None:
    painted = open_map(desk)
    shape = area(desk, 5)
    whole = shape.bounding_box()["width"]
    desk.get_by_label("Zoom in").click()
    desk.get_by_label("Zoom in").click()
    desk.wait_for_timeout(500)  # Leaflet's own animation
    near = shape.bounding_box()["width"]
    assert near > 1.2 * whole
    desk.get_by_text("People", exact=True).first.click()
    sync_api.expect(painted).to_have_attribute("data-figure", "People by Squares", timeout=PATIENCE)
    assert shape.bounding_box()["width"] == pytest.approx(near, rel=0.01)


def test_a_click_on_an_area_shows_its_card_and_a_link_reopens_it(desk: Any, browser: Any) -> None:
    open_map(desk)
    area(desk, 5).click()
    expect_card(desk, "Square 5")
    desk.wait_for_url("**/map?v=1&area=a05")
    other = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    other.set_default_timeout(PATIENCE)
    other.goto(desk.url)
    expect_card(other, "Square 5")
    other.context.close()


def test_a_click_beyond_the_place_chooses_nothing(desk: Any) -> None:
    open_map(desk)
    area(desk, 7).click()
    area(desk, 5).click()
    expect_card(desk, "Square 5")


def test_an_area_can_be_chosen_on_the_map_with_the_keys_alone(desk: Any) -> None:
    open_map(desk)
    canvas = desk.locator(".live-map .canvas")
    canvas.focus()
    spoken = desk.locator(".live-map .spoken")
    desk.keyboard.press("ArrowRight")
    sync_api.expect(spoken).not_to_have_text("", timeout=PATIENCE)
    first = spoken.text_content()
    desk.keyboard.press("ArrowUp")
    sync_api.expect(spoken).not_to_have_text(first, timeout=PATIENCE)
    name = spoken.text_content().split(":")[0]
    desk.keyboard.press("Enter")
    expect_card(desk, name)


def test_an_area_can_be_chosen_from_the_list_with_the_keys_alone(view: Any) -> None:
    open_map(view)
    choose(view, "Find an area", "Square 13")
    expect_card(view, "Square 13")


def test_a_row_of_the_table_chooses_its_area_and_the_map_marks_it(view: Any) -> None:
    open_map(view)
    view.locator(".live-table").get_by_role("button", name="Square 10", exact=True).click()
    expect_card(view, "Square 10")
    picked = view.locator(".live-table tr.picked")
    sync_api.expect(picked).to_have_attribute("data-code", "a10", timeout=PATIENCE)
    assert area(view, 10).get_attribute("stroke-width") == "3"


def names(page: Any) -> list[str]:
    return page.locator(".live-table tbody th").all_inner_texts()


@pytest.mark.slow
def test_the_table_sorts_by_each_head_both_ways_and_says_so(desk: Any) -> None:
    open_map(desk)
    table = desk.locator(".live-table")
    assert table.locator("th[aria-sort=descending]").inner_text().startswith("Need")
    people = table.get_by_role("button", name="People")
    people.click()
    most_first = names(desk)
    assert most_first[0] == "Square 14"
    people.press("Enter")
    assert names(desk) == most_first[::-1]
    assert table.locator("th[aria-sort=ascending]").inner_text().startswith("People")
    table.get_by_role("button", name="Area").click()
    named = [name for name in names(desk) if name.startswith("Square")]
    assert named == [f"Square {number}" for number in (5, 6, 8, 9, 10, 12, 13, 14)]


@pytest.mark.slow
def test_the_rows_are_reached_with_the_arrow_keys(desk: Any) -> None:
    open_map(desk)
    desk.locator(".live-table tbody button").first.focus()
    desk.keyboard.press("ArrowDown")
    desk.keyboard.press("ArrowDown")
    third = names(desk)[2]
    desk.keyboard.press("Enter")
    expect_card(desk, third)


def test_the_table_is_downloaded_in_pence(desk: Any) -> None:
    open_map(desk)
    desk.get_by_role("button", name="Download").click()
    with desk.expect_download() as waiting:
        desk.get_by_role("button", name="Table (CSV)").click()
    lines = waiting.value.path().read_text("utf-8").splitlines()
    assert waiting.value.suggested_filename == "grid-sq.csv"
    assert lines[0] == "sq,name,people,people_inside,need,amount_pence,pence_per_person"
    assert len(lines) == 13


@pytest.mark.slow
def test_hostile_names_are_shown_as_text(desk: Any, hostile: dict[int, str]) -> None:
    for number, name in hostile.items():
        open_map(desk, f"?v=1&area=a{number:02d}")
        expect_card(desk, name)
        area(desk, number).hover(force=True)
        card = desk.locator(".live-map .card strong")
        sync_api.expect(card).to_have_text(name, timeout=PATIENCE)
        inside = desk.evaluate(
            "document.querySelectorAll('.cg-card script, .cg-card img, .cg-card a').length"
        )
        assert inside == 0
        assert name in names(desk)
        assert desk.locator(".live-table").locator("script, img, a").count() == 0
        assert desk.locator(".live-map .card").locator("script, img, a").count() == 0


@pytest.mark.slow
def test_another_level_draws_other_shapes(desk: Any) -> None:
    painted = open_map(desk)
    choose(desk, "Areas", "Wards")
    sync_api.expect(painted).to_have_attribute("data-figure", "Need by Wards", timeout=PATIENCE)
    sync_api.expect(desk.locator(".live-map .canvas path[data-code]")).to_have_count(8)


def test_areas_that_are_not_compared_lie_under_those_that_are(desk: Any) -> None:
    open_map(desk)
    under = ".live-map .leaflet-around-pane path[data-code]"
    found = desk.eval_on_selector_all(under, "all => all.map((path) => path.dataset.code)")
    assert sorted(found) == ["a03", "a07", "a11", "a15"]  # the fourth column of the squares
    assert desk.locator(".live-map").evaluate(
        """root => ['around', 'overlay']
          .map((name) => root.querySelector(`.leaflet-${name}-pane`))
          .map((pane) => Number(getComputedStyle(pane).zIndex))"""
    ) == [390, 400]


def test_shapes_of_other_levels_come_while_the_page_is_at_rest(desk: Any) -> None:
    with desk.expect_request(lambda request: "/shapes/" in request.url and "/wd-" in request.url):
        painted = open_map(desk)
    desk.wait_for_load_state("networkidle")
    asked: list[str] = []
    desk.on("request", lambda request: asked.append(request.url))
    choose(desk, "Areas", "Wards")
    sync_api.expect(painted).to_have_attribute("data-figure", "Need by Wards", timeout=PATIENCE)
    assert [address for address in asked if "/shapes/" in address] == []


def test_who_saves_data_fetches_shapes_only_when_they_are_due(desk: Any) -> None:
    desk.add_init_script(
        "Object.defineProperty(navigator, 'connection', { value: { saveData: true } })"
    )
    asked: list[str] = []
    desk.on("request", lambda request: asked.append(request.url))
    painted = open_map(desk)
    desk.wait_for_timeout(1500)  # the page is at rest by then
    assert [address for address in asked if "/wd-" in address] == []
    choose(desk, "Areas", "Wards")
    sync_api.expect(painted).to_have_attribute("data-figure", "Need by Wards", timeout=PATIENCE)
    assert len([address for address in asked if "/wd-" in address]) == 1


def test_the_need_slider_repaints_and_the_pot_stays(desk: Any) -> None:
    desk.goto("/budget")
    painted = desk.locator(".live-map[data-painted]")
    painted.wait_for()
    pot = desk.locator(".cg-pot b").inner_text()
    areas = desk.locator(".cg-term.cg-areas b").inner_text()
    before = int(painted.get_attribute("data-painted") or 0)
    slider = desk.get_by_role("slider").first
    slider.focus()
    for _ in range(6):
        slider.press("ArrowRight")
    desk.get_by_text("A what-if, not an agreed budget.").wait_for()
    desk.wait_for_function(
        """before => [...document.querySelectorAll('*')]
            .map(el => el.shadowRoot?.querySelector('.live-map')).filter(Boolean)
            .some(map => Number(map.dataset.painted) > before)""",
        arg=before,
    )
    assert desk.locator(".cg-pot b").inner_text() == pot == "£2,840,000.07"
    assert desk.locator(".cg-term.cg-areas b").inner_text() == areas


@pytest.mark.slow
def test_choices_survive_a_walk_to_the_other_page_and_back(desk: Any) -> None:
    open_map(desk, "?v=1&level=wd&area=w1w")
    expect_card(desk, "West ward 1")
    desk.get_by_role("link", name="Budget").click()
    desk.locator(".cg-equation").wait_for()
    desk.get_by_text("How much of the money shared by need follows need").wait_for()
    desk.get_by_role("link", name="Map").click()
    expect_card(desk, "West ward 1")


def test_a_name_typed_on_the_first_page_opens_its_area(view: Any) -> None:
    view.goto("/")
    box = view.get_by_label("A part of your area's name")
    box.fill("west ward 1")
    box.press("Enter")
    view.get_by_role("button", name=re.compile("West ward 1")).click()
    sync_api.expect(view.locator(".cg-part h2")).to_have_text("West ward 1", timeout=PATIENCE)
    assert "level=wd" in view.url
    assert "area=w1w" in view.url
    # The link reopens it, and the file says the same without the app.
    view.goto(view.url)
    sync_api.expect(view.locator(".cg-part h2")).to_have_text("West ward 1", timeout=PATIENCE)
    with view.expect_download() as download:
        view.get_by_role("button", name=re.compile("Keep as a file")).click()
    kept = Path(download.value.path()).read_text("utf-8")
    assert "West ward 1" in kept
    # The only address in it names what an SVG is, and is never asked.
    assert set(re.findall(r"https?://[^/\"'\s)]*", kept)) <= {"http://www.w3.org"}
