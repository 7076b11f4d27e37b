"""Runs of pages follow one another, and a long one keeps nobody waiting."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.shared import turns
from pages.shared.turns import Turns

PAGES = Path(__file__).parents[2] / "pages"
LONG = 60.0  # seconds that no test waits for


def waiting(of: Turns, number: int) -> None:
    """Wait until so many wait for their turn."""
    end = time.monotonic() + LONG
    while len(of._waiting) < number:
        assert time.monotonic() < end, "they never came"
        time.sleep(0.001)


def test_runs_go_one_by_one_in_the_order_in_which_they_came() -> None:
    line, order, inside = Turns(LONG), list[int](), list[int]()

    def run(number: int) -> None:
        with line.one():
            order.append(number)
            inside.append(number)
            time.sleep(0.002)
            assert inside == [number]
            inside.clear()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(20)]
    with line.one():
        for number, thread in enumerate(threads):
            thread.start()
            waiting(line, number + 1)
    for thread in threads:
        thread.join(LONG)
    assert order == list(range(20))


def test_a_long_run_is_passed_by_the_next_and_those_after_it() -> None:
    line, ended, passed = Turns(0.05), threading.Event(), list[int]()

    def long() -> None:
        with line.one():
            ended.wait(LONG)

    def short(number: int) -> None:
        with line.one():
            passed.append(number)

    first = threading.Thread(target=long)
    first.start()
    while line._running is None:
        time.sleep(0.001)
    others = [threading.Thread(target=short, args=(number,)) for number in range(3)]
    for number, thread in enumerate(others):
        thread.start()
        while len(passed) + len(line._waiting) <= number:
            time.sleep(0.001)
    for thread in others:
        thread.join(LONG)
    assert first.is_alive()
    assert passed == [0, 1, 2]
    ended.set()
    first.join(LONG)
    with line.one():  # and what it gives back at last is nobody else's
        assert not line._waiting


def test_a_long_run_that_ends_late_does_not_end_the_turn_of_another() -> None:
    line, one_ends, two_ends = Turns(0.01), threading.Event(), threading.Event()

    def run(until: threading.Event) -> None:
        with line.one():
            until.wait(LONG)

    one = threading.Thread(target=run, args=(one_ends,))
    one.start()
    while line._running is None:
        time.sleep(0.001)
    held = line._running
    two = threading.Thread(target=run, args=(two_ends,))
    two.start()
    while line._running is held:
        time.sleep(0.001)
    held = line._running
    one_ends.set()
    one.join(LONG)
    assert line._running is held
    two_ends.set()
    two.join(LONG)
    assert line._running is None


def test_a_run_that_fails_gives_its_turn_back() -> None:
    line = Turns(LONG)
    with pytest.raises(ZeroDivisionError), line.one():
        _ = 1 / 0
    assert line._running is None
    with line.one():
        pass


class Counted(Turns):
    """Turns that count how many were taken."""

    taken = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        self.taken += 1
        with super().one():
            yield


@pytest.mark.parametrize("page", ["menu", "area", "map", "budget", "account"])
def test_every_page_is_drawn_in_turn(
    page: str, open_grid: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = Counted(LONG)  # the menu opens with the first page
    monkeypatch.setattr(turns, "TURNS", line)
    drawn = AppTest.from_file(str(PAGES / f"{page}.py"), default_timeout=180).run()
    assert not drawn.exception
    assert line.taken == 1
    assert line._running is None
