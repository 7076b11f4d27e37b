"""Timings against other tools, on demand: `python -m benchmarks [section ...]`.

In: real data from COMMONGROUND_REALDATA or ../shared/realdata. Out: Markdown on standard output
and, with --write, in docs/benchmarks.md, each section in place of the one it had before.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import budgets, city, indices, load, overlap, pages, points, scaling
from benchmarks.measure import ROOT, data_folder, machine

SECTIONS = {
    "overlap": overlap.run,
    "points": points.run,
    "scaling": scaling.run,
    "city": city.run,
    "indices": indices.run,
    "budgets": budgets.run,
    "pages": pages.run,
    "load": load.run,
}
PAGE = ROOT / "docs" / "benchmarks.md"


def main() -> int:
    """Run the sections asked for, all by default."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *SECTIONS], metavar="name")
    parser.add_argument("--repeats", type=int, default=5, help="runs of each case (default 5)")
    parser.add_argument("--write", action="store_true", help="put the sections into the docs")
    options = parser.parse_args()
    data = data_folder()
    if data is None:
        print("The benchmarks read real data, which is not here: set COMMONGROUND_REALDATA.")
        return 2
    for name in options.names or SECTIONS:
        with TemporaryDirectory() as folder:
            about = machine()
            section = SECTIONS[name](data, Path(folder), options.repeats)
        command = f"`python -m benchmarks {name} --repeats {options.repeats}`"
        text = f"{section}\n\n{command}\n\n{about}\n"
        print(text, flush=True)
        if options.write:
            put(name, text)
    return 0


def put(name: str, text: str) -> None:
    """Replace one section of the page, which stands between comments that name it."""
    marks = (f"<!-- {name} -->", f"<!-- end of {name} -->")
    page = PAGE.read_text(encoding="utf-8")
    pattern = re.compile(f"{re.escape(marks[0])}.*?{re.escape(marks[1])}", flags=re.DOTALL)
    if not pattern.search(page):
        page = f"{page.rstrip()}\n\n{marks[0]}{marks[1]}\n"
    PAGE.write_text(pattern.sub(lambda _: f"{marks[0]}\n{text}{marks[1]}", page), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
