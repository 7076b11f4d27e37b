"""The baseline and how far it can be trusted: money by grade, and the same by a second method.

In: the ledger as money falls today, and what it was made of. Out: pence by grade; pence by stream
inside and outside the place, with overheads; and what changes where each stream is split by
another method that could be argued for as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from budgets.apportion import Prepared
from budgets.ledger import Ledger
from budgets.money import Int64
from budgets.need_measures import Measure
from budgets.streams import GRADES
from budgets.streams_links import parse_use

GRADE_MEANS = {
    "A": "recorded where the person lives",
    "B": "activity x unit cost",
    "C": "client group",
    "D": "people weighted by need",
    "E": "people or households",
    "F": "where it is spent, not where the benefit falls",
    "G": "for the whole place, not split",
}
# What each method is held against: the plainest rival that asks for no further data.
SECOND = {
    "recorded": "people",
    "activity": "people",
    "client-group": "people",
    "need": "people",
    "people": "need",
    "households": "people",
    "asset": "people",
}


@dataclass(frozen=True, eq=False)
class Second:
    """A baseline beside the same money under a second method.

    Attributes
    ----------
    first, second
        The two ledgers; the amounts of every stream are the same.
    streams
        By stream: `method, second_method, amount_pence, moved_pence` (what would lie in other base
        areas: half the sum of the differences) and `moved_share` of the amount.
    areas
        By base area: `first_pence, second_pence, difference_pence`.
    moved_pence, share
        The sum over streams, and its part of all money that is split (sizes, without signs).
    """

    first: Ledger
    second: Ledger
    streams: pd.DataFrame
    areas: pd.DataFrame
    moved_pence: int
    share: float


def by_grade(ledger: Ledger) -> pd.DataFrame:
    """Return the money at each grade.

    Returns
    -------
    DataFrame indexed by `grade`, A to G: `means`; `streams`, how many; `gross_pence`, the sum of
    the sizes (income counts like spending, so that it hides nothing); `share` of that; and
    `inside_pence, outside_pence, place_wide_pence`, net, which add up to the pot.
    """
    table = by_stream(ledger)
    grades = table["grade"].astype(object)
    columns = ["inside_pence", "outside_pence", "place_wide_pence"]
    sums = table.assign(gross_pence=table["amount_pence"].abs(), streams=1)
    found = sums.groupby(grades)[["streams", "gross_pence", *columns]].sum()
    found = found.reindex(list(GRADES), fill_value=0).astype(np.int64).rename_axis("grade")
    whole = int(found["gross_pence"].sum())
    found.insert(2, "share", found["gross_pence"] / whole if whole else 0.0)
    found.insert(0, "means", [GRADE_MEANS[grade] for grade in found.index])
    return found


def by_stream(ledger: Ledger) -> pd.DataFrame:
    """Return where the money of each stream falls, and how much of it is overhead.

    Returns
    -------
    DataFrame indexed like the streams: `agency, tier, held_at, method, grade, amount_pence,
    inside_pence, outside_pence, place_wide_pence` (the three add up to the amount) and
    `overhead_pence`, the part of gross that runs the agency and is split like the rest.
    """
    streams = ledger.streams
    names = ["agency", "tier", "held_at", "method", "grade", "amount_pence"]
    inside = ledger.pence[:, ledger.inside].sum(axis=1, dtype=np.int64)
    outside = ledger.pence[:, ~ledger.inside].sum(axis=1, dtype=np.int64)
    return streams[names].assign(
        inside_pence=inside,
        outside_pence=outside,
        place_wide_pence=ledger.place_wide,
        overhead_pence=streams["overhead_pence"].to_numpy(dtype=np.int64),
    )


def second_method(
    prepared: Prepared,
    *,
    scores: pd.Series | None,
    need_weight: float,
    neediest_per_head: float,
    second: Mapping[str, str] | None = None,
    measures: Mapping[str, Measure] | None = None,
) -> Second:
    """Put the baseline beside the same money under a second method.

    By default every method is held against people, and people against need (`SECOND`); without
    scores people are held against themselves, so that only what is known is compared. Place-wide
    money stays. How much moves says how much of the picture is the choice of a method.

    Parameters
    ----------
    scores, need_weight, neediest_per_head, measures
        As in `Prepared.ledger`.
    second
        Method -> second method (`need`, `people`, `households`), instead of `SECOND`.
    """
    rivals = dict(SECOND if second is None else second)
    if scores is None:
        rivals = {method: rival for method, rival in rivals.items() if rival != "need"}
    # A line of income follows its service under both methods: it has the service's method.
    wanted = prepared.streams["method"].map(rivals)
    negative = (prepared.streams["amount_pence"] < 0) & (prepared.streams["follows"] == "")
    wanted = wanted.mask(negative & (wanted == "need"))
    other = prepared.by_methods(wanted.astype(object))
    first, beside = (
        each.ledger(
            scores=scores,
            need_weight=need_weight,
            neediest_per_head=neediest_per_head,
            measures=measures,
        )
        for each in (prepared, other)
    )
    return _beside(first, beside)


def activity_explains(prepared: Prepared) -> pd.DataFrame:
    """Return how much of each stream at grade B its activity x unit cost comes to.

    The rest is split like the activity. Where the two are far apart, unit costs or counts do not
    belong to this money, and grade B is claimed rather than earned.

    Returns
    -------
    DataFrame indexed by stream: `amount_pence, activity_pence` (rounded to the penny), `share`.
    """
    rows = []
    for at, (key, method, use) in zip(prepared.shared, prepared.cases, strict=True):
        if method == "activity" and parse_use(use, method):
            found = float(prepared.measures.weights(prepared.covered[key], method, use).sum())
            amount = int(prepared.streams["amount_pence"].iloc[at])
            share = found / amount if amount else float("nan")
            rows.append((prepared.streams.index[at], amount, round(found), share))
    names = ["stream", "amount_pence", "activity_pence", "share"]
    return pd.DataFrame(rows, columns=names).set_index("stream")


def _beside(first: Ledger, second: Ledger) -> Second:
    difference = second.pence - first.pence
    moved: Int64 = np.abs(difference).sum(axis=1) // 2
    amount = first.streams["amount_pence"].to_numpy(dtype=np.int64)
    size = np.abs(amount)
    streams = pd.DataFrame(
        {
            "method": first.streams["method"],
            "second_method": second.streams["method"],
            "amount_pence": amount,
            "moved_pence": moved,
            "moved_share": np.divide(moved, size, out=np.zeros(len(size)), where=size > 0),
        },
        index=first.streams.index,
    )
    areas = pd.DataFrame(
        {
            "first_pence": first.pence.sum(axis=0),
            "second_pence": second.pence.sum(axis=0),
            "difference_pence": difference.sum(axis=0),
        },
        index=first.areas,
    )
    split = int(size[first.place_wide == 0].sum())
    total = int(moved.sum())
    return Second(first, second, streams, areas, total, total / split if split else 0.0)
