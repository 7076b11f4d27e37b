"""A Chromium that is steered and not watched: what a visitor's own browser takes.

In: addresses of pages. Out: milliseconds of first paints, and from a press of the mouse or of a key
to the end of the frame that shows the map painted anew. Playwright has the browser report every
request and every message to it, which takes a tenth of what is to be timed; here only a script and
a press are sent, over the same protocol.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from websockets.sync.client import ClientConnection, connect

from benchmarks.tour import DESK, FLAGS, chromium

FIND = """
const map = () => [...document.querySelectorAll('*')]
  .map((el) => el.shadowRoot?.querySelector('.live-map')).find(Boolean);
"""
# Milliseconds since the browser began to navigate, at the frame that shows the painted map.
FIRST_PAINT = f"""() => new Promise((done) => {{ {FIND}
  const look = () => map()?.dataset.painted ? done(performance.now()) : requestAnimationFrame(look);
  look(); }})"""
# The same of a title, and of the card that answers to a pointer at rest.
TITLE = """() => new Promise((done) => {
  const look = () => document.querySelector('h1')
    ? requestAnimationFrame(() => done(performance.now())) : requestAnimationFrame(look);
  look(); })"""
ANSWER = f"""() => new Promise((done) => {{ {FIND}
  const look = () => map()?.querySelector('.card:not([hidden])')
    ? done(performance.now()) : requestAnimationFrame(look);
  look(); }})"""
# A promise of the milliseconds from the next press of a key or of the mouse to the end of the frame
# that shows the map painted anew: a script that runs before a frame does not know yet how long the
# browser lays out and paints it. It waits to be told, for to look at every frame is work too.
WATCH = f"""() => {{ {FIND}
  const state = () => [map()?.dataset.painted, map()?.dataset.figure].join();
  const before = state();
  window.anew = new Promise((done, fail) => {{
    setTimeout(() => fail(new Error('the map was not painted anew')), 60000);
    let start = 0;
    const look = () => {{
      if (!start || !map()?.dataset.painted || state() === before) return;
      told.disconnect();
      const {{ port1, port2 }} = new MessageChannel();
      port1.onmessage = () => done(performance.now() - start);
      requestAnimationFrame(() => port2.postMessage(0));
    }};
    const told = new MutationObserver(look);
    told.observe(map(), {{ attributes: true }});
    const begin = () => {{ start ||= performance.now(); }};
    for (const kind of ['keydown', 'pointerup']) addEventListener(kind, begin, {{ capture: true }});
  }}); }}"""
MIDDLE = """((found) => { const box = found?.getBoundingClientRect();
  return box?.width ? [box.x + box.width / 2, box.y + box.height / 2] : null; })"""
BUTTON = "[...document.querySelectorAll('button')].find((one) => one.innerText.trim() === {title})"
OPTION = (
    "[...document.querySelectorAll('[role=option]')].find((o) => o.innerText.trim() === {title})"
)
LIST = "document.querySelector(`input[role=combobox][aria-label*=${{JSON.stringify({title})}}]`)"
SLIDER = "[...document.querySelectorAll('[role=slider], input[type=range]')].at({at})"
PATIENCE_S = 60.0


class Tab:
    """One page of a browser profile of its own."""

    def __init__(self, connection: ClientConnection, numbers: Iterator[int]) -> None:
        self._connection, self._numbers = connection, numbers
        self._session = ""
        self._profile = self._send("Target.createBrowserContext")["browserContextId"]
        width, height = DESK
        target = self._send("Target.createTarget", url="about:blank", width=width, height=height,
                            browserContextId=self._profile)["targetId"]  # fmt: skip
        attached = self._send("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]

    def _send(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self._numbers)
        told = {"id": number, "method": method, "params": params}
        if self._session:
            told["sessionId"] = self._session
        self._connection.send(json.dumps(told))
        while True:
            answer = json.loads(self._connection.recv(PATIENCE_S))
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(answer["error"]["message"])
                return dict(answer["result"])

    def run(self, script: str) -> Any:
        """Run a script on the page and return its value, or what its promise brings."""
        answer = self._send("Runtime.evaluate", expression=script, awaitPromise=True,
                            returnByValue=True)  # fmt: skip
        if "exceptionDetails" in answer:
            raise RuntimeError(str(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def open(self, address: str, until: str = FIRST_PAINT) -> float:
        """Open an address and return what `until` brings; the page before it may still answer."""
        self._send("Page.navigate", url=address)
        there = f"location.href.startsWith({json.dumps(address.rsplit('/', 1)[0])})"
        for _ in range(1000):
            with contextlib.suppress(RuntimeError):
                if took := self.run(f"{there} ? ({until})() : null"):
                    return float(took)
        raise RuntimeError(f"{address} did not open")

    def middle(self, found: str) -> tuple[float, float]:
        """Wait for an element and return its middle on the screen."""
        for _ in range(500):
            if at := self.run(f"{MIDDLE}({found})"):
                return at[0], at[1]
            time.sleep(0.02)
        raise RuntimeError(f"not found: {found}")

    def move(self, x: float, y: float) -> None:
        """Move the mouse."""
        self._send("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def press(self, found: str) -> None:
        """Press the mouse on an element."""
        x, y = self.middle(found)
        self.move(x, y)
        for kind in ("mousePressed", "mouseReleased"):
            self._send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def key(self, name: str, code: int) -> None:
        """Press a key."""
        for kind in ("keyDown", "keyUp"):
            self._send("Input.dispatchKeyEvent", type=kind, key=name, code=name,
                       windowsVirtualKeyCode=code)  # fmt: skip

    def watch(self) -> None:
        """Begin to wait for the map to be painted anew after the next press."""
        self.run(f"void ({WATCH})()")

    def anew(self) -> float:
        """Return how long that took, in milliseconds, and let the page come to rest."""
        took = float(self.run("window.anew"))
        time.sleep(0.5)
        return took

    def close(self) -> None:
        """Close the page and throw its profile away."""
        self._session = ""
        self._send("Target.disposeBrowserContext", browserContextId=self._profile)


@contextmanager
def browser() -> Iterator[Any]:
    """Start a Chromium and yield what makes a new `Tab`."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [str(chromium()), *FLAGS, "--headless=new", "--remote-debugging-port=0",
             f"--user-data-dir={profile}", "about:blank"],
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            assert process.stderr is not None
            told = (line.split()[-1] for line in process.stderr if "DevTools listening" in line)
            with connect(next(told), max_size=None) as connection:
                numbers = itertools.count(1)
                yield lambda: Tab(connection, numbers)
        finally:
            process.terminate()
            process.wait()


def times(address: str, bare: str, *, figures: Sequence[str], levels: Sequence[str],
          repeats: int) -> dict[str, list[float]]:  # fmt: skip
    """Open the Map and the Budget again and again, press what changes the map, and say how long.

    `bare` is the address of an app of one title, which is opened in turn with the page.
    """
    took: dict[str, list[float]] = {}

    def note(name: str, value: float) -> None:
        took.setdefault(f"{name}, ms", []).append(value)

    with browser() as opened:
        for turn in range(repeats):
            _first(opened(), address + "/map", note)
            _first(opened(), bare + "/", note, until=TITLE, of="a Streamlit app of one title: ")
            _map(opened(), address + "/map", figures, levels, note)
            _slider(opened(), address + "/budget", turn, note)
    return took


def _first(tab: Tab, address: str, note: Any, *, until: str = FIRST_PAINT, of: str = "") -> None:
    note(f"{of}first paint, empty browser cache", tab.open(address, until))
    time.sleep(1)
    tab.open("about:blank", "() => 1")
    note(f"{of}first paint, returning visitor", tab.open(address, until))
    if not of:
        x, y = tab.middle(f"(() => {{ {FIND} return map().querySelector('.canvas'); }})()")
        tab.move(x, y)
        tab.move(x + 2, y + 2)
        note("first answer to a pointer on the map, returning visitor", tab.run(f"({ANSWER})()"))
    tab.close()


def _map(tab: Tab, address: str, figures: Sequence[str], levels: Sequence[str], note: Any) -> None:
    tab.open(address)
    time.sleep(1)
    # Of the first press the browser compiles what it runs: it is told apart.
    for turn, title in enumerate((*figures, *figures)):
        tab.watch()
        tab.press(BUTTON.format(title=json.dumps(title)))
        which = "change of figure to repaint" if turn else "the first press of a visit to repaint"
        note(which, tab.anew())
    for title in levels:
        tab.press(LIST.format(title=json.dumps("Areas")))
        option = OPTION.format(title=json.dumps(title))
        tab.middle(option)
        time.sleep(0.3)
        tab.watch()
        tab.press(option)
        note("change of level to repaint", tab.anew())
    tab.close()


def _slider(tab: Tab, address: str, turn: int, note: Any) -> None:
    """Move the slider of need by its keys, to settings that nobody asked for yet."""
    tab.open(address)
    time.sleep(1)
    # What was asked for before is kept: each visitor first gives the neediest another weight.
    tab.run(f"{SLIDER.format(at=-1)}.focus()")
    for _ in range(turn + 1):
        tab.watch()
        tab.key("ArrowRight", 39)
        tab.anew()
    tab.run(f"{SLIDER.format(at=0)}.focus()")
    for _ in range(4):
        tab.watch()
        tab.key("ArrowLeft", 37)
        note("move of the slider of need to repaint, to settings nobody asked for", tab.anew())
    tab.close()
