"""Photographs both pages on the fictional demo place for the README: `python -m benchmarks.tour`.

In: a Chromium (`CHROMIUM` or the first on the path) and the demo place, or another place as the
first argument. Out: `docs/img/*.png`, at desk and phone width, light and dark, each under 300 kB.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DESK, PHONE = (1280, 800), (390, 844)
MOST_BYTES = 300_000
PICTURES = (
    # file, address, size, scheme
    ("map", "/map?v=1&area={neediest}", DESK, "light"),
    ("map-wards-dark", "/map?v=1&level=wd25&figure=per_person", DESK, "dark"),
    ("map-phone", "/map?v=1&level=wd25", PHONE, "light"),
    ("budget", "/budget?v=1&level=wd25&need=80", DESK, "light"),
    ("budget-phone", "/budget?v=1&level=wd25", PHONE, "dark"),
)


def main() -> None:
    """Serve the place, open each address and write its picture."""
    from playwright.sync_api import sync_playwright

    from data import demo, place

    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else demo.cached()
    loaded = place.load(folder)
    neediest = neediest_area(loaded)
    target = ROOT / "docs" / "img"
    target.mkdir(parents=True, exist_ok=True)
    with served(folder) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        for name, path, size, scheme in PICTURES:
            file = target / f"{name}.png"
            photograph(browser, address + path.format(neediest=neediest), file, size, scheme)
            print(f"{file.relative_to(ROOT)}: {file.stat().st_size / 1000:,.0f} kB")
        browser.close()


def chromium() -> str | None:
    """Return the Chromium to drive: CHROMIUM, or the first on the path."""
    named = os.environ.get("CHROMIUM")
    return named or next((found for name in BROWSERS if (found := shutil.which(name))), None)


def neediest_area(loaded: Any) -> str:
    """Return the code of the small area inside the place with the highest score."""
    from data import run

    result = run.run(loaded)
    table = result.level_tables[loaded.base_layer]
    return str(table.loc[table["people_inside"] > 0, "need"].idxmax())


def photograph(browser: Any, address: str, file: Path, size: tuple[int, int], scheme: str) -> None:
    """Wait until a page has painted and write what is seen of it."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,
        device_scale_factor=1 if size == DESK else 2,
        is_mobile=size == PHONE,
        has_touch=size == PHONE,
    )
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(address)
    page.locator(".live-map[data-painted]").wait_for()
    page.locator(".cg-equation").wait_for()
    page.wait_for_timeout(2500)  # colours fade and tables draw their rows
    page.screenshot(path=file)
    context.close()
    if file.stat().st_size > MOST_BYTES:
        raise SystemExit(f"{file} is larger than {MOST_BYTES} bytes")


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Run the app on a place and yield its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "streamlit",
            "run",
            str(ROOT / "app.py"),
            "--server.port",
            str(port),
        ],
        env=os.environ | {"COMMONGROUND_PLACE": str(folder)},
        stdout=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(address + "/health", timeout=5).close()
                break
            except OSError:
                time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        process.wait(20)


if __name__ == "__main__":
    main()
