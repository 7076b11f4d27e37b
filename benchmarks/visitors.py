"""What the many people of `benchmarks.load` do on the pages.

In: the address of a server. Out: acts on its pages, each with its answer, checked against what was
asked for: an answer meant for somebody else would be a fault. Half of the visitors choose figures,
areas and levels on the Map, a third move the sliders of the Budget, the rest read about one area
after another.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from benchmarks.session import Answer, Session, Unanswered

KINDS = ("map", "budget", "area")
SHARES = ("map", "map", "map", "budget", "budget", "area")  # of every six who come
ADDRESSES = {"map": "/map", "budget": "/budget", "area": "/area"}
THINK_S = (1.0, 3.0)


def _kind(number: int) -> str:
    """Return which page a visitor uses: of every six as many as their shares, in chance order.

    A server of two processes gives them newcomers in turn. In an order that is always the same,
    all who use the Budget and My area, which need most, would sit in one process.
    """
    six, place = divmod(number, len(SHARES))
    return random.Random(six).sample(SHARES, len(SHARES))[place]


@dataclass
class Visitor:
    """One person: a session, a page she stays on, and chance."""

    server: str
    number: int
    kind: str = ""
    rng: random.Random = field(default_factory=random.Random)
    faults: list[str] = field(default_factory=list)
    usual: dict[str, float] = field(default_factory=dict)  # what the page opened with

    def __post_init__(self) -> None:
        self.rng = random.Random(self.number)
        self.kind = self.kind or _kind(self.number)
        self.session = Session(self.server)

    async def enter(self) -> Answer:
        """Open the page in a session of its own."""
        await self.session.__aenter__()
        answer = await self.session.open(ADDRESSES[self.kind])
        for key in ("budget.need", "budget.times"):
            if key in self.session.widgets:
                self.usual[key] = self.session.widgets[key].value[0]
        return answer

    async def leave(self) -> None:
        """Close the session."""
        await self.session.__aexit__(None, None, None)

    async def act(self) -> Answer:
        """Change one thing on the page; a wrong answer is noted, an error ends the visit."""
        key, value, right = getattr(self, f"_on_{self.kind}")()
        answer = await self.session.choose(key, value)
        if not right():
            self.faults.append(f"{key} was set to {value} and the page shows something else")
        return answer

    async def use(self, turns: int) -> list[Answer]:
        """Act so many times, thinking before each."""
        answers = []
        for _ in range(turns):
            await asyncio.sleep(self.rng.uniform(*THINK_S))
            try:
                answers.append(await self.act())
            except (Unanswered, OSError) as error:
                self.faults.append(str(error))
                break
        return answers

    def _other(self, key: str, *, first: int = 0) -> str:
        """Return an option of a list other than the one chosen last."""
        now = self.session.value(key)
        return self.rng.choice([o for o in self.session.options(key)[first:] if o != now])

    def _on_map(self) -> tuple[str, Any, Callable[[], bool]]:
        session = self.session
        chance = self.rng.random()
        if chance < 0.5:
            figure = self._other("map.figure")
            return "map.figure", figure, lambda: session.maps["live_map"]["figure"] == figure
        # The first of the list says that no area is chosen; some levels have but one.
        if chance < 0.85 and len(session.options("map.area")) > 2:
            area = self._other("map.area", first=1)
            return "map.area", area, lambda: session.maps["live_map"]["picked"] >= 0
        level = self._other("map.level")
        return (
            "map.level",
            level,
            lambda: session.maps["live_map"]["title"].endswith(f" by {level}"),
        )

    def _on_budget(self) -> tuple[str, Any, Callable[[], bool]]:
        session = self.session
        if self.rng.random() < 0.7:
            name, value = "need", float(self.rng.randrange(0, 101, 5))
        else:
            name, value = "times", self.rng.randrange(2, 21) / 2
        key = f"budget.{name}"
        usual = self.usual[key]
        # An address holds only what differs from the usual.
        return key, value, lambda: session.asked(name) == ("" if value == usual else f"{value:g}")

    def _on_area(self) -> tuple[str, Any, Callable[[], bool]]:
        area = self._other("area.area", first=1)
        before = self.session.asked("area")
        return "area.area", area, lambda: self.session.asked("area") not in ("", before)
