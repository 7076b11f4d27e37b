"""What the tests of money share: tiny crosswalks and streams, and splitting on paper."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from boundaries.crosswalk import Crosswalk
from budgets import scenario, streams
from budgets.apportion import prepare
from budgets.need_measures import Measure

Table = Mapping[str, Mapping[str, float]]


def _crosswalk(
    table: Table,
    *,
    source: str = "sa",
    target: str = "wd",
    masses: Mapping[str, float] | None = None,
    targets: Sequence[str] | None = None,
    **more: Any,
) -> Crosswalk:
    """Masses of sources in targets; a source's own mass is what its targets hold unless given."""
    sources = list(table)
    names = list(targets or dict.fromkeys(t for row in table.values() for t in row))
    mass = np.zeros((len(sources), len(names)))
    for i, row in enumerate(table.values()):
        for t, value in row.items():
            mass[i, names.index(t)] = value
    whole = [(masses or {}).get(s, mass[i].sum()) for i, s in enumerate(sources)]
    return Crosswalk(
        mass=csr_array(mass),
        source_mass=np.array(whole, dtype=float),
        sources=pd.Index(sources, name=source, dtype="str"),
        targets=pd.Index(names, name=target, dtype="str"),
        unit="m2",
        method="drawn",
        **more,
    )


def _streams(*rows: dict[str, Any]) -> pd.DataFrame:
    blank = {
        "title": "Parks",
        "agency": "Council",
        "year": "2017-18",
        "kind": "revenue",
        "status": "budget",
        "covers": "sa:*",
        "method": "people",
        "reason": "drawn",
    }
    table = [{"id": f"s{i}"} | blank | row for i, row in enumerate(rows)]
    return streams.read(pd.DataFrame(table), unit="pence")


def _on_paper(total: int, weights: Sequence[Fraction | int]) -> list[int]:
    """Largest remainder with fractions: ties to the earlier."""
    whole = sum(weights)
    exact = [Fraction(abs(total)) * w / whole for w in weights]
    parts = [int(x) for x in exact]
    order = sorted(range(len(weights)), key=lambda i: (parts[i] - exact[i], i))
    for i in order[: abs(total) - sum(parts)]:
        parts[i] += 1
    return [p if total >= 0 else -p for p in parts]


HEAD = '[scenario]\nid = "plan"\ntitle = "A plan"\ntakes_effect = "2025-04-01"\n'
AREAS = ["01", "02", "03", "04"]
PEOPLE = dict(zip(AREAS, [100, 200, 300, 400], strict=True))
SCORES = dict(zip(AREAS, [40.0, 30.0, 20.0, 10.0], strict=True))
WARDS = {"01": {"W1": 1.0}, "02": {"W1": 0.5, "W2": 0.5}, "03": {"W2": 1.0}, "04": {"W2": 1.0}}
HALVES = {"01": {"N": 1.0}, "02": {"N": 1.0}, "03": {"S": 1.0}, "04": {"S": 1.0}}


class _Drawn:
    """Four areas, two wards, two halves; streams as a test wants them."""

    head = HEAD

    def __init__(self, rows: Sequence[dict[str, Any]]) -> None:
        walks = {"wd": _crosswalk(WARDS), "half": _crosswalk(HALVES, target="half")}
        blank = {
            "title": "Parks",
            "agency": "Council",
            "theme": "green",
            "year": "2025-26",
            "kind": "revenue",
            "status": "budget",
            "covers": "sa:*",
            "method": "people",
            "reason": "drawn",
        }
        table = [{"id": f"s{i}"} | blank | row for i, row in enumerate(rows)]
        self.streams = streams.read(pd.DataFrame(table), unit="pence")
        index = pd.Index(AREAS, name="sa", dtype="str")
        people, scores = pd.Series(PEOPLE), pd.Series(SCORES)
        people.index = scores.index = index
        prepared = prepare(
            self.streams,
            covers=walks,
            people=people,
            inside=pd.Series(True, index),
            tolerance=0.0,
        )
        self.book = prepared.ledger(scores=scores, need_weight=0.5, neediest_per_head=3.0)
        at = zip(prepared.shared, prepared.cases, strict=True)
        self.context = scenario.Context(
            people=prepared.people,
            measures={"index": Measure("index", "index", scores)},
            covered={str(self.streams.index[row]): prepared.covered[case[0]] for row, case in at},
            need_weight=0.5,
            neediest_per_head=3.0,
            levels={
                "sa": lambda book: book.at(_crosswalk({a: {a: 1.0} for a in AREAS}, target="sa")),
                "wd": lambda book: book.at(walks["wd"]),
            },
            inputs="drawn",
        )

    def after(self, text: str) -> scenario.Outcome:
        return scenario.apply(scenario.parse(self.head + text), self.book, self.context)


@pytest.fixture(scope="session")
def crosswalk() -> Callable[..., Crosswalk]:
    """Draw a crosswalk from a table of masses."""
    return _crosswalk


@pytest.fixture(scope="session")
def make_streams() -> Callable[..., pd.DataFrame]:
    """Make streams from what matters about each; amounts in pence."""
    return _streams


@pytest.fixture(scope="session")
def on_paper() -> Callable[[int, Sequence[Fraction | int]], list[int]]:
    """Share a total out by largest remainder as on paper."""
    return _on_paper


@pytest.fixture(scope="session")
def place() -> Callable[..., Any]:
    """Draw a place of four areas with streams: `.book`, `.context`, `.after(entries)`."""
    return lambda *rows: _Drawn(rows)
