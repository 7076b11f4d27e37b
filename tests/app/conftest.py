"""A place of sixteen squares whose every figure can be worked out on paper, and a server for it.

Base areas are 1 km squares in a 4 x 4 grid, `a00` to `a15`, row by row from the south-west. The
three western columns are the place; the eastern one lies beyond it. Wards are the four rows cut at
1.5 columns from the west, so that the second column is split in half. One line of money reaches
beyond the place, one is below zero, one is assumed.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
HOSTILE = {  # names by number of the square; all of them lie in the place
    0: '<script>alert("x")</script>',
    1: "<img src=x onerror=alert(1)> & “quotes” 'single' \"double\"",
    2: "Emoji 🌳👩‍👩‍👧 *stars* _under_ [link](x) :red[red] $1$",
    4: "שלום עולם من اليمين",
}
PLACE = """
schema = 1
[place]
id = "{id}"
name = "{name}"
fictional = true
note = "A grid of squares for tests."
[base]
layer = "sq"
inside = "town"
table = "base.csv"
people = "residents"
source = "Counted for tests"
date = "2024-06-30"
[[layers]]
id = "sq"
title = "Squares"
file = "sq.geojson"
name = "name"
crs = "EPSG:27700"
source = "Drawn for tests"
date = "2025-01-01"
[[layers]]
id = "wd"
title = "Wards"
file = "wd.geojson"
name = "name"
crs = "EPSG:27700"
level = true
[[layers]]
id = "town"
title = "Town"
file = "town.geojson"
name = "name"
crs = "EPSG:27700"
[layers.crosswalk]
by = "lookup"
file = "town.csv"
[[layers]]
id = "county"
title = "County"
file = "county.geojson"
name = "name"
crs = "EPSG:27700"
level = true
[index]
definition = "need.toml"
file = "domains.csv"
from = "ranks"
[streams]
file = "streams.csv"
[need]
need_weight = 0.5
neediest_per_head = 3.0
"""
DEFINITION = """
schema = 1
id = "grid"
title = "Need in the grid"
edition = "2025"
n_areas = 16
reference = "Invented for tests"
[[domains]]
id = "income"
title = "Income"
weight = 0.5
[[domains]]
id = "health"
title = "Health"
weight = 0.5
"""
STREAMS = """id,title,agency,amount,reason,covers,method,held_at,year,kind,status,source,assumption
care,Care,Town council,1200000.07,,town:T,need,town,2025-26,revenue,budget,Budget book,
parks,Parks,Town council,90000.00,,town:T,people,wd,2025-26,revenue,budget,Budget book,
clinic,Clinics,Health body,1600000.00,,county:C,people,county,2025-26,revenue,budget,,A round figure
fees,Parking fees,Town council,-50000.00,Income from car parks,,place-wide,,2025-26,revenue,budget,,
"""


def square(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    """Return a rectangle in kilometres from an origin in the west of England."""
    x, y = 360_000, 170_000
    west, east = x + 1000 * west, x + 1000 * east
    south, north = y + 1000 * south, y + 1000 * north
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def write_layer(folder: Path, layer: str, areas: dict[str, tuple[str, dict[str, Any]]]) -> None:
    features = [
        {"type": "Feature", "properties": {"code": code, "name": name}, "geometry": shape}
        for code, (name, shape) in areas.items()
    ]
    body = {"type": "FeatureCollection", "features": features}
    (folder / f"{layer}.geojson").write_text(json.dumps(body, ensure_ascii=False), "utf-8")


def write_place(folder: Path, *, id: str = "grid", name: str = "Gridville") -> Path:
    """Write the place package of the squares."""
    folder.mkdir(parents=True)
    squares = {}
    for number in range(16):
        row, column = divmod(number, 4)
        title = HOSTILE.get(number, f"Square {number}")
        squares[f"a{number:02d}"] = (title, square(column, row, column + 1, row + 1))
    wards = {}
    for row in range(4):
        wards[f"w{row}w"] = (f"West ward {row}", square(0, row, 1.5, row + 1))
        wards[f"w{row}e"] = (f"East ward {row}", square(1.5, row, 3, row + 1))
    write_layer(folder, "sq", squares)
    write_layer(folder, "wd", wards)
    write_layer(folder, "town", {"T": ("Town", square(0, 0, 3, 4))})
    write_layer(folder, "county", {"C": ("County", square(0, 0, 4, 4))})
    codes = list(squares)
    (folder / "base.csv").write_text(
        "code,residents\n" + "".join(f"{code},{100 + at}\n" for at, code in enumerate(codes))
    )
    (folder / "town.csv").write_text(
        "source_code,target_code\n"
        + "".join(f"{code},T\n" for at, code in enumerate(codes) if at % 4 < 3)
    )
    (folder / "domains.csv").write_text(
        "code,income,health\n"
        + "".join(f"{code},{at + 1},{16 - (at * 5) % 16}\n" for at, code in enumerate(codes))
    )
    (folder / "need.toml").write_text(DEFINITION)
    (folder / "streams.csv").write_text(STREAMS)
    (folder / "place.toml").write_text(PLACE.format(id=id, name=name))
    return folder


@pytest.fixture(scope="session")
def grid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the place of squares."""
    return write_place(tmp_path_factory.mktemp("place") / "grid")


@pytest.fixture(scope="session")
def hostile() -> dict[int, str]:
    """Names that try to be more than text, by the number of their square."""
    return HOSTILE


@pytest.fixture
def open_grid(grid: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make the squares the place that pages open."""
    monkeypatch.setenv("COMMONGROUND_PLACE", str(grid))
    return grid


@pytest.fixture(scope="session")
def make_place() -> Callable[..., Path]:
    """Return the writer of the place, for tests that change a file of it."""
    return write_place


@dataclass(frozen=True)
class Server:
    """A running app."""

    address: str
    home: Path
    process: int

    def get(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """Fetch a path as it is written, without tidying it up as browsers do."""
        import http.client

        host = self.address.removeprefix("http://")
        connection = http.client.HTTPConnection(host, timeout=20)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            headers = {key.lower(): value for key, value in answer.getheaders()}
            return answer.status, headers, answer.read()
        finally:
            connection.close()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def unused_port() -> int:
    """A port for a server that is started twice."""
    return free_port()


def serve(
    place: Path, home: Path, *, user: str = "", role: str = "", port: int = 0, processes: int = 1
) -> Iterator[Server]:
    """Run the app on a free port until the test session ends; with a user, as its command does."""
    port = port or free_port()
    log = home / "server.log"
    home.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py")]
    command += ["--server.port", str(port)]
    if user:
        command = [str(Path(sys.executable).with_name("commonground")), "serve", str(place)]
        command += ["--no-browser", "--port", str(port), "--user", user, "--role", role]
        command += ["--processes", str(processes)]
    variables = {"COMMONGROUND_PLACE": str(place), "COMMONGROUND_HOME": str(home)}
    with log.open("a") as out:
        process = subprocess.Popen(
            command,
            cwd=home,  # not the checkout: the app must find its settings by itself
            env=os.environ | variables,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        try:
            address = f"http://127.0.0.1:{port}"
            wait_for(address + "/health", process, log)
            yield Server(address, home, process.pid)
        finally:
            process.terminate()
            process.wait(20)


def wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        if process.poll() is not None:
            break
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise RuntimeError(f"the app did not start:\n{log.read_text()}")


@pytest.fixture(scope="session")
def server(grid: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app on the place of squares."""
    yield from serve(grid, tmp_path_factory.mktemp("served"))


@pytest.fixture(scope="session")
def serve_place() -> Callable[[Path, Path], Iterator[Server]]:
    """Return the starter of a server, for another place."""
    return serve


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
# Asked at every frame, as is usual, the question itself would keep a slow page from settling.
LOOK_EVERY = 100  # milliseconds
# When a page last asked its server for a run, and when it last heard from it. Between the two the
# state of its script is that of the run before.
LISTEN = """(() => {
  const send = WebSocket.prototype.send;
  const heard = new WeakSet();
  window.lastAsked = window.lastHeard = 0;
  WebSocket.prototype.send = function (body) {
    if (!heard.has(this)) {
      heard.add(this);
      this.addEventListener('message', () => { window.lastHeard = performance.now(); });
    }
    window.lastAsked = performance.now();
    return send.call(this, body);
  };
})()"""
# A page is settled when its script has ended and every map and table in it has been drawn.
SETTLED = """() => {
  if (window.lastAsked > window.lastHeard) return false;
  const app = document.querySelector('[data-testid="stApp"]');
  if (app?.dataset.testScriptState !== 'notRunning') return false;
  if (document.querySelector('[data-testid="stSkeleton"], [data-testid="stSpinner"]')) return false;
  if (document.querySelector('[data-stale="true"]')) return false;
  const roots = [...document.querySelectorAll('*')].map((el) => el.shadowRoot).filter(Boolean);
  return roots.every((root) => {
    const map = root.querySelector('.live-map');
    if (root.querySelector('[aria-busy="true"]')) return false;
    return !map || map.dataset.painted || map.dataset.failed;
  });
}"""


@dataclass(frozen=True, eq=False)
class Profiles:
    """Browser profiles, each for one visitor at a time, with nothing left of the one before.

    But for the files that never change: to fetch and compile them anew takes a third of a visit.
    """

    browser: Any
    free: dict[str, list[Any]] = field(default_factory=dict)

    @contextmanager
    def one(self, address: str, width: int, height: int, **looks: Any) -> Iterator[Any]:
        """Lend a profile to a visitor of a server; its pages are closed at the end."""
        looks = {"viewport": {"width": width, "height": height}, "base_url": address} | looks
        free = self.free.setdefault(repr(sorted(looks.items())), [])
        context = free.pop() if free else self.browser.new_context(**looks)
        yield context  # not given back after a failure: nobody knows how it was left
        for page in context.pages:
            if page.url.startswith(address):
                page.evaluate("localStorage.clear()")
            page.close()
        context.clear_cookies()
        context.clear_permissions()
        free.append(context)


@dataclass(frozen=True, eq=False)
class Visits:
    """A browser's way into a running app: pages that may ask nobody else for anything."""

    browser: Any
    address: str
    profiles: Profiles

    @contextmanager
    def page(
        self,
        *,
        size: str = "desk",
        scheme: str = "light",
        path: str = "",
        screen: tuple[int, int] | None = None,
        granted: Sequence[str] = (),
    ) -> Iterator[Any]:
        """Open a page in a profile of its own; at the end it must have asked this server only."""
        width, height = screen or SIZES[size]
        looks = {"color_scheme": scheme, "is_mobile": size == "phone", "has_touch": size == "phone"}
        with self.profiles.one(self.address, width, height, **looks) as context:
            if granted:
                context.grant_permissions(list(granted), origin=self.address)
            page = context.new_page()
            page.add_init_script(LISTEN)
            page.set_default_timeout(PATIENCE)
            asked: list[str] = []
            faults: list[str] = []
            page.on("request", lambda request: asked.append(request.url))
            page.on("websocket", lambda socket: asked.append(socket.url))
            page.on("pageerror", lambda error: faults.append(str(error)))
            page.on("dialog", lambda dialog: faults.append(f"dialog: {dialog.message}"))
            page.on("console", lambda line: faults.append(line.text) if blocked(line) else None)
            if path:
                self.open(page, path)
            yield page
        host = self.address.removeprefix("http://")
        here = re.compile(rf"(http|ws)://{re.escape(host)}/|data:|blob:http://{re.escape(host)}/")
        assert [one for one in asked if not here.match(one)] == []
        assert len(asked) > 5
        assert faults == [], faults

    def open(self, page: Any, path: str) -> None:
        """Go to an address of the app and wait until the page is settled."""
        page.goto(path)
        self.settle(page)

    @contextmanager
    def slowed(self, page: Any, times: float) -> Iterator[None]:
        """Slow a page down: only for what must happen at once, because to be slow takes a core."""
        session = page.context.new_cdp_session(page)
        session.send("Emulation.setCPUThrottlingRate", {"rate": times})
        yield
        session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
        session.detach()

    def settle(self, page: Any, rest: int = LOOK_EVERY) -> None:
        """Wait until the page's script has ended and what it draws is there."""
        page.wait_for_function(SETTLED, polling=LOOK_EVERY)
        page.wait_for_timeout(rest)  # a run may follow a run
        page.wait_for_function(SETTLED, polling=LOOK_EVERY)


def blocked(line: Any) -> bool:
    return line.type == "error" and "Content Security Policy" in line.text


@pytest.fixture(scope="module")
def chromium_started(chromium: str) -> Iterator[Any]:
    """One real Chromium for the tests of a file."""
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def profiles(chromium_started: Any) -> Profiles:
    """Profiles of the Chromium of a file."""
    return Profiles(chromium_started)


@pytest.fixture(scope="module")
def visits(profiles: Profiles, server: Server) -> Visits:
    """Visits to the place of squares."""
    return Visits(profiles.browser, server.address, profiles)


@pytest.fixture(scope="module")
def visit_address(profiles: Profiles) -> Callable[[str], Visits]:
    """Return what visits an address."""
    return lambda address: Visits(profiles.browser, address, profiles)


@pytest.fixture(scope="module")
def visit_server(profiles: Profiles) -> Callable[[Server], Visits]:
    """Return what visits a server that runs."""
    return lambda server: Visits(profiles.browser, server.address, profiles)


@pytest.fixture(scope="module")
def serve_and_visit(
    profiles: Profiles,
) -> Callable[..., AbstractContextManager[Visits]]:
    """Return what serves another place, perhaps for somebody with a role, and visits it."""

    @contextmanager
    def served(place: Path, home: Path, **who: Any) -> Iterator[Visits]:
        with closing(serve(place, home, **who)) as servers:
            yield Visits(profiles.browser, next(servers).address, profiles)

    return served
