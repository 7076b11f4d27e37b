"""Charts: what they draw, the sentence and the table beside them, names that stay text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.shared import charts

PATIENCE = 180_000  # milliseconds; generous, because the machines that run this are shared
LONG_NAME = "NHS Bristol, North Somerset and South Gloucestershire CCG"
HOSTILE = '<script>alert("x")</script>'
BARS = f"""
import pandas as pd
from pages.shared import charts
rows = pd.DataFrame({{
    "name": [{HOSTILE!r}, "a.b[c]", "Hidden"],
    "value": [3_000_000.0, -500.0, float("nan")],
    "missing": ["", "", "withheld"],
    "unsure": [False, True, False],
}})
charts.bars(rows, title="Money", unit="pounds", alternative="Three lines.")
"""
CURVE = """
import pandas as pd
from pages.shared import charts
rows = pd.DataFrame({
    "x": [0.0, 50.0, 100.0] * 2,
    "value": [0.0, 60.0, 100.0, 0.0, 70.0, 100.0],
    "series": ["Before"] * 3 + ["After"] * 3,
})
charts.curve(rows, title="Leaning", unit="per cent of the money", along="per cent of the people",
             alternative="More goes to need.", even=True)
"""
PATH = """
import pandas as pd
from pages.shared import charts
rows = pd.DataFrame({"x": ["2025-26", "2026-27"], "value": [10.0, 12.0],
                     "low": [9.0, 11.0], "high": [11.0, 13.0]})
charts.curve(rows, title="Path", unit="pounds", along="Year", alternative="It grows.")
"""
LONG = """
import pandas as pd
from pages.shared import charts
steps = [float(x) for x in range(1000)]
rows = pd.DataFrame({"x": steps, "value": steps})
charts.curve(rows, title="Long", unit="score", along="number", alternative="It rises.")
"""
SPREAD = """
import pandas as pd
from pages.shared import charts
values = pd.Series([1.0, 2.0, 3.0, 4.0, 5.0, float("nan")])
charts.distribution(values, here={"You are here": 4.0, "The place": float("nan")}, title="Need",
                    unit="score")
"""
ALIKE = """
import pandas as pd
from pages.shared import charts
rows = pd.DataFrame({
    "code": ["E1", "E2", "E1", "E2", "E3"],
    "name": ["Park", "Park", "Park", "Park", "Park (2)"],
    "series": ["Now", "Now", "Then", "Then", "Now"],
    "value": [1.0, 2.0, 3.0, 4.0, 5.0],
})
charts.bars(rows.iloc[[0, 3, 1, 2, 4]], title="Money", unit="pounds", alternative="Parks.")
"""
WORDY = f"""
import pandas as pd
from pages.shared import charts
rows = pd.DataFrame({{"name": [{LONG_NAME!r}, "Bristol"], "value": [2.0, 1.0]}})
charts.bars(rows, title="Who spends it", unit="pounds", alternative="It spends.")
"""
EMPTY = """
import pandas as pd
from pages.shared import charts
charts.distribution(pd.Series([float("nan")]), here={}, title="Need", unit="score")
"""
SAME = """
import pandas as pd
from pages.shared import charts
charts.distribution(pd.Series([7.0, 7.0]), here={"Here": 7.0}, title="Need", unit="score")
"""


def drawn(script: str) -> Any:
    test = AppTest.from_string(script, default_timeout=180)
    test.run()
    assert not test.exception
    return test


def spec(test: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(test.get("vega_lite_chart")[0].proto.spec)
    return found


def body(test: Any) -> str:
    return "\n".join(element.proto.body for element in test.get("html"))


def rows(test: Any) -> list[list[str]]:
    table = re.findall(r"<tr>(.*?)</tr>", body(test))
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in table]


def test_bars_have_a_table_in_which_names_are_text_and_missing_says_why() -> None:
    test = drawn(BARS)
    assert rows(test) == [
        ["Area", "Money"],
        ["&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;", "£3,000,000"],
        ["a.b[c]", "-£500"],
        ["Hidden", "withheld"],
    ]
    assert "Three lines. Pale: follows from an assumption." in body(test)
    assert test.get("vega_lite_chart")[0].proto.alt == "Money. Three lines."


def test_areas_of_one_name_are_told_apart_by_their_codes_and_none_is_merged() -> None:
    test = drawn(ALIKE)
    assert rows(test)[1:] == [
        ["Park", "£1", "£3"],
        ["Park (3)", "£2", "£4"],
        ["Park (2)", "£5", "no data"],
    ]
    upright = spec(test)["layer"][0]["encoding"]["y"]
    assert upright["sort"] == ["Park", "Park (3)", "Park (2)"]


def test_a_long_name_is_broken_into_lines_and_stands_whole_in_the_table() -> None:
    test = drawn(WORDY)
    assert rows(test)[1] == [LONG_NAME, "£2"]
    upright = spec(test)["layer"][0]["encoding"]["y"]
    lines = upright["sort"][0].split("\n")
    assert " ".join(lines) == LONG_NAME
    assert max(len(line) for line in lines) <= 28
    # Three lines of 13 pixels for each of the two bars, and the axis below them.
    assert spec(test)["height"] >= 2 * 3 * 13 + 40


def test_names_that_lines_cannot_tell_apart_stay_as_they_are() -> None:
    names = [f"{'far too long ' * 9}{which}" for which in ("one", "two")]
    assert charts.wrapped(names, 28, 3) == names
    (cut,) = charts.wrapped(names[:1], 28, 3)
    assert len(cut.split("\n")) == 3
    assert cut.endswith("…")


def test_a_curve_is_drawn_with_its_line_of_evenness_and_a_column_a_line() -> None:
    test = drawn(CURVE)
    assert len(spec(test)["layer"]) == 2
    assert rows(test)[0] == ["per cent of the people", "Before", "After"]
    assert rows(test)[2] == ["50.0", "60%", "70%"]
    assert "Grey line: if all had the same." in body(test)


def test_years_stand_side_by_side_and_say_between_what_they_lie() -> None:
    test = drawn(PATH)
    assert [layer["mark"]["type"] for layer in spec(test)["layer"]] == ["area", "line"]
    assert rows(test)[1:] == [["2025-26", "£10 (£9 to £11)"], ["2026-27", "£12 (£11 to £13)"]]


def test_a_long_line_keeps_its_ends_and_says_what_the_table_leaves_out() -> None:
    test = drawn(LONG)
    assert rows(test)[1] == ["0.0", "0"]
    assert rows(test)[-1] == ["999.0", "999"]
    assert len(rows(test)) == 25
    assert "The table has 24 of the 200 points of the lines." in body(test)


def test_a_distribution_counts_every_area_and_says_where_the_marked_one_lies() -> None:
    test = drawn(SPREAD)
    assert sum(int(row[1]) for row in rows(test)[1:]) == 5
    told = "5 areas: half of them lie between 2 and 4, the middle one has 3. You are here: 4."
    assert told in body(test)
    assert "1 without a figure." in body(test)
    assert "The place" not in body(test)


def test_a_distribution_of_nothing_says_so() -> None:
    assert "None of the areas has a figure." in body(drawn(EMPTY))


def test_equal_values_are_one_bar() -> None:
    counts = [int(row[1]) for row in rows(drawn(SAME))[1:]]
    assert [count for count in counts if count] == [2]


TWICE = """
import pandas as pd
from pages.shared import charts
rows = pd.DataFrame({"name": ["Park", "Park"], "value": [1.0, 2.0]})
charts.bars(rows, title="Parks", unit="score", alternative="Two.")
ties = pd.DataFrame({"x": [0.0, 50.0, 50.0], "value": [0.0, 60.0, 70.0]})
charts.curve(ties, title="Ties", unit="score", along="x", alternative="A step.")
"""


def test_two_of_the_same_name_are_both_drawn_and_a_step_keeps_its_end() -> None:
    found = rows(drawn(TWICE))
    assert ["Park", "1"] in found
    assert ["Park (2)", "2"] in found
    assert ["50.0", "70"] in found


# -- in a browser ----------------------------------------------------------------------------------

PAGE = """
import pandas as pd
import streamlit as st
from pages.shared import blocks, charts
blocks.look()
names = ["<img src=x onerror=alert(1)>", "Emoji 🌳 *stars*", "שלום עולם",
         "NHS Bristol, North Somerset and South Gloucestershire CCG"]
for scheme in ("one", "two"):
    rows = pd.DataFrame({"name": names, "value": [1.0, 2.0, -3.0, 4.0]})
    charts.bars(rows, title=f"Bars {scheme}", unit="pounds", alternative="Four.")
x = [0.0, 25.0, 50.0, 100.0]
charts.curve(pd.DataFrame({"x": x, "value": [0.0, 40.0, 70.0, 100.0]}), title="Curve",
             unit="per cent", along="per cent of people", alternative="It leans.", even=True)
charts.distribution(pd.Series(x), here={names[0]: 30.0}, title="Spread", unit="score")
"""
APP = """
import runpy
import streamlit as st
from starlette.middleware import Middleware
door = runpy.run_path({door!r})
app = st.App({page!r}, middleware=[Middleware(door["Guard"])])
"""
ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def charts_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The charts on a page of their own, behind the app's own headers."""
    import os
    import socket
    import subprocess
    import sys

    from tests.app.conftest import wait_for

    folder = tmp_path_factory.mktemp("charts")
    (folder / "page.py").write_text(PAGE, "utf-8")
    (folder / "door_of_charts.py").write_text(
        APP.format(door=str(ROOT / "app.py"), page=str(folder / "page.py")), "utf-8"
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(folder / "door_of_charts.py")]
    settings = ["--server.headless", "true", "--server.address", "127.0.0.1"]
    log = folder / "log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [*command, "--server.port", str(port), *settings],
            env=os.environ | {"PYTHONPATH": str(ROOT), "COMMONGROUND_HOME": str(folder / "home")},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        try:
            address = f"http://127.0.0.1:{port}"
            wait_for(address + "/_stcore/health", process, log)
            yield address
        finally:
            process.terminate()
            process.wait(20)


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 800), (390, 844)], ids=["desk", "phone"])
def test_charts_draw_under_the_security_policy_with_names_as_text(
    charts_address: str, chromium: str, scheme: str, size: tuple[int, int]
) -> None:
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
        page.set_default_timeout(PATIENCE)
        asked: list[str] = []
        refused: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: refused.append(message.text))
        page.on("dialog", lambda dialog: pytest.fail("a name ran as a script"))
        page.goto(charts_address)
        pictures = page.locator("[data-testid=stVegaLiteChart] svg.marks")
        sync_api.expect(pictures).to_have_count(4, timeout=PATIENCE)
        first = pictures.first
        sync_api.expect(first).to_contain_text("<img src=x", timeout=PATIENCE)
        assert first.locator("path[aria-roledescription=bar]").count() == 4
        lines = first.locator("g.role-axis-label tspan").all_text_contents()
        assert " ".join(lines).endswith("NHS Bristol, North Somerset and South Gloucestershire CCG")
        bar = first.locator("path[aria-roledescription=bar]").first
        bar.hover()
        tip = page.locator("#vg-tooltip-element")
        sync_api.expect(tip).to_contain_text("<img src=x onerror=alert(1)>", timeout=PATIENCE)
        assert page.locator("img[src=x]").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        assert all(url.startswith((charts_address, "data:", "blob:")) for url in asked), asked
        assert not [text for text in refused if "Content Security Policy" in text]
        browser.close()
