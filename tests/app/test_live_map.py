"""The live map alone, on a page that lets a visitor draw: in a real Chromium on the squares."""

from __future__ import annotations

import dataclasses
import os
import re
import socket
import struct
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from geo import maps
from pages.shared import scripts
from pages.shared.live_map import Drawing, Legend, _packed, corners

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 60_000
# The door of the app with one page of its own; squares are 1 km, the third row begins at 2 km.
DOOR = """
import sys
sys.path.insert(0, {root!r})
import app as door
import streamlit as st
from pathlib import Path
from starlette.middleware import Middleware
app = st.App(Path(__file__).with_name("page.py"), lifespan=door.lifespan,
    middleware=[Middleware(door.Guard)], routes=door.app._user_routes)
"""
PAGE = """
from dataclasses import replace
import streamlit as st
from geo import maps
from pages.shared import cache, figures
from pages.shared.live_map import Drawing, Legend, live_map
result = cache.result()
drawn = result.layers["sq"].index
mode = st.query_params.get("mode", "draw")
of = Drawing(
    geometry=cache.shape_address(result, "sq"),
    classes=[at % 3 for at in range(len(drawn))],
    labels=[f"{at} trees" for at in range(len(drawn))],
    palette=["#ff0000", "#00ff00", "#0000ff"],
    legend=Legend(title="Trees (number)", note="darker = more", labels=["few", "some", "many"]),
    figure="Trees", title="Trees by Squares", summary="Sixteen squares.", credit="Drawn for tests",
    drawable=mode == "draw", shape=st.session_state.get("ring", ()),
)
if mode == "high":
    of = replace(of, highlighted=[0, 5], legend=replace(of.legend, dimmed="Not asked for"))
if mode == "two":
    labels = [f"class {number}" for number in range(9)]
    legend = replace(of.legend, labels=labels)
    classes = [at % 9 for at in range(len(drawn))]
    of = replace(of, grid=("Need", "Money"), classes=classes, palette=maps.two_way(), legend=legend)
keep = st.session_state.update
live_map(of, on_pick=lambda code: keep(code=code), on_draw=lambda ring: keep(ring=ring))
st.text(f"corners {len(st.session_state.get('ring', ()))}")
st.text(f"ring {st.session_state.get('ring')}")
st.text(f"picked {st.session_state.get('code')}")
"""


@pytest.mark.parametrize(
    "sent",
    [
        None,
        "ring",
        [],
        [[0, 1], [1, 1]],
        [[0, 1], [1, 1], [2]],
        [[0, 1], [1, 1], ["a", 2]],
        [[0, 1], [1, 1], [float("nan"), 2]],
        [[0, 1], [1, 1], [181, 2]],
        [[0, 1], [1, 1], [2, 90.5]],
        [[0, 1]] * 201,
    ],
)
def test_what_is_no_ring_of_corners_is_not_taken(sent: Any) -> None:
    assert corners(sent) == []


def test_a_ring_of_corners_is_taken_as_it_is() -> None:
    assert corners([[-2.5, 51], [-2.4, 51.0], [-2.4, 51.1]]) == [
        (-2.5, 51.0), (-2.4, 51.0), (-2.4, 51.1),
    ]  # fmt: skip


def test_long_lists_travel_without_what_all_texts_begin_and_end_with() -> None:
    money = ["£1,200 a person", "", "£950 a person", "£2 a person"]
    assert scripts.shortened(money * 40) == (["1,200", "", "950", "2"] * 40, ["£", " a person"])
    assert scripts.shortened(money) == (money, ["", ""])  # a short list gains nothing
    assert scripts.shortened([""] * 200) == ([""] * 200, ["", ""])
    # A text that is nothing but the shared part would look like no text at all.
    assert scripts.shortened(["£", "£1"] * 80) == (["£", "£1"] * 80, ["", ""])


def test_classes_and_marks_of_many_areas_travel_as_letters_and_bits() -> None:
    legend = Legend(title="", note="", labels=["a", "b"])
    made = Drawing("", [-2, -1, 0, 1] * 30, [""] * 120, ["#000000", "#ffffff"], legend, "", "", "")
    assert _packed(made)["classes"] == "bn01" * 30
    assert "hatched" not in _packed(made)  # nothing is marked
    marked = dataclasses.replace(made, hatched=[0, 119])
    # A leading one keeps the zeros after it: 1, then 120 bits, of which the first and the last.
    assert _packed(marked)["hatched"] == "18" + "0" * 28 + "1"
    few = dataclasses.replace(made, classes=[0, 1], labels=["x", "y"], hatched=[1])
    assert _packed(few) == {"labels": ["x", "y"], "around": ["", ""]}


def test_the_nine_colours_of_two_figures_grow_darker_both_ways() -> None:
    colours = maps.two_way()
    light = [sum(w * c for w, c in zip((2, 7, 1), bytes.fromhex(code[1:]), strict=True))
             for code in colours]  # fmt: skip
    assert len(set(colours)) == 9
    for up in range(3):
        assert light[3 * up] > light[3 * up + 1] > light[3 * up + 2]
        assert light[up] > light[3 + up] > light[6 + up]


# -- in the browser ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def address(grid: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page served on the squares."""
    folder = tmp_path_factory.mktemp("drawn")
    (folder / "door.py").write_text(DOOR.format(root=str(ROOT)), encoding="utf-8")
    (folder / "page.py").write_text(PAGE, encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [sys.executable, "-m", "streamlit", "run", str(folder / "door.py")]
    command += ["--server.port", port, "--server.headless", "true", "--server.address", "127.0.0.1"]
    command += ["--browser.gatherUsageStats", "false"]  # it is not started in the checkout
    home = {"COMMONGROUND_PLACE": str(grid), "COMMONGROUND_HOME": str(folder / "home")}
    process = subprocess.Popen(command, cwd=folder, env=os.environ | home)
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5).close()
                break
            except OSError:
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="module")
def drawn_on(visit_address: Any, address: str) -> Any:
    return visit_address(address)


@pytest.fixture
def page(drawn_on: Any) -> Iterator[Any]:
    """A page that asks nobody but this server for anything and makes no error."""
    with drawn_on.page() as made:
        yield made


def opened(page: Any, mode: str = "draw") -> Any:
    page.goto(f"/?mode={mode}")
    live = page.locator(".live-map[data-painted]")
    live.wait_for()
    return live


def middle(page: Any, code: str) -> tuple[float, float]:
    box = page.locator(f'.live-map path[data-code="{code}"]').bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def click(page: Any, *codes: str) -> None:
    for code in codes:
        page.mouse.click(*middle(page, code))
        page.wait_for_timeout(400)  # two clicks in a row must not count as a double click


def said(page: Any) -> str:
    return str(page.locator(".live-map .pen-words").inner_text())


def ring(page: Any, number: int) -> list[tuple[float, float]]:
    """Return the corners that reached the server."""
    page.get_by_text(f"corners {number}", exact=True).wait_for()
    text = page.get_by_text(re.compile(r"^ring ")).inner_text()
    pairs = re.findall(r"\((-?[\d.]+), (-?[\d.]+)\)", text)
    return [(float(lng), float(lat)) for lng, lat in pairs]


@pytest.fixture(scope="module")
def middles() -> dict[str, tuple[float, float]]:
    """Middles of the squares in longitude and latitude, worked out from the grid."""
    from pyproj import Transformer

    to_degrees = Transformer.from_crs(27700, 4326, always_xy=True)
    return {
        f"a{at:02d}": to_degrees.transform(360_500 + 1000 * (at % 4), 170_500 + 1000 * (at // 4))
        for at in range(16)
    }


@pytest.mark.browser
@pytest.mark.slow
def test_a_shape_is_drawn_with_the_mouse_and_shown_back(page: Any, middles: Any) -> None:
    live = opened(page)
    page.get_by_role("button", name="Draw an area").click()
    click(page, "a00", "a02", "a10")
    assert said(page) == "Corner 3, in Square 10. Finish, or go on."
    page.get_by_role("button", name="Finish").click()
    found = ring(page, 3)
    for corner, code in zip(found, ("a00", "a02", "a10"), strict=True):
        assert corner == pytest.approx(middles[code], abs=2e-4)  # a pixel is fourteen metres
    live.locator("path.drawn-ring").wait_for(state="attached")
    assert "The drawn area" in live.locator(".legend-rest").inner_text()
    assert page.get_by_text("picked None", exact=True).count() == 1  # corners choose no area
    click(page, "a05")
    page.get_by_text("picked a05", exact=True).wait_for()


@pytest.mark.browser
@pytest.mark.slow
def test_a_line_that_would_cross_itself_is_refused_with_its_reason(page: Any) -> None:
    opened(page)
    page.get_by_role("button", name="Draw an area").click()
    finish = page.get_by_role("button", name="Finish")
    click(page, "a00", "a10", "a08")
    assert said(page).startswith("Corner 3")
    click(page, "a02")
    assert said(page).startswith("That line would cross another one.")
    page.get_by_role("button", name="Take back").click()
    assert said(page) == "Corner taken back. 2 left."
    assert finish.is_disabled()
    # An hourglass closes through itself: a00, a10, a02, then back past the first line.
    click(page, "a02", "a13")
    assert said(page).startswith("That line would cross")
    page.get_by_role("button", name="Stop drawing").click()
    assert page.locator(".live-map .pen").is_hidden()
    assert page.get_by_text("corners 0", exact=True).count() == 1


@pytest.mark.browser
@pytest.mark.slow
def test_a_shape_is_drawn_with_the_keys_alone(page: Any) -> None:
    live = opened(page)
    button = page.get_by_role("button", name="Draw an area")
    button.focus()
    page.keyboard.press("Enter")
    assert live.locator(".canvas").evaluate("el => el.getRootNode().activeElement === el")
    for key, times in (("ArrowUp", 4), ("ArrowRight", 7), ("ArrowDown", 8)):
        page.keyboard.press("Enter")
        for _ in range(times):
            page.keyboard.press(key)
    page.keyboard.press("Enter")
    assert said(page).startswith("Corner 4")
    page.keyboard.press("Backspace")
    assert said(page) == "Corner taken back. 3 left."
    page.keyboard.press("Enter")
    assert said(page).startswith("Corner 4")
    page.keyboard.press("Enter")  # twice at the same place closes the line
    (west, south), (_, north), (east, _), _ = ring(page, 4)
    assert west < east
    assert south < north


@pytest.mark.browser
@pytest.mark.slow
def test_a_shape_is_drawn_with_a_finger(drawn_on: Any) -> None:
    with drawn_on.page(size="phone") as page:
        opened(page)
        page.locator(".live-map .draw").tap()
        for code in ("a00", "a02", "a10"):
            page.touchscreen.tap(*middle(page, code))
            page.wait_for_timeout(500)
        page.locator(".live-map .pen-finish").tap()
        assert len(ring(page, 3)) == 3


@pytest.mark.browser
@pytest.mark.slow
def test_areas_that_were_not_asked_for_are_pale_and_the_legend_says_so(page: Any) -> None:
    live = opened(page, "high")
    page.locator(".live-map[data-whole]").wait_for()
    pale = page.eval_on_selector_all(
        ".live-map .canvas path[data-code]",
        "all => all.filter(p => p.getAttribute('fill-opacity') < 0.5).map(p => p.dataset.code)",
    )
    assert len(pale) == 14
    assert not {"a00", "a05"} & set(pale)
    assert "Not asked for" in live.locator(".legend-rest").inner_text()


@pytest.mark.browser
@pytest.mark.slow
def test_two_figures_in_one_map_have_a_legend_of_nine_squares(page: Any) -> None:
    live = opened(page, "two")
    cells = live.locator(".legend-both li")
    assert cells.all_text_contents() == [f"class {n}" for n in (6, 7, 8, 3, 4, 5, 0, 1, 2)]
    assert live.locator(".legend-both .axes").inner_text().split("\n") == ["↑ Money", "→ Need"]
    assert live.locator(".legend-list").is_hidden()


@pytest.mark.browser
@pytest.mark.slow
def test_the_map_is_saved_as_a_picture_with_its_legend(page: Any, tmp_path: Path) -> None:
    live = opened(page)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save the map as an image").click()
    assert waiting.value.suggested_filename == "trees-by-squares.png"
    content = Path(waiting.value.path()).read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", content[16:24])
    box = live.locator(".canvas").bounding_box()
    assert width == pytest.approx(2 * (box["width"] + 48), abs=4)  # twice as sharp, with a margin
    assert height > 2 * (box["height"] + 100)  # room for title, legend and source
    # The middle of the first square has the first class's colour, laid 0.92 thick over white.
    x, y = middle(page, "a00")
    at = [round(2 * (x - box["x"] + 24)), round(2 * (y - box["y"] + 24 + 38))]
    pixel = page.evaluate(
        """async ([bytes, x, y]) => {
            const file = new Blob([new Uint8Array(bytes)], { type: "image/png" });
            const made = await createImageBitmap(file);
            const pen = new OffscreenCanvas(made.width, made.height).getContext("2d");
            pen.drawImage(made, 0, 0);
            return [...pen.getImageData(x, y, 1, 1).data];
        }""",
        [list(content), *at],
    )
    assert pixel == pytest.approx([255, 20, 20, 255], abs=3)


@pytest.mark.browser
@pytest.mark.slow
def test_on_paper_a_picture_as_wide_as_the_paper_takes_the_maps_place(page: Any) -> None:
    opened(page)
    page.wait_for_function(
        """() => [...document.querySelectorAll('*')]
            .some(el => el.shadowRoot?.querySelector('.live-map')?.liveMap?.paper)"""
    )
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 700, "height": 900})
    assert page.locator(".live-map .paper canvas").bounding_box()["width"] < 700
    assert page.locator(".live-map .canvas").is_hidden()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")
    assert page.locator(".live-map .paper canvas").count() == 0
