"""England on one live map: all small areas, simplified, on a page of their own.

In: the folder of real data. Out: the address of a page that shows them, for as long as it is
needed. No place is as large as a country, so the page holds the map alone, with figures that are
worked out from the number of the area.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.measure import ROOT

FIGURES = ("Money", "Need")
KEPT_AS = "england-000000000000"
PIXELS = 2000.0  # as data.prepare simplifies a place
DOOR = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
import app as door
import streamlit as st
from starlette.middleware import Middleware
app = st.App(Path(__file__).with_name("page.py"), lifespan=door.lifespan,
    middleware=[Middleware(door.Guard)], routes=door.app._user_routes)
"""
PAGE = """
import streamlit as st
from geo import maps
from pages.shared.live_map import Drawing, Legend, live_map
areas = {areas}
figure = st.segmented_control("Figure", ["Need", "Money"], default="Need", required=True)
step = 3 if figure == "Need" else 7
live_map(
    Drawing(
        geometry="/shapes/{kept_as}/{name}",
        classes=[at * step % 5 for at in range(areas)],
        labels=[f"£{{at * step % 9973:,}} a person" for at in range(areas)],
        palette=maps.colours(5),
        legend=Legend(title=figure, note="darker = more", labels=[str(n) for n in range(5)]),
        figure=figure,
        title=f"{{figure}} by small area",
        summary="All small areas of England.",
    ),
    on_pick=lambda code: None,
)
"""


@contextmanager
def served(data: Path, folder: Path) -> Iterator[str]:
    """Simplify the areas once, serve the page and yield its address."""
    import geopandas as gpd

    from geo import display

    home = folder / "home"
    shapes = home / "places" / KEPT_AS / "shapes"
    shapes.mkdir(parents=True, exist_ok=True)
    layer = gpd.read_parquet(data / "england" / "lsoa21_bgc.parquet").to_crs(27700)
    layer = layer.set_index("LSOA21CD").rename(columns={"LSOA21NM": "name"})
    left, bottom, right, top = layer.total_bounds
    simple = display.simplify(layer, tolerance_m=max(right - left, top - bottom) / PIXELS)
    name = display.write(simple, shapes, "lsoa21").name
    page = PAGE.format(areas=len(layer), kept_as=KEPT_AS, name=name)
    (folder / "page.py").write_text(page, encoding="utf-8")
    (folder / "door.py").write_text(DOOR.format(root=str(ROOT)), encoding="utf-8")
    with running(folder / "door.py", cwd=ROOT, home=home) as address:
        yield address


@contextmanager
def bare(folder: Path) -> Iterator[str]:
    """Serve a Streamlit app of one title, the least that such an app can be; yield its address."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bare.py").write_text("import streamlit as st\n\nst.title('Bare')\n", "utf-8")
    with running(folder / "bare.py", cwd=folder, home=folder) as address:
        yield address


@contextmanager
def running(app: Path, *, cwd: Path, home: Path) -> Iterator[str]:
    """Run a Streamlit app, which reads its settings from `cwd`, and yield its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    quiet = ["--server.headless", "true", "--browser.gatherUsageStats", "false"]
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", str(app), "--server.port", port, *quiet],
        cwd=cwd,
        env=os.environ | {"COMMONGROUND_HOME": str(home)},
        stdout=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(address + "/_stcore/health", timeout=5).close()
                break
            except OSError:
                time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        process.wait(20)
