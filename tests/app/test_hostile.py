"""Names that try to be more than text, on every page, in every report and in every file.

The place of squares is given such names everywhere a file of a place holds free text: the place
itself, its layers, its areas, its lines of money, their reasons and sources. Whatever a page makes
of them, nothing of it may become an element, a link, a formula or a message box.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import openpyxl
import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
sync_api = pytest.importorskip("playwright.sync_api")

SCRIPT = "<script>alert('{}')</script>"
IMAGE = '<img src=x onerror=alert("{}")>'
RIGHT_TO_LEFT = "שלום עולם من اليمين \u202e{}"
MARKS = "🌳👩‍👩‍👧 *{}* _u_ [l](x) :red[r] $1$ `c` ~~s~~ # h"
FORMULA = '=HYPERLINK("x","{}")'
PARTS = ("today", "lines", "choices", "gains", "compare", "saved")
ADDRESSES = (
    "/",
    *(f"/area?v=1&area={code}" for code in ("a00", "a01", "a02", "a04", "a05")),
    "/area?v=1&level=wd&area=w0w",
    "/map?v=1&area=a00",
    "/map?v=1&level=wd&area=w0w&figure=money&beside=need&over=sq",
    "/budget?v=1&line=care",
    *(f"/budget?v=1&part={part}" for part in PARTS),
    "/account",
    "/account?v=1&about=scenario",
)
# Elements that only a name can have made, looked for in every shadow too, and marks that a name
# lost because something took them for its own.
INTRUDERS = """() => {
  const found = [];
  const walk = (root) => root.querySelectorAll('*').forEach((el) => {
    if (el.shadowRoot) walk(el.shadowRoot);
    if (el.matches('img[src="x"], [onerror], .katex, a[href$="/x"], a[href="x"]'))
      found.push(el.outerHTML.slice(0, 200));
    if (el.localName === 'script' && /^\\s*alert/.test(el.textContent))
      found.push(el.outerHTML.slice(0, 200));
    if (/^(em|strong|code|del|b|i)$/.test(el.localName) && /^(u|c|s|m\\d+)$/.test(el.textContent))
      found.push(el.outerHTML.slice(0, 200));
  });
  walk(document);
  return found;
}"""

UNFOLD = """() => document.querySelectorAll('details:not([open]) > summary')
  .forEach((summary) => summary.click())"""


def toml(text: str) -> str:
    """Return a TOML string; JSON strings are such."""
    return json.dumps(text, ensure_ascii=False)


@pytest.fixture(scope="module")
def dressed(make_place: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The squares with names that try to be more in every text of their files."""
    folder = make_place(tmp_path_factory.mktemp("hostile") / "place", id="hostile")
    settings = (folder / "place.toml").read_text("utf-8")
    for old, new in (
        ('"Gridville"', SCRIPT.format("place") + MARKS.format("m1")),
        ('"A grid of squares for tests."', IMAGE.format("note") + MARKS.format("m2")),
        ('"Squares"', FORMULA.format("squares") + IMAGE.format("level")),
        ('"Wards"', MARKS.format("m3") + SCRIPT.format("wards")),
        ('"Drawn for tests"', IMAGE.format("source") + RIGHT_TO_LEFT.format("1")),
    ):
        assert old in settings
        settings = settings.replace(old, toml(new))
    (folder / "place.toml").write_text(settings, "utf-8")
    wards = json.loads((folder / "wd.geojson").read_text("utf-8"))
    for at, feature in enumerate(wards["features"]):
        kinds = (SCRIPT, IMAGE, RIGHT_TO_LEFT, MARKS, FORMULA)
        feature["properties"]["name"] = kinds[at % 5].format(f"m4{at}")
    (folder / "wd.geojson").write_text(json.dumps(wards, ensure_ascii=False), "utf-8")
    rows = list(csv.DictReader(io.StringIO((folder / "streams.csv").read_text("utf-8"))))
    names = (SCRIPT, IMAGE, RIGHT_TO_LEFT, MARKS)
    for at, row in enumerate(rows):
        row["title"] = names[at].format(f"m5{at}")
        row["agency"] = names[(at + 1) % 4].format(f"m6{at}")
        row["source"] = FORMULA.format(at)
        row["assumption"] = names[(at + 2) % 4].format(f"m7{at}")
        row["reason"] = names[(at + 3) % 4].format(f"m8{at}") if row["reason"] else ""
    with (folder / "streams.csv").open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return folder


@pytest.fixture(scope="module")
def hostile_visits(
    serve_and_visit: Any, dressed: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    """The place served to somebody who may do most."""
    home = tmp_path_factory.mktemp("hostile_home")
    with serve_and_visit(dressed, home, user="Somebody", role="commissioner") as visits:
        yield visits


def test_no_name_becomes_an_element_on_any_page(hostile_visits: Any) -> None:
    found: dict[str, list[str]] = {}
    with hostile_visits.page() as page:
        for path in ADDRESSES:
            hostile_visits.open(page, path)
            assert page.locator("[data-testid=stException]").count() == 0, path
            page.evaluate(UNFOLD)
            hostile_visits.settle(page)
            if intruders := page.evaluate(INTRUDERS):
                found[path] = intruders
    assert found == {}


def test_no_name_becomes_an_element_in_what_is_kept_as_a_file(
    hostile_visits: Any, tmp_path: Path
) -> None:
    """The files are opened in the browser, which may ask nobody for anything."""
    kept: list[Path] = []
    with hostile_visits.page() as page:
        for path in ("/area?v=1&level=wd&area=w0w", "/area?v=1&area=a00", "/account", "/map"):
            hostile_visits.open(page, path)
            if path == "/map":
                page.get_by_role("button", name="Download").first.click()
                hostile_visits.settle(page)
            buttons = page.locator("[data-testid=stDownloadButton] button")
            for at in range(buttons.count()):
                with page.expect_download() as waiting:
                    buttons.nth(at).click()
                file = tmp_path / f"{len(kept)}-{waiting.value.suggested_filename}"
                waiting.value.save_as(file)
                kept.append(file)
    kinds = {file.suffix for file in kept}
    assert {".html", ".csv", ".xlsx"} <= kinds
    asked: list[str] = []
    with closing(hostile_visits.browser.new_context()) as context:
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("dialog", lambda dialog: asked.append(f"dialog: {dialog.message}"))
        for file in kept:
            if file.suffix == ".html":
                page.goto(file.as_uri())
                page.wait_for_timeout(500)
                assert page.evaluate(INTRUDERS) == [], file.name
    assert [one for one in asked if not one.startswith(("file:", "data:", "blob:"))] == []
    for file in kept:
        assert computed(file) == [], file.name


def computed(file: Path) -> list[str]:
    """Return the cells of a table that a spreadsheet would compute."""
    if file.suffix == ".xlsx":
        book = openpyxl.load_workbook(file)
        return [
            str(cell.value)
            for sheet in book
            for row in sheet.iter_rows()
            for cell in row
            if cell.data_type == "f"
        ]
    if file.suffix == ".csv":
        rows = csv.reader(io.StringIO(file.read_text("utf-8-sig")))
        cells = [cell for row in rows for cell in row if cell]
        return [cell for cell in cells if cell[0] in "=+@" and not number(cell)]
    return []


def number(text: str) -> bool:
    return text.lstrip("+-").replace(".", "", 1).replace(",", "").isdigit()


def test_what_somebody_types_stays_text_wherever_it_is_shown(hostile_visits: Any) -> None:
    """A title and a reason of choices, and a comment, on every part and in the account."""
    typed = SCRIPT.format("typed") + IMAGE.format("typed") + MARKS.format("m9")
    found: dict[str, list[str]] = {}
    with hostile_visits.page(path="/budget?v=1&part=choices") as page:
        page.get_by_role("button", name="Add growth or a cut").click()
        hostile_visits.settle(page)
        for label in ("What it is called", "Why"):
            field = page.get_by_label(label, exact=True).first
            field.fill(typed[:120])
            field.press("Tab")
            hostile_visits.settle(page)
        for title in ("Who gains, who loses", "Compare", "Saved and said"):
            page.get_by_role("radio", name=title, exact=True).click()
            hostile_visits.settle(page)
            found[title] = page.evaluate(INTRUDERS)
        page.get_by_role("button", name="Save as a new scenario").click()
        page.wait_for_url("**scenario=**")
        hostile_visits.settle(page)
        comment = page.get_by_label(re.compile("^Your comment on")).last
        comment.fill(typed)
        page.get_by_role("button", name="Say it").last.click()
        hostile_visits.settle(page)
        sync_api.expect(page.get_by_text(typed).first).to_be_visible(timeout=60_000)
        found["said"] = page.evaluate(INTRUDERS)
        page.get_by_role("link", name="Account").first.click()
        hostile_visits.settle(page)
        found["account"] = page.evaluate(INTRUDERS)
    assert not any(found.values()), found
