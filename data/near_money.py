"""Money that a neighbourhood has a say in itself: what of it the lines of a place name.

In: the lines of money of a place and how many areas each level has in it. Out: for each line
whether it is a parish precept, the neighbourhood share of the infrastructure levy, or a budget held
by wards or neighbourhoods; and sentences that say plainly where a place names none of them.

A line is read as its table says it, never guessed from its amount: the rule of each kind stands in
`KINDS`. Sources: Local Government Finance Act 1992, section 41 (a parish council's precept);
Community Infrastructure Levy Regulations 2010, regulations 59A to 59F (the neighbourhood portion).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from budgets.levels import level_of
from budgets.money import format_pounds

NEAR = 4
"""A level with at least so many areas in the place is nearer to people than the council (own)."""

PRECEPT, LEVY, BUDGET = "precept", "levy", "budget"
PARISH = "parish"
TOLD = ("title", "service", "funder", "ring_fence", "statutory_basis")
_LEVY = re.compile(
    r"\b(?:community )?infrastructure levy\b|\bneighbourhood (?:share|portion|levy)\b|\bcil\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Kind:
    """One kind of money of one's own: what it is called, and how a line is known to be of it."""

    id: str
    title: str
    rule: str
    missing: str


KINDS = (
    Kind(
        PRECEPT,
        "Precept of a parish or town council",
        "a line whose tier is parish",
        "says that a parish or town council spends it",
    ),
    Kind(
        LEVY,
        "Neighbourhood share of the infrastructure levy",
        "a line that names the infrastructure levy or its neighbourhood share",
        "names the levy",
    ),
    Kind(
        BUDGET,
        "Budgets of wards and neighbourhoods",
        f"any other line held at a level with {NEAR} or more areas in the place",
        "is held by wards or neighbourhoods",
    ),
)


def near_levels(here: Mapping[str, int], *, base: str) -> frozenset[str]:
    """Return the levels that are nearer to people than the council.

    Parameters
    ----------
    here
        By level how many of its areas have a part in the place.
    base
        The level of the small areas, at which nobody decides.
    """
    return frozenset(level for level, count in here.items() if level != base and count >= NEAR)


def kinds_of(streams: pd.DataFrame, near: frozenset[str]) -> pd.Series:
    """Return by line the id of its kind, "" for money that others decide on.

    A line of a parish is the parish's whatever funds it; a line that names the levy is that.
    """
    told = streams[list(TOLD)].astype("str").agg(" | ".join, axis=1)
    choices = [
        (streams["tier"] == PARISH).to_numpy(dtype=bool),
        told.str.contains(_LEVY).to_numpy(dtype=bool),
        level_of(streams).isin(near).to_numpy(dtype=bool),
    ]
    found = np.select(choices, [PRECEPT, LEVY, BUDGET], default="")
    return pd.Series(found, index=streams.index, dtype="str", name="own")


def said(lines: pd.DataFrame, streams: pd.DataFrame, kinds: pd.Series, *, place: str) -> list[str]:
    """Say of each kind what falls in an area, and plainly where there is none or none is known.

    Parameters
    ----------
    lines
        The lines that fall in the area: `title, agency, held_at, pence`, by stream.
    streams, kinds
        All lines of the place and what `kinds_of` says of them.
    """
    found = []
    of = dict(zip(kinds.index.tolist(), kinds.tolist(), strict=True))
    told = (lines.index.tolist(), *(lines[name].tolist() for name in ("title", "agency", "pence")))
    amounts = streams["amount_pence"].tolist()
    for kind in KINDS:
        mine = [row[1:] for row in zip(*told, strict=True) if of.get(row[0]) == kind.id]
        known = [int(p) for id, p in zip(kinds.tolist(), amounts, strict=True) if id == kind.id]
        if mine:
            parts = "; ".join(
                f"{title}, {agency}, {format_pounds(int(pence), whole=True)}"
                for title, agency, pence in mine
            )
            found.append(f"{kind.title}: {parts}.")
        elif known:
            whole = format_pounds(sum(known), whole=True)
            found.append(f"{kind.title}: none falls here. {place} has {whole} of it elsewhere.")
        else:
            found.append(
                f"{kind.title}: not known. No line of money of {place} {kind.missing}: either "
                "there is none, or nobody has entered it."
            )
    return found
