"""What every test may use: real data, a Chromium, settings, and places that are built once.

A place that takes long to build (the demo, the cities of the published files) is built once for all
processes of a run and then only read. A test that changes a place changes a copy.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent
REALDATA = Path(os.environ.get("COMMONGROUND_REALDATA", ROOT.parent / "shared" / "realdata"))
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# The machines that run this are noisy and shared: a deadline would only make tests flicker. The
# quick profile keeps `make test` short; CI tries more examples with HYPOTHESIS_PROFILE=thorough.
common = {
    "deadline": None,
    "derandomize": True,
    "suppress_health_check": [HealthCheck.too_slow],
}
settings.register_profile("quick", max_examples=10, **common)
settings.register_profile("thorough", max_examples=60, **common)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


def chromium_path() -> str | None:
    """Return the Chromium to drive: CHROMIUM, or the first on the path."""
    named = os.environ.get("CHROMIUM")
    return named or next((found for name in BROWSERS if (found := shutil.which(name))), None)


def pytest_report_header() -> list[str]:
    data = str(REALDATA) if REALDATA.is_dir() else "absent, tests marked realdata are skipped"
    browser = chromium_path() or "absent, tests marked browser are skipped"
    return [f"real data: {data}", f"browser: {browser}"]


# The files that take longest, longest first. A file stays in one process, and whoever has ended
# takes the next file: when the long ones come last, one process works on while the others wait.
LONGEST = (
    "realdata/test_english_city.py",
    "app/test_journeys.py",
    "app/access/test_phone.py",
    "app/access/test_desk.py",
    "app/test_lines_browser.py",
    "app/test_hostile.py",
    "realdata/test_indices_world.py",
    "app/test_map_browser.py",
    "boundaries/test_distributed.py",
    "app/test_area_browser.py",
    "app/test_browser.py",
    "app/test_live_map.py",
    "data/store/test_reliability.py",
    "data/test_masking.py",
    "app/test_bristol.py",
    "realdata/test_overlaps.py",
    "test_cli_prevention.py",
    "data/test_profiles.py",
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {ROOT / "tests" / name: place for place, name in enumerate(LONGEST)}
    if gone := [str(path) for path in places if not path.is_file()]:
        raise pytest.UsageError(f"LONGEST in tests/conftest.py names what is not there: {gone}")
    items.sort(key=lambda item: places.get(item.path, len(LONGEST)))
    no_data = pytest.mark.skip(
        reason=f"real data not found at {REALDATA}; set COMMONGROUND_REALDATA to its folder"
    )
    no_browser = pytest.mark.skip(
        reason="no Chromium found; install Debian's chromium or set CHROMIUM to one"
    )
    for item in items:
        if "realdata" in item.keywords and not REALDATA.is_dir():
            item.add_marker(no_data)
        if "browser" in item.keywords and chromium_path() is None:
            item.add_marker(no_browser)


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of this run that all its processes share."""
    base = tmp_path_factory.getbasetemp()
    # The processes of pytest-xdist have a base folder each, side by side in that of the run.
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared"
    shared.mkdir(exist_ok=True)
    return shared


@contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Let one process of this run in; the others wait.

    By fcntl, because the system gives such a lock back when its process dies. It is not there on
    Windows, where nothing of this is tested.
    """
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.fixture(autouse=True, scope="session")
def private_home(tmp_path_factory: pytest.TempPathFactory, shared_folder: Path) -> Path:
    """Keep every test's places and caches out of the user's own folder.

    A home of its own for each process, but for the demo place that they all find in it.
    """
    home = tmp_path_factory.mktemp("home")
    (shared_folder / "demo").mkdir(exist_ok=True)
    (home / "demo").symlink_to(shared_folder / "demo")
    os.environ["COMMONGROUND_HOME"] = str(home)
    return home


@pytest.fixture(scope="session")
def demo_place(private_home: Path, shared_folder: Path) -> Path:
    """The demo place, to be read only."""
    from data import demo

    assert os.environ["COMMONGROUND_HOME"] == str(private_home)
    with one_at_a_time(shared_folder / "demo.lock"):
        return demo.cached()


@pytest.fixture(autouse=True)
def same_main() -> Iterator[None]:
    """Give back what Streamlit's AppTest puts in place of the main module.

    A process that multiprocessing starts later (a Dask worker) would run that page again.
    """
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture(scope="session")
def realdata() -> Path:
    """Folder of the real open data (the test is skipped where it is absent)."""
    return REALDATA


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the Chromium to drive (the test is skipped where there is none)."""
    path = chromium_path()
    assert path is not None
    return path


@dataclass(frozen=True)
class City:
    """A city's package and what the recipe said while building it."""

    city: str
    folder: Path
    said: str


@pytest.fixture(scope="session")
def build_city(realdata: Path, shared_folder: Path) -> Callable[[str], City]:
    """Return what builds a city's place from published files by the recipe's command.

    Each city once; the places are to be read only.
    """

    def build(city: str) -> City:
        folder, said = shared_folder / "cities" / city, shared_folder / f"{city}.said"
        with one_at_a_time(shared_folder / f"{city}.lock"):
            if not said.exists():
                recipe = ["-W", "error", "-m", "data.recipes.english_city", city]
                done = subprocess.run(
                    [sys.executable, *recipe, "--data", str(realdata), "--out", str(folder)],
                    cwd=ROOT,
                    capture_output=True,
                    text=True,
                    check=False,
                )
                assert done.returncode == 0, done.stderr
                said.write_text(done.stdout, "utf-8")
        return City(city, folder, said.read_text("utf-8"))

    return build
