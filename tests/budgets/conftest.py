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
from budgets import streams

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
