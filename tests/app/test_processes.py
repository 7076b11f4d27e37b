"""Several server processes behind one address, as browsers meet them."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from data.front import COOKIE

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def two(serve_place: Any, grid: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The place of squares, served by two processes."""
    home = tmp_path_factory.mktemp("two")
    who = {"user": "Ann", "role": "commissioner", "processes": 2}
    with closing(serve_place(grid, home, **who)) as servers:
        yield next(servers)


@pytest.fixture(scope="module")
def visits_of_two(visit_server: Any, two: Any) -> Any:
    return visit_server(two)


def number_of(page: Any) -> str:
    """Return the process that a browser was told to come back to."""
    told = {cookie["name"]: cookie for cookie in page.context.cookies()}[COOKIE]
    assert told["httpOnly"]
    assert told["sameSite"] == "Lax"
    return str(told["value"])


def monitored(server: Any, name: str) -> dict[str, float]:
    """Return a figure of the monitor by process."""
    text = server.get("/metrics")[2].decode()
    rows = re.findall(rf'^{name}\{{process="(\d+)"\}} (\S+)$', text, re.MULTILINE)
    return {number: float(value) for number, value in rows}


def workers(server: Any) -> list[int]:
    """Return the numbers that the system gives to the processes behind the address."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = (folder / "stat").read_text().rsplit(")", 1)[1].split()[1]
            if int(parent) == server.process and b"spawn_main" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue  # it ended meanwhile
    return found


def test_two_browsers_at_once_share_the_processes_and_each_downloads_its_own(
    two: Any, visits_of_two: Any
) -> None:
    with (
        visits_of_two.page(path="/map?v=1&figure=people") as one,
        visits_of_two.page(path="/map?v=1&figure=money") as other,
    ):
        assert {number_of(one), number_of(other)} == {"0", "1"}
        assert monitored(two, "commonground_sessions") == {"0": 1, "1": 1}
        for page in (one, other):
            visits_of_two.open(page, page.url)
            page.get_by_role("button", name="Download").first.click()
            with page.expect_download() as waited:
                page.get_by_role("button", name=re.compile("CSV")).first.click()
            table = Path(waited.value.path()).read_text(encoding="utf-8-sig")
            assert "a00" in table
        assert monitored(two, "commonground_sessions") == {"0": 1, "1": 1}


def test_a_process_that_ends_is_started_anew_and_its_visitors_find_what_they_typed(
    two: Any, visits_of_two: Any
) -> None:
    with visits_of_two.page(path="/budget?v=1&part=choices") as page:
        page.get_by_role("button", name="Add growth or a cut").click()
        visits_of_two.settle(page)
        field = page.get_by_label("What it is called", exact=True)
        field.fill("Half done")
        field.press("Tab")
        visits_of_two.settle(page)
        before = set(workers(two))
        assert len(before) == 2
        for worker in before:
            os.kill(worker, signal.SIGKILL)
        for _ in range(600):
            if len(monitored(two, "commonground_place_ready")) == 2:
                break
            time.sleep(0.2)
        assert monitored(two, "commonground_place_ready") == {"0": 1, "1": 1}
        assert before.isdisjoint(workers(two))
        visits_of_two.open(page, "/budget?v=1&part=choices")
        field = page.get_by_label("What it is called", exact=True)
        assert field.input_value() == "Half done"


@pytest.mark.parametrize("told", [signal.SIGKILL, signal.SIGTERM])
def test_all_processes_end_with_the_one_in_front(
    serve_place: Any, grid: Path, tmp_path: Path, told: signal.Signals
) -> None:
    # What a shell starts in the background does not hear the key that interrupts.
    heard = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        servers = serve_place(grid, tmp_path, user="Ann", role="board", processes=2)
        server = next(servers)
    finally:
        signal.signal(signal.SIGINT, heard)
    with closing(servers):
        behind = workers(server)
        assert len(behind) == 2
        os.kill(server.process, told)
        for _ in range(200):
            if not any(Path(f"/proc/{worker}").exists() for worker in behind):
                break
            time.sleep(0.1)
        assert not any(Path(f"/proc/{worker}").exists() for worker in behind)
