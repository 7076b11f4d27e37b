"""Eliminations: a pound that passes through several agencies is counted once, at final spend.

In: streams, of which some name in `transfer_of` the line that pays them. Out: `Eliminations`, the
table that takes the agencies' own totals to the place's total; and the streams as they are spent
in the end, which is what a ledger is made of.

Cases in England: schools grant, public health grant, pooled care funds, housing benefit that pays
a rent, precepts and levies.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from budgets.errors import PenceLost
from budgets.money import Int64, format_pounds, largest_remainder

PARTS = ("ring_fenced_pence", "entitlement_pence", "committed_pence")


@dataclass(frozen=True, eq=False)
class Eliminations:
    """From the agencies' totals to the place's total.

    Attributes
    ----------
    table
        One row a stream, in the order of the streams: `agency`, `gross_pence` (the amount as the
        agency's own accounts total it), `transferred_in_pence` (what of it another line pays),
        `eliminated_pence` (what it passes on to other lines), `net_pence` (what is spent here in
        the end: gross - eliminated), `stream`, `transfer_of`, `kind`.
    gross_pence, eliminated_pence, total_pence
        Sums of the table; gross - eliminated = total.
    """

    table: pd.DataFrame
    gross_pence: int
    eliminated_pence: int
    total_pence: int

    def by(self, column: str) -> pd.DataFrame:
        """Return the sums by `agency` or by `kind`; kinds are never added up without saying so."""
        names = ["gross_pence", "transferred_in_pence", "eliminated_pence", "net_pence"]
        keys = self.table[column].astype(object)
        return self.table[names].groupby(keys, sort=False).sum().rename_axis(column)

    def sentence(self) -> str:
        """Say what was taken out, and what is added up that is not of one kind."""
        passed = int((self.table["eliminated_pence"] > 0).sum())
        if not passed:
            said = "No line passes money on to another line: nothing is eliminated."
        else:
            lines = "1 line passes" if passed == 1 else f"{passed} lines pass"
            said = (
                f"The agencies' own totals come to {format_pounds(self.gross_pence)}; "
                f"{format_pounds(self.eliminated_pence)} that {lines} on to other "
                f"lines would be counted twice, so that {format_pounds(self.total_pence)} is "
                "spent in the end."
            )
        kinds = self.by("kind")["net_pence"]
        if len(kinds) > 1:
            parts = [f"{kind} {format_pounds(int(pence))}" for kind, pence in kinds.items()]
            said += f" This adds up {', '.join(parts)}."
        return said


def reconcile(streams: pd.DataFrame) -> Eliminations:
    """Return the elimination table of streams that `streams.read` has checked.

    `net = gross - eliminated`, where eliminated is the sum of the lines that the stream pays. The
    total over the place counts every pound once, at the line that passes it on no further.

    Raises
    ------
    PenceLost
        What was passed on is not what arrived; a defect of the program.
    """
    amount = streams["amount_pence"].to_numpy(dtype=np.int64)
    linked = (streams["transfer_of"] != "").to_numpy()
    passed = _passed_on(streams)
    table = pd.DataFrame(
        {
            "agency": streams["agency"].to_numpy(),
            "gross_pence": amount,
            "transferred_in_pence": np.where(linked, amount, 0),
            "eliminated_pence": passed,
            "net_pence": amount - passed,
            "stream": streams.index.to_numpy(),
            "transfer_of": streams["transfer_of"].to_numpy(),
            "kind": streams["kind"].to_numpy(),
        }
    ).astype({"agency": "str", "stream": "str", "transfer_of": "str", "kind": "str"})
    arrived = int(table["transferred_in_pence"].sum())
    if arrived != int(passed.sum()):
        raise PenceLost("eliminations", found=[f"{int(passed.sum()) - arrived:+,} pence"])
    gross, eliminated = int(amount.sum()), int(passed.sum())
    return Eliminations(table, gross, eliminated, gross - eliminated)


def counted(streams: pd.DataFrame) -> pd.Series:
    """Say of each stream whether any of it is spent here in the end; one passed on whole is not.

    A stream of nought pounds counts.
    """
    passed = _passed_on(streams)
    amount = streams["amount_pence"].to_numpy(dtype=np.int64)
    return pd.Series((passed == 0) | (passed != amount), index=streams.index, name="counted")


def final(streams: pd.DataFrame) -> pd.DataFrame:
    """Return the streams as they are spent in the end.

    Streams that are passed on whole are left out. Of those passed on in part, amount and gross are
    what is left; what of it cannot move is reduced in proportion, to the penny, and overheads
    stay, as far as gross is left.
    """
    passed = _passed_on(streams)
    if not passed.any():
        return streams
    some = passed != 0
    left = streams["amount_pence"].to_numpy(dtype=np.int64) - passed
    gross = streams["gross_pence"].to_numpy(dtype=np.int64) - passed
    parts = streams[list(PARTS)].to_numpy(dtype=np.int64)
    for row in np.flatnonzero(some & (left > 0)):
        free = int(streams["amount_pence"].iloc[row]) - int(parts[row].sum())
        weights = np.append(parts[row], free).astype(np.float64)
        parts[row] = largest_remainder([int(left[row])], weights)[:-1]
    overhead = streams["overhead_pence"].to_numpy(dtype=np.int64)
    changed = streams.assign(
        amount_pence=left,
        gross_pence=gross,
        overhead_pence=np.where(some, np.minimum(overhead, np.maximum(gross, 0)), overhead),
        **{name: parts[:, at] for at, name in enumerate(PARTS)},
    )
    return changed[counted(streams).to_numpy()]


def _passed_on(streams: pd.DataFrame) -> Int64:
    """Return what each stream passes on to other streams."""
    parents = streams["transfer_of"].astype(object)
    paid = streams["amount_pence"].groupby(parents).sum()
    return paid.reindex(streams.index, fill_value=0).to_numpy(dtype=np.int64)
