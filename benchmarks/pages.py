"""The pages as a visitor waits for them: first paint and change of figure in a real Chromium.

In: the folder of real data. Out: a Markdown section: for Bristol milliseconds from the start of
navigation to a painted map, from a click to a repainted map, and bytes received for one change, as
the messages are and as they travel, and from the end of a drawn line to its profile; the same times
for all small areas of England on one map, and until a pointer at rest on that map is answered.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import overview, prepare
from benchmarks.measure import table
from benchmarks.tour import DESK, FLAGS, chromium, served
from benchmarks.wire import Wire

SPREAD = ("runs", "median", "best", "worst")
FIGURES = ("People", "Money", "Money per person", "Need")
FIND = """
const map = () => [...document.querySelectorAll('*')]
  .map((el) => el.shadowRoot?.querySelector('.live-map')).find(Boolean);
"""
# Milliseconds since the browser began to navigate, at the frame that shows the painted map.
FIRST_PAINT = f"""() => new Promise((done) => {{ {FIND}
  const look = () => map()?.dataset.painted ? done(performance.now()) : requestAnimationFrame(look);
  look(); }})"""
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

# Milliseconds since the browser began to navigate, at the frame that shows the card of an area.
ANSWER = f"""() => new Promise((done) => {{ {FIND}
  const look = () => map()?.querySelector('.card:not([hidden])')
    ? done(performance.now()) : requestAnimationFrame(look);
  look(); }})"""
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
        with served(place) as address, Wire(address) as wire:
            found = visit(browser, wire, "/map", FIGURES, repeats)
            found.append(draw(browser, address, repeats))
        bristol = table(("Bristol, Map page, 268 areas of 581 drawn", *SPREAD), found)
        with overview.served(data, folder) as address, Wire(address) as wire:
            found = visit(browser, wire, "/", overview.FIGURES, repeats)
        country = table(("England, live map alone, 33,755 areas", *SPREAD), found)
        browser.close()
    return f"## The pages, in headless Chromium\n\n{bristol}\n\n{country}"


def visit(
    browser: Any, wire: Wire, path: str, figures: Sequence[str], repeats: int
) -> list[list[Any]]:
    """Open a page as a first and as a returning visitor, change its figures, and sum up."""
    first, again, answered, change, sizes, travelled = [], [], [], [], [], []
    for _ in range(repeats):
        context = browser.new_context(viewport={"width": DESK[0], "height": DESK[1]})
        page = context.new_page()
        received = count_bytes(context, page)
        page.goto(wire.address + path)
        first.append(page.evaluate(FIRST_PAINT))
        page.goto(wire.address + path)
        again.append(page.evaluate(FIRST_PAINT))
        point(page)
        answered.append(page.evaluate(ANSWER))
        page.wait_for_timeout(1000)
        for title in figures:
            received.clear()
            before = wire.received
            change.append(page.evaluate(CHANGE, title))
            page.wait_for_timeout(500)
            sizes.append(sum(received) / 1000)
            travelled.append((wire.received - before) / 1000)
        context.close()
    cases = (
        ("first paint, empty browser cache, ms", first),
        ("first paint, returning visitor, ms", again),
        ("first answer to a pointer on the map, returning visitor, ms", answered),
        ("change of figure to repaint, ms", change),
        ("messages of a change of figure, kB", sizes),
        ("the same as it travels, compressed, kB", travelled),
    )
    return [summed(name, times) for name, times in cases]


def summed(name: str, times: Sequence[float]) -> list[Any]:
    """Return a row of the table: how many, their median, the best and the worst."""
    return [name, len(times), statistics.median(times), min(times), max(times)]


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
        context = browser.new_context(viewport={"width": DESK[0], "height": DESK[1]})
        page = context.new_page()
        page.goto(address + "/area")
        page.evaluate(FIRST_PAINT)
        page.wait_for_timeout(1000)
        page.locator(".live-map .draw").click()
        page.locator(".live-map.drawing").wait_for()
        box = page.locator(".live-map .canvas").bounding_box()
        for right, down in ((0.45, 0.4), (0.6, 0.4), (0.6, 0.6), (0.45, 0.6)):
            shift = turn * 3.0
            page.mouse.click(
                box["x"] + right * box["width"] + shift, box["y"] + down * box["height"]
            )
        times.append(page.evaluate(PROFILE))
        context.close()
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
