"""Whole ways through the app in a real Chromium, as three kinds of people take them.

No test asserts a time. Every page notes each address that it asks for, and at its end all of them
must have been on this machine.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
sync_api = pytest.importorskip("playwright.sync_api")
expect: Any = sync_api.expect
PATIENCE = 60_000


@pytest.fixture(scope="module", autouse=True)
def patient() -> Iterator[None]:
    """Let every expectation wait as long as the pages do: the machines that run this are shared."""
    expect.set_options(timeout=PATIENCE)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture(scope="module")
def demo_visits(
    serve_and_visit: Any, demo_place: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    """Visits to the demo place, which knows postcodes and households."""
    with serve_and_visit(demo_place, tmp_path_factory.mktemp("demo_home")) as visits:
        yield visits


def part(page: Any, title: str) -> None:
    """Open a part of the Budget page."""
    page.get_by_role("radio", name=title, exact=True).or_(
        page.get_by_role("button", name=title, exact=True)
    ).first.click()


def choose(page: Any, label: str, option: str) -> None:
    """Choose from one of Streamlit's lists with the keyboard."""
    box = page.get_by_role("combobox", name=re.compile(label)).first
    box.click()
    box.fill(option)
    page.get_by_role("option", name=re.compile(re.escape(option))).first.wait_for()
    box.press("Enter")


def fill(page: Any, label: str, text: str) -> None:
    """Type into a field and leave it, which is when a page takes it."""
    field = page.get_by_label(label, exact=True).first
    field.fill(text)
    field.press("Tab")


def map_figure(page: Any, nth: int = 0) -> Any:
    return page.locator(".live-map").nth(nth)


def classes(page: Any, nth: int = 0) -> list[str]:
    """Return the colour of every area, in the order of their codes."""
    page.locator(".live-map[data-whole]").nth(nth).wait_for()
    return map_figure(page, nth).evaluate(
        """root => [...root.querySelectorAll('.canvas path[data-code]')]
          .map((path) => [path.dataset.code, path.getAttribute('fill')]).sort()
          .map(String)"""
    )


def test_two_figures_are_compared_and_a_second_browser_sees_the_same(visits: Any) -> None:
    with visits.page(path="/map") as board:
        board.get_by_role("button", name=re.compile("Compare")).first.click()
        choose(board, "Second figure", "Money per person")
        board.keyboard.press("Escape")
        expect(map_figure(board, 1)).to_have_attribute("data-figure", "Money per person by Squares")
        visits.settle(board)
        first, second = classes(board), classes(board, 1)
        argued = board.get_by_text("Where the two maps argue").first
        expect(argued).to_be_visible()
        link = board.url
        assert len(link) < 200
    with visits.page(path=link, size="phone", scheme="dark") as other:
        expect(map_figure(other)).to_have_attribute("data-figure", "Need by Squares")
        expect(map_figure(other, 1)).to_have_attribute("data-figure", "Money per person by Squares")
        assert (classes(other), classes(other, 1)) == (first, second)


def test_two_visitors_in_two_places_never_see_each_others_figures(
    serve_and_visit: Any, grid: Path, make_place: Callable[..., Path], tmp_path: Path
) -> None:
    """The second place has the same areas and lines, but parks cost 10,000 pounds less."""
    second = make_place(tmp_path / "home" / "packages" / "second", id="second", name="Second")
    streams = (second / "streams.csv").read_text().replace("90000.00", "80000.00")
    (second / "streams.csv").write_text(streams)
    with (
        serve_and_visit(grid, tmp_path / "home") as visits,
        visits.page(path="/budget") as one,
        visits.page(path="/budget?place=second") as two,
    ):
        pots = {id(one): "£2,840,000.07", id(two): "£2,830,000.07"}
        names = {id(one): "Gridville", id(two): "Second"}
        for title in ("Lines of money", "Choices", "Where it falls"):
            for page in (one, two):
                part(page, title)
            for page in (one, two):
                visits.settle(page)
                body = page.locator("body").inner_text()
                assert pots[id(page)] in body, title
                assert pots[id(two if page is one else one)] not in body, title
                assert page.locator(".cg-place-name").inner_text() == names[id(page)]
        for page in (one, two):
            page.get_by_role("link", name="Start").first.click()
        for page in (one, two):
            visits.settle(page)
            assert page.locator(".cg-place-name").inner_text() == names[id(page)]


def test_a_resident_finds_her_area_by_name_prints_it_and_keeps_it(visits: Any) -> None:
    with visits.page(path="/", size="phone") as page:
        box = page.get_by_label("A part of your area's name")
        box.fill("west ward 1")
        box.press("Enter")
        page.get_by_role("button", name=re.compile("West ward 1")).click()
        page.wait_for_url("**area=w1w**")
        visits.settle(page)
        expect(page.get_by_role("heading", name="West ward 1").first).to_be_visible()
        printed = page.evaluate("document.body.innerText")
        page.emulate_media(media="print")
        on_paper = page.evaluate(
            """() => [...document.querySelectorAll('input, header, [data-testid=stHeader]')]
              .filter((el) => el.checkVisibility({ visibilityProperty: true })).length"""
        )
        assert on_paper == 0
        assert "What is spent here" in printed
        assert page.pdf(format="A4").startswith(b"%PDF")
        page.emulate_media(media="screen")
        with page.expect_download() as waiting:
            page.get_by_role("button", name=re.compile("Keep as a file")).click()
        kept = Path(waiting.value.path()).read_text("utf-8")
        assert "West ward 1" in kept
        outside = set(re.findall(r"https?://[^/\"'\s)]*", kept))
        assert outside <= {"http://www.w3.org"}  # names what an SVG is, and is never asked


def test_what_a_commissioner_does_from_a_line_to_a_file(
    serve_and_visit: Any, grid: Path, tmp_path: Path
) -> None:
    """Edit a line, meet a limit that cannot be kept, mend it, save, reopen, compare, download."""
    who = {"user": "Ann", "role": "commissioner"}
    with serve_and_visit(grid, tmp_path / "home", **who) as visits:
        with visits.page(path="/budget?v=1&part=lines") as page:
            edit_parks(page, visits)
            part(page, "Choices")
            meet_a_floor_that_cannot_be_kept(page, visits)
            link = save(page, visits)
        with visits.page(path=link) as again:
            part(again, "Choices")
            expect(again.get_by_label("What it is called")).to_have_value("Parks for all")
            compare_with_the_money_as_it_is(again, visits)


def edit_parks(page: Any, visits: Any) -> None:
    """Give parks 10,000 pounds more, in the form; the pot grows by as much."""
    page.get_by_text("One line in a form").click()
    choose(page, "Which line", "Parks")
    visits.settle(page)
    fill(page, "Amount", "100000.00")
    visits.settle(page)
    page.get_by_role("button", name="Keep this line").click()
    expect(page.get_by_text("they come to £2,850,000.07")).to_be_visible()


def meet_a_floor_that_cannot_be_kept(page: Any, visits: Any) -> None:
    """Ask for 120 pounds of parks a person: 1,284 people would need more than 100,000 pounds."""
    page.get_by_role("button", name="Share money anew").click()
    visits.settle(page)
    choose(page, "What money", "Parks")
    visits.settle(page)
    choose(page, "Limits in", "£ a person")
    visits.settle(page)
    fill(page, "No area less than", "120")
    mend = page.get_by_role("button", name=re.compile("Take the nearest that can be kept"))
    expect(mend).to_be_visible()
    mend.click()
    expect(mend).to_have_count(0)
    visits.settle(page)
    kept = float(page.get_by_label("No area less than", exact=True).input_value())
    assert kept == pytest.approx(100_000 / 1284, abs=0.02)
    assert kept <= 100_000 / 1284


def save(page: Any, visits: Any) -> str:
    """Name what was made, save it with a remark and return its link."""
    fill(page, "What it is called", "Parks for all")
    visits.settle(page)
    part(page, "Saved and said")
    fill(page, "What is new in this version, in a sentence", "A floor for every square")
    page.get_by_role("button", name="Save as a new scenario").click()
    page.wait_for_url("**scenario=**")
    visits.settle(page)
    expect(page.get_by_role("heading", name="Parks for all").first).to_be_visible()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="The choices as a file").first.click()
    written = Path(waiting.value.path()).read_text("utf-8")
    assert 'title = "Parks for all"' in written
    assert "floor" in written
    return str(page.url)


def compare_with_the_money_as_it_is(page: Any, visits: Any) -> None:
    """Every square has a floor of parks now, and the pot is 10,000 pounds larger."""
    part(page, "Compare")
    visits.settle(page)
    for words in ("£2,840,000.07", "£2,850,000.07", "12 of 12 squares with 1,284 people"):
        expect(page.get_by_text(words).first).to_be_visible()


def test_a_restart_of_the_server_in_the_middle_of_an_edit_loses_nothing(
    serve_and_visit: Any, grid: Path, tmp_path: Path, unused_port: int
) -> None:
    who = {"user": "Ann", "role": "commissioner", "port": unused_port}
    home = tmp_path / "home"
    with ExitStack() as stack:
        with serve_and_visit(grid, home, **who) as visits:
            page = stack.enter_context(visits.page(path="/budget?v=1&part=choices"))
            page.get_by_role("button", name="Add growth or a cut").click()
            visits.settle(page)
            fill(page, "What it is called", "Half done")
            fill(page, "Why", "In the middle of a sentence")
            visits.settle(page)
            before = page.get_by_role("region", name="The balance").inner_text()
        with serve_and_visit(grid, home, **who) as visits:
            visits.open(page, "/budget?v=1&part=choices")
            expect(page.get_by_label("What it is called")).to_have_value("Half done")
            assert page.get_by_role("region", name="The balance").inner_text() == before
            page.get_by_role("button", name="Change").first.click()
            expect(page.get_by_label("Why", exact=True)).to_have_value(
                "In the middle of a sentence"
            )
            stack.close()


def test_an_area_is_drawn_with_the_keys_alone_and_a_link_reopens_it(demo_visits: Any) -> None:
    """Points by the arrow keys and Enter, then the page of what was drawn; no mouse is used."""
    with demo_visits.page(path="/area") as page:
        page.locator(".live-map .draw").focus()
        page.keyboard.press("Enter")
        expect(page.locator(".live-map.drawing")).to_be_visible()
        page.locator(".live-map .canvas").focus()
        for key in ("ArrowLeft", "ArrowUp", "ArrowRight", "ArrowDown", "ArrowLeft"):
            for _ in range(5):
                page.keyboard.press(key)
            page.keyboard.press("Enter")  # the last time on the first corner, which closes the line
        page.wait_for_url("**shape=**")
        demo_visits.settle(page)
        title = page.locator(".cg-part h2").first.inner_text()
        people = re.search(r"([0-9,]+) people", page.locator("body").inner_text())
        assert people
        link = page.url
    with demo_visits.page(path=link, size="phone") as again:
        expect(again.locator(".cg-part h2").first).to_have_text(title)
        assert f"{people[1]} people" in again.locator("body").inner_text()


def test_a_resident_finds_her_postcode(demo_visits: Any, demo_place: Path) -> None:
    """Any postcode of the middle of the place leads to a small area, and on to its page."""
    homes = pd.read_parquet(demo_place / "tables" / "households.parquet")
    home = homes[homes["lad25"] == "F07000001"].iloc[1000]
    points = pd.read_csv(demo_place / "tables" / "postcodes.csv")
    shape = gpd.read_file(demo_place / "layers" / "oa21.gpkg").set_index("oa21")
    inside = shape.geometry[home["oa21"]].contains(gpd.points_from_xy(points["x"], points["y"]))
    postcode = str(points.loc[inside, "postcode"].iloc[0]).lower()
    people = int(homes.loc[homes["sa21"] == home["sa21"], "people"].sum())
    with demo_visits.page(path="/", size="phone") as page:
        box = page.get_by_label("Your postcode, or a part of your area's name")
        box.fill(postcode)
        box.press("Enter")
        page.get_by_role("button", name=re.compile("Small area", re.IGNORECASE)).first.click()
        page.wait_for_url(f"**area={home['sa21']}**")
        demo_visits.settle(page)
        assert f"{people:,} people" in page.locator("body").inner_text()


def test_what_is_loaded_is_read_on_a_phone_without_tall_rows(demo_visits: Any) -> None:
    """A row is as tall as its name or source needs: five lines of 20 pixels and their margin."""
    with demo_visits.page(path="/", size="phone") as page:
        table = page.get_by_role("table", name="What is loaded, with source and age")
        heads = [head.strip(" ▲▼") for head in table.locator("thead th").all_inner_texts()]
        assert heads[:3] == ["Called", "What", "Age"]
        rows = table.locator("tbody tr")
        tall = rows.evaluate_all("rows => rows.map(row => row.getBoundingClientRect().height)")
        assert len(tall) > 20
        assert max(tall) <= 5 * 20 + 14
        seen = table.locator("thead th").nth(2).bounding_box()
        assert seen
        assert seen["x"] + seen["width"] <= 390


def test_the_ways_back_and_forward_of_the_browser_lead_through_the_choices(visits: Any) -> None:
    with visits.page(path="/budget") as page:
        for title in ("Lines of money", "Choices", "Saved and said"):
            part(page, title)
            visits.settle(page)
        page.go_back()
        expect(page.get_by_role("radio", name="Choices", exact=True)).to_be_checked()
        page.go_back()
        expect(page.get_by_role("radio", name="Lines of money", exact=True)).to_be_checked()
        page.go_forward()
        expect(page.get_by_role("radio", name="Choices", exact=True)).to_be_checked()


def test_who_chooses_faster_than_the_server_answers_gets_the_last_choice(visits: Any) -> None:
    with visits.page(path="/budget") as page:
        for pause in (0, 80, 240):
            for title in ("Compare", "Choices", "Where it falls", "Saved and said"):
                part(page, title)
                page.wait_for_timeout(pause)
            visits.settle(page)
            visits.settle(page)
            last = page.get_by_role("radio", name="Saved and said", exact=True)
            expect(last).to_be_checked()
            assert "part=saved" in page.url
