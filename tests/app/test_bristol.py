"""Bristol from published files, through its recipe, on both pages."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.shared import scripts

ROOT = Path(__file__).resolve().parent.parent.parent
pytestmark = pytest.mark.realdata


@pytest.fixture(scope="module")
def bristol(build_city: Callable[[str], Any]) -> Path:
    folder: Path = build_city("bristol").folder
    return folder


def opened(page: str, **address: str) -> Any:
    test = AppTest.from_file(str(ROOT / "pages" / f"{page}.py"), default_timeout=120)
    for key, value in address.items():
        test.query_params[key] = value
    test.run()
    assert not test.exception
    return test


def html(test: Any) -> str:
    return "\n".join(element.proto.body for element in test.get("html"))


@pytest.mark.parametrize("page", ["map", "budget"])
def test_the_parts_make_up_the_pot_at_every_level_of_bristol(
    page: str, bristol: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMMONGROUND_PLACE", str(bristol))
    levels = opened(page).selectbox(key=f"{page}.level").options
    assert len(levels) >= 6
    names = {"lsoa21", "wd25", "pcn20", "lep20", "ccg21", "pfa20"}
    for level in names:
        shown = html(opened(page, v="1", level=level))
        terms = re.findall(r'<div class="cg-term [^"]*"><b>(-?)£([0-9,.]+)</b>', shown)
        pence = [int(sign + text.replace(",", "").replace(".", "")) for sign, text in terms]
        # The outturn of 622.690 million pounds and the assumed NHS amount.
        assert pence[0] == 62_269_000_000 + 127_348_260_000
        assert sum(pence[1:]) == pence[0]
        assert pence[3] == -361_100_000  # central services, net income, for the whole place


def test_the_need_of_bristol_is_that_of_its_268_small_areas(
    bristol: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMMONGROUND_PLACE", str(bristol))
    test = opened("map")
    sent = [json.loads(element.proto.json) for element in test.get("bidi_component")]
    given = [scripts.opened(data) for data in sent]
    table = next(data for data in given if "live_table" in data["module"])
    assert len(table["codes"]) == 268
    shown = html(opened("map", v="1", area="E01014485"))
    # A city is a part of the edition: no overall decile or rank, and the rank among its own.
    assert "most deprived of the 268 small areas of Bristol" in shown
    assert "1st = most deprived" in shown
    assert "decile 1 of 10" not in shown


@pytest.mark.browser
def test_bristol_paints_and_asks_nobody_else_for_anything(
    bristol: Path,
    chromium: str,
    serve_place: Callable[[Path, Path], Iterator[Any]],
    tmp_path: Path,
) -> None:
    sync_api = pytest.importorskip("playwright.sync_api")
    served = serve_place(bristol, tmp_path / "home")
    server = next(served)
    asked: list[str] = []
    try:
        with sync_api.sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
            )
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.set_default_timeout(90_000)
            page.on("request", lambda request: asked.append(request.url))
            page.goto(server.address + "/map")
            page.locator(".live-map[data-whole]").wait_for()
            assert page.locator(".live-map .canvas path[data-code]").count() == 581
            colours = page.eval_on_selector_all(
                ".live-map .canvas path[data-code]",
                "paths => paths.map(path => path.getAttribute('fill'))",
            )
            assert sum(colour.startswith("#") for colour in colours) == 268
            page.goto(server.address + "/budget")
            page.locator(".live-map[data-painted]").wait_for()
            browser.close()
    finally:
        served.close()
    outside = [
        one
        for one in asked
        if not one.startswith((server.address, "data:", "blob:" + server.address))
    ]
    assert outside == []
