"""Photographs the pages on the fictional demo place: `python -m benchmarks.tour`.

In: a Chromium (`CHROMIUM` or the first on the path) and the demo place. Out: `docs/img/*.png`, at
desk and phone width, light and dark, each under 300 kB, and `docs/tour.md`, which shows all of
them with a sentence each. The pages run in a folder of their own, with one scenario saved and put
to consultation, so that nothing anybody keeps on this machine is seen or changed.
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
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DESK, PHONE = (1280, 800), (390, 844)
MOST_BYTES = 300_000
MAP, PARTS, DOORS = ".live-map[data-whole]", ".cg-part", ".cg-door"
CHART, TABLE = "[data-testid=stVegaLiteChart] svg.marks", ".live-table table"
WHOM = ".cg-part:has-text('What changed for') .cg-table"
OFFICE = "Office"  # who sits at the machine: an office, and no person
SCENARIO = "more-by-need"
PICTURES = (
    # file, address, size, scheme, what must be there, what it shows
    ("start", "/", DESK, "light", DOORS,
     "The first page: what the place is, three doors, what is being discussed, what is loaded."),
    ("area", "/area?v=1&level=sa21&area={neediest}", DESK, "light", PARTS,
     "My area: who lives here, what it needs beside its ward and the place, what is spent here."),
    ("area-phone", "/area?v=1&level=wd25&area={ward}", PHONE, "dark", PARTS,
     "The same for a ward, on a phone in the dark."),
    ("map", "/map?v=1&area={neediest}", DESK, "light", MAP,
     "The map: need by small area, with a card for the chosen area."),
    ("maps", "/map?v=1&beside=per_person&over=con24", DESK, "light", MAP,
     "Two maps that argue: need beside money a person, the borders of the GP consortia over both."),
    ("map-both", "/map?v=1&beside=per_person&way=one", DESK, "light", MAP,
     "Both in one map: where much need meets much money, and where it does not."),
    ("map-wards-dark", "/map?v=1&level=wd25&figure=per_person", DESK, "dark", MAP,
     "Money a person by ward, in the dark."),
    ("map-phone", "/map?v=1&level=wd25", PHONE, "light", MAP,
     "Need by ward on a phone."),
    ("budget", "/budget?v=1&level=wd25&need=80", DESK, "light", MAP,
     "The budget: the pot as an equation that always holds, and what a change of need moves."),
    ("budget-lines", "/budget?v=1&part=lines&view=sure", DESK, "light", CHART,
     "Lines of money: how each is shared, from the surest way to the least sure."),
    ("budget-choices", "/budget?v=1&part=choices&scenario={scenario}", DESK, "light", ".cg-stamp",
     "Choices: what somebody would change, entry by entry; the sum holds at every step."),
    ("budget-gains", "/budget?v=1&part=gains&scenario={scenario}", DESK, "light", MAP,
     "Who gains and who loses by it, area by area."),
    ("budget-fair", "/budget?v=1&part=gains&view=fair&scenario={scenario}", DESK, "dark", CHART,
     "How money leans to need before and after, in the dark."),
    ("budget-saved", "/budget?v=1&part=saved&scenario={scenario}", DESK, "light", ".cg-stamp",
     "What is saved: every version, who marked it as what and why, and what was said."),
    ("budget-phone", "/budget?v=1&level=wd25", PHONE, "dark", MAP,
     "The budget on a phone in the dark."),
    ("account", "/account?v=1&about=saved", DESK, "light", WHOM,
     "The account of a saved version: what was asked, what was decided and why, for whom."),
    ("account-phone", "/account?v=1&about=saved&for=wd25&area={ward}", PHONE, "dark", WHOM,
     "The account for one ward, on a phone in the dark."),
)  # fmt: skip


def main() -> None:
    """Serve the place, open each address and write its picture; names as arguments choose some."""
    from playwright.sync_api import sync_playwright

    from data import demo, place

    folder = demo.cached()
    loaded = place.load(folder)
    named = {"neediest": neediest(loaded, loaded.base_layer), "ward": neediest(loaded, "wd25")}
    target = ROOT / "docs" / "img"
    target.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as home:
        os.environ["COMMONGROUND_HOME"] = home
        named["scenario"] = discuss(loaded)
        with served(folder) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
            for name, path, size, scheme, ready, _ in PICTURES:
                if sys.argv[1:] and name not in sys.argv[1:]:
                    continue
                file = target / f"{name}.png"
                photograph(browser, address + path.format(**named), file, (size, scheme, ready))
                print(f"{file.relative_to(ROOT)}: {file.stat().st_size / 1000:,.0f} kB")
            browser.close()
    write_page(loaded.name)


def discuss(loaded: Any) -> str:
    """Save a scenario in a store of its own, put it to consultation and return its address."""
    from data import run, versions
    from data.access import OPERATOR
    from data.store import Store
    from data.store.records import Basis
    from pages.shared import about_account

    example = about_account.example(run.run(loaded))
    text = versions.renamed(example, identifier=SCENARIO, title="More by need")
    with Store() as store:
        store.add_place(loaded.id, loaded.name, user=OPERATOR)
        store.appoint(OFFICE, "commissioner", place=loaded.id, user=OPERATOR)
        made = store.save(
            loaded.id,
            SCENARIO,
            text,
            base_version=0,
            user=OFFICE,
            note="Hospital care follows need; no area loses more than 3 per cent",
            basis=Basis(loaded.package_hash),
        )
        store.mark(
            loaded.id,
            SCENARIO,
            made.number,
            "consultation",
            user=OFFICE,
            reason="the wards are asked before anything is decided",
        )
    return versions.address_of(SCENARIO, made.number)


def write_page(place: str) -> None:
    """Write the page that shows all pictures."""
    parts = [
        f"# A tour of the pages, on {place}, which does not exist",
        "`make tour` takes these pictures anew in a headless Chromium.",
    ]
    for name, path, size, scheme, _, words in PICTURES:
        page = path.split("?")[0]
        parts.append(f"## {words}")
        parts.append(f"`{page}`, {size[0]} pixels wide, {scheme}.\n\n![{words}](img/{name}.png)")
    (ROOT / "docs" / "tour.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def chromium() -> str | None:
    """Return the Chromium to drive: CHROMIUM, or the first on the path."""
    named = os.environ.get("CHROMIUM")
    return named or next((found for name in BROWSERS if (found := shutil.which(name))), None)


def neediest(loaded: Any, level: str) -> str:
    """Return the code of the area of a level with the highest score inside the place."""
    from data import run

    table = run.run(loaded).level_tables[level]
    return str(table.loc[table["people_inside"] > 0, "need"].idxmax())


def photograph(browser: Any, address: str, file: Path, look: tuple[Any, str, str]) -> None:
    """Wait until a page has painted and write what is seen of it."""
    size, scheme, ready = look
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,
        device_scale_factor=1 if size == DESK else 2,
        is_mobile=size == PHONE,
        has_touch=size == PHONE,
    )
    page = context.new_page()
    page.set_default_timeout(180_000)
    page.goto(address)
    page.locator(ready).first.wait_for()
    if ready != MAP:  # a map stands beside what is told; anything else is what to look at
        page.locator(ready).first.scroll_into_view_if_needed()
    page.wait_for_timeout(5000)  # colours fade and tables draw their rows
    page.screenshot(path=file)
    context.close()
    if file.stat().st_size > MOST_BYTES:
        raise SystemExit(f"{file} is larger than {MOST_BYTES} bytes")


@contextmanager
def served(folder: Path, processes: int = 1) -> Iterator[str]:
    """Run the app on a place, by one process or several, and yield its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py")]
    command += ["--server.port", str(port)]
    if processes > 1:
        command = [str(Path(sys.executable).with_name("commonground")), "serve", str(folder)]
        command += ["--no-browser", "--port", str(port), "--processes", str(processes)]
    process = subprocess.Popen(
        command,
        env=os.environ | {"COMMONGROUND_PLACE": str(folder), "COMMONGROUND_USER": OFFICE},
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
