"""How streams hang together: lines that follow a service, pounds passed on, and what is counted.

In: streams with amounts. Out: the same, where a line that follows a service has its split, with
faults named by row. `use` is read here too: the columns by which recorded money is split.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from budgets.money import format_pounds, read_amount
from budgets.streams_columns import METHODS, add_fault
from budgets.streams_errors import (
    FollowsOtherwise,
    NegativeByNeed,
    OnlyNegativeFollows,
    TransferInCircle,
    TransferTooLarge,
    UnknownParent,
    UnknownService,
    UseNotUnderstood,
)
from budgets.tables import Rows, as_text, by_cause
from geo.errors import Faults

INHERITED = ("method", "grade", "use")
ONE_COLUMN = ("recorded", "client-group")


@dataclass(frozen=True)
class Use:
    """A column of the table of use, and what one unit of it costs in pence (1 where none is)."""

    column: str
    cost_pence: float


def parse_use(text: str, method: str) -> tuple[Use, ...]:
    """Read the field `use` of one stream.

    Raises
    ------
    UseNotUnderstood
        It does not fit the method: see the rule of the class.

    Examples
    --------
    >>> parse_use("visits@12.50;stays@410", "activity")
    (Use(column='visits', cost_pence=1250.0), Use(column='stays', cost_pence=41000.0))
    """
    parts = [part.strip() for part in text.split(";") if part.strip()]
    if method == "activity":
        found = tuple(_with_cost(part, text) for part in parts)
        columns = [use.column for use in found]
        if not found or len(set(columns)) < len(columns):
            raise UseNotUnderstood("use", found=[text or "(empty)"])
        return found
    one = len(parts) == 1 and "@" not in text
    if (method in ONE_COLUMN and one) or (method == "asset" and (one or not parts)):
        return tuple(Use(part, 1.0) for part in parts)
    if method in (*ONE_COLUMN, "asset") or parts:
        raise UseNotUnderstood("use", found=[text or "(empty)"])
    return ()


def inherit(frame: pd.DataFrame, rows: Rows) -> None:
    """Fill what a line that follows leaves empty from the service that it follows."""
    at = {stream: number for number, stream in reversed(list(enumerate(frame.index)))}
    covers = rows.columns["covers"]
    texts = {name: [str(text) for text in frame[name]] for name in INHERITED}
    for number, service in enumerate(frame["follows"]):
        source = at.get(service)
        if source is None:
            continue
        for column in texts.values():
            column[number] = column[number] or column[source]
        if as_text(covers[number]) in ("", "[]"):
            covers[number] = covers[source]
    for name, column in texts.items():
        frame[name] = pd.Series(column, index=frame.index, dtype="str")


def check_use(frame: pd.DataFrame, labels: list[str], faults: Faults) -> None:
    """Add a fault for every use that does not fit its method."""
    readings: list[tuple[str, Callable[[], tuple[Use, ...]]]] = [
        (label, partial(parse_use, text, method))
        for label, text, method in zip(labels, frame["use"], frame["method"], strict=True)
        if method in METHODS
    ]
    for error in by_cause(readings, faults.where)[1]:
        faults.add(error)


def check_follows(frame: pd.DataFrame, labels: list[str], faults: Faults) -> None:
    """Check that only negative lines follow, that they follow a service, and split like it."""
    follows = frame["follows"]
    linked = (follows != "").to_numpy()
    negative = (frame["amount_pence"] < 0).to_numpy()
    services = frame.index[~linked & ~negative]
    known = follows.isin(list(services)).to_numpy()
    add_fault(faults, UnknownService, linked & ~known, labels, follows)
    positive = linked & (frame["amount_pence"] > 0).to_numpy()
    add_fault(faults, OnlyNegativeFollows, positive, labels, follows)
    first = frame[~frame.index.duplicated()]
    otherwise = np.zeros(len(frame), bool)
    for number in np.flatnonzero(linked & known):
        mine, service = frame.iloc[number], first.loc[follows.iloc[number]]
        same = all(mine[name] == service[name] for name in INHERITED)
        otherwise[number] = not (same and set(mine["covers"] or ()) == set(service["covers"] or ()))
    add_fault(faults, FollowsOtherwise, otherwise, labels, follows)
    alone = negative & ~linked & (frame["method"] == "need").to_numpy()
    shown = frame["amount_pence"].map(format_pounds).astype("str")
    add_fault(faults, NegativeByNeed, alone, labels, shown)


def check_transfers(frame: pd.DataFrame, labels: list[str], faults: Faults) -> None:
    """Check that pounds passed on come from a line that had them, and come to rest."""
    first = frame[~frame.index.duplicated()]
    amounts, parents = first["amount_pence"], first["transfer_of"]
    linked = (frame["transfer_of"] != "").to_numpy()
    paying = frame["transfer_of"].isin(list(first.index[amounts > 0]))
    fine = paying & (frame["transfer_of"] != frame.index) & (frame["amount_pence"] > 0)
    add_fault(faults, UnknownParent, linked & ~fine.to_numpy(), labels, frame["transfer_of"])
    circle = np.array([_in_circle(str(stream), parents) for stream in frame.index])
    add_fault(faults, TransferInCircle, circle & fine.to_numpy(), labels, frame["transfer_of"])
    passed = amounts.groupby(parents.astype(object)).sum().reindex(first.index, fill_value=0)
    beyond = (passed > amounts).reindex(frame.index).to_numpy(dtype=bool)
    over = beyond & (frame["amount_pence"] > 0).to_numpy(dtype=bool)
    shown = [
        f"{format_pounds(int(passed[stream]))} of {format_pounds(int(amounts[stream]))}"
        for stream in frame.index
    ]
    values = pd.Series(shown, index=frame.index, dtype="str")
    add_fault(faults, TransferTooLarge, over, labels, values)


def _in_circle(stream: str, parents: pd.Series) -> bool:
    """Say whether the way up from a stream comes back to it."""
    above, seen = parents.get(stream, ""), {stream}
    while above in parents.index and above not in seen:
        seen.add(above)
        above = parents[above]
    return above == stream and len(seen) > 1


def _with_cost(part: str, whole: str) -> Use:
    column, _, cost = part.partition("@")
    if not column.strip() or not cost.strip():
        raise UseNotUnderstood("use", found=[whole])
    amount = read_amount(cost.strip())
    exact = amount.pence - amount.rounding
    if exact <= 0:
        raise UseNotUnderstood("use", found=[whole])
    return Use(column.strip(), float(exact))
