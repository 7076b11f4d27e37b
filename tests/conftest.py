"""What every test may use: the real data where it is, a Chromium where one is, and settings."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
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


@pytest.fixture(autouse=True, scope="session")
def private_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keep every test's places and caches out of the user's own folder."""
    home = tmp_path_factory.mktemp("home")
    os.environ["COMMONGROUND_HOME"] = str(home)
    return home


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
