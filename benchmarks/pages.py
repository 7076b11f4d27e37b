"""The pages as a visitor waits for them: first paint and change of figure in a real Chromium.

In: the folder of real data. Out: a Markdown section: for Bristol milliseconds from the start of
navigation to a painted map and from a press to a repainted map, in a browser that nobody watches;
bytes received for one change, as the messages are and as they travel; and from the end of a drawn
line to its profile. The same for all small areas of England on one map, under Playwright.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import overview, prepare, unwatched
from benchmarks.measure import table
from benchmarks.tour import DESK, FLAGS, chromium, served
from benchmarks.unwatched import ANSWER, FIND, FIRST_PAINT
from benchmarks.wire import Wire

SPREAD = ("runs", "median", "95 of 100 within", "best", "worst")
LEVELS = ("Wards (May 2025)", "Primary care networks (2020)", "Small areas (LSOA 2021)")
FIGURES = ("People", "Money", "Money per person", "Need")
# Milliseconds from the click on a figure to the end of the frame that shows the map repainted: a
# script that runs before a frame does not know yet how long the browser lays out and paints it.
CHANGE = f"""(title) => new Promise((done, fail) => {{ {FIND}
  setTimeout(() => fail(new Error(title + ' was not painted, or on another map')), 60000);
  const root = map();
  const button = [...document.querySelectorAll('button')].find((b) => b.innerText.trim() === title);
  const start = performance.now();
  new MutationObserver((_, watch) => {{
    if (!root.dataset.figure.startsWith(title + ' by')) return;
    watch.disconnect();
    const {{ port1, port2 }} = new MessageChannel();
    port1.onmessage = () => done(performance.now() - start);
    requestAnimationFrame(() => port2.postMessage(0));
  }}).observe(root, {{ attributes: true }});
  button.click(); }})"""

# Milliseconds from the end of a drawn line to the frame that shows what is told of its area.
PROFILE = f"""() => new Promise((done, fail) => {{ {FIND}
  setTimeout(() => fail(new Error('nothing was told of the drawn area')), 60000);
  const start = performance.now();
  const look = () => document.querySelector('.cg-who')
    ? done(performance.now() - start) : requestAnimationFrame(look);
  map().querySelector('.pen-finish').click();
  look(); }})"""


def run(data: Path, folder: Path, repeats: int) -> str:
    """Build Bristol, serve it and time its Map page as a first and as a returning visitor."""
    from playwright.sync_api import sync_playwright

    if chromium() is None:
        return "## The pages\n\nNo Chromium was found: install one, or set CHROMIUM."
    place = prepare.place(data, folder)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        with served(place) as address, overview.bare(folder / "bare") as bare:
            took = unwatched.times(address, bare, figures=FIGURES, levels=LEVELS, repeats=repeats)
            found = [summed(name, some) for name, some in took.items()]
            found += travel(browser, address, "/map", FIGURES, repeats)
            found.append(draw(browser, address, repeats))
        bristol = table(("Bristol, Map page, 268 areas of 581 drawn", *SPREAD), found)
        with overview.served(data, folder) as address:
            found = visit(browser, address, overview.FIGURES, repeats)
            found += travel(browser, address, "/", overview.FIGURES, repeats)
        country = table(("England, live map alone, 33,755 areas", *SPREAD), found)
        browser.close()
    return f"## The pages, in headless Chromium\n\n{bristol}\n\n{country}"


def visit(browser: Any, page_address: str, figures: Sequence[str], repeats: int) -> list[list[Any]]:
    """Open a page as a first and as a returning visitor, change its figures, and sum up."""
    times: dict[str, list[float]] = {}
    for _ in range(repeats):
        context = browser.new_context(viewport={"width": DESK[0], "height": DESK[1]})
        page = context.new_page()
        for name in ("empty browser cache", "returning visitor"):
            page.goto(page_address, wait_until="commit")
            times.setdefault(f"first paint, {name}, ms", []).append(page.evaluate(FIRST_PAINT))
        point(page)
        answer = page.evaluate(ANSWER)
        title = "first answer to a pointer on the map, returning visitor, ms"
        times.setdefault(title, []).append(answer)
        page.wait_for_timeout(1000)
        for title in figures:
            took = page.evaluate(CHANGE, title)
            times.setdefault("change of figure to repaint, ms", []).append(took)
            page.wait_for_timeout(500)
        context.close()
    return [summed(name, some) for name, some in times.items()]


def settled(browser: Any, address: str) -> Any:
    """Open a page with a map in a browser of its own and wait until it rests."""
    page = browser.new_context(viewport={"width": DESK[0], "height": DESK[1]}).new_page()
    page.goto(address)
    page.evaluate(FIRST_PAINT)
    page.wait_for_timeout(1000)
    return page


def travel(
    browser: Any, address: str, path: str, figures: Sequence[str], repeats: int
) -> list[list[Any]]:
    """Change the figures of a page through a wire that counts bytes, which takes time itself."""
    sizes, travelled = [], []
    with Wire(address) as wire:
        for _ in range(repeats):
            context = browser.new_context(viewport={"width": DESK[0], "height": DESK[1]})
            page = context.new_page()
            received = count_bytes(context, page)
            page.goto(wire.address + path)
            page.evaluate(FIRST_PAINT)
            page.wait_for_timeout(1000)
            for title in figures:
                received.clear()
                before = wire.received
                page.evaluate(CHANGE, title)
                page.wait_for_timeout(500)
                sizes.append(sum(received) / 1000)
                travelled.append((wire.received - before) / 1000)
            context.close()
    return [
        summed("messages of a change of figure, kB", sizes),
        summed("the same as it travels, compressed, kB", travelled),
    ]


def summed(name: str, times: Sequence[float]) -> list[Any]:
    """Return a row of the table: how many, their median, what 95 of 100 need, best and worst."""
    most = sorted(times)[math.ceil(0.95 * len(times)) - 1]
    return [name, len(times), statistics.median(times), most, min(times), max(times)]


def point(page: Any) -> None:
    """Move the mouse onto the middle of the map: the middle of a place is one of its areas."""
    box = page.locator(".live-map .canvas").bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(*middle)
    page.mouse.move(middle[0] + 2, middle[1] + 2)


def draw(browser: Any, address: str, repeats: int) -> list[Any]:
    """Draw a line that nobody drew before on My area, and wait for what is told of its area."""
    times = []
    for turn in range(repeats):
        page = settled(browser, address + "/area")
        page.locator(".live-map .draw").click()
        page.locator(".live-map.drawing").wait_for()
        box = page.locator(".live-map .canvas").bounding_box()
        for right, down in ((0.45, 0.4), (0.6, 0.4), (0.6, 0.6), (0.45, 0.6)):
            shift = turn * 3.0
            page.mouse.click(
                box["x"] + right * box["width"] + shift, box["y"] + down * box["height"]
            )
        times.append(page.evaluate(PROFILE))
        page.context.close()
    return summed("end of a drawn line to its profile on My area, ms", times)


def count_bytes(context: Any, page: Any) -> list[float]:
    """Return a list that grows by the bytes of every message the page receives."""
    received: list[float] = []
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    # The browser reports binary messages in base64: four letters for three bytes.
    session.on(
        "Network.webSocketFrameReceived",
        lambda event: received.append(len(event["response"]["payloadData"]) * 3 / 4),
    )
    return received
