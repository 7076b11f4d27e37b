"""Runs of a process follow one another, so that many visitors at once are answered soonest.

In: the runs of pages that visitors ask for at the same time. Out: the same runs, one by one in the
order in which they came. Python works at one thing at a time, whatever the number of threads: ten
runs of 40 ms side by side all end after 400, in turn after 40, 80 and so on, and the thread that
sends their answers waits for one of them and not for ten. With sixty visitors at once that halves
what the slowest twentieth wait for (`docs/benchmarks.md`).

Nobody waits for a long run: whoever takes more than `ALLOWANCE_S` goes on beside the next.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from threading import Event, Lock
from typing import Final, ParamSpec, TypeVar

ALLOWANCE_S: Final = 0.5
"""Seconds that a run has for itself: ten times what a usual one takes (own measurements)."""

P = ParamSpec("P")
R = TypeVar("R")


class Turns:
    """Who goes next: first come, first served, and a long run loses its turn."""

    def __init__(self, allowance_s: float = ALLOWANCE_S) -> None:
        self._allowance_s = allowance_s
        self._lock = Lock()
        self._waiting: deque[Event] = deque()
        self._running: Event | None = None
        self._since = 0.0

    @contextmanager
    def one(self) -> Iterator[None]:
        """Wait for a turn, and give it back at the end however that comes."""
        me = Event()
        with self._lock:
            self._waiting.append(me)
        while (left := self._left(me)) != 0:
            me.wait(left)
        try:
            yield
        finally:
            with self._lock:
                if self._running is me:
                    self._running = None
                    self._call_next()

    def _left(self, me: Event) -> float | None:
        """Return 0 and take the turn, or how long to wait at most; None until one is called."""
        with self._lock:
            me.clear()
            if self._waiting[0] is not me:
                return None
            if self._running is not None:
                left = self._since + self._allowance_s - time.monotonic()
                if left > 0:
                    return left
            self._waiting.popleft()
            self._running, self._since = me, time.monotonic()
            self._call_next()  # who is first now must know for how long at most
            return 0

    def _call_next(self) -> None:
        if self._waiting:
            self._waiting[0].set()


TURNS: Final = Turns()


def in_turn(show: Callable[P, R]) -> Callable[P, R]:
    """Let what draws a page wait for its turn."""

    @wraps(show)
    def when_it_is_my_turn(*args: P.args, **named: P.kwargs) -> R:
        with TURNS.one():
            return show(*args, **named)

    return when_it_is_my_turn
