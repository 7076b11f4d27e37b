"""Joining money: community budgets whose streams are pooled, aligned, delegated or separate.

In: the entries of a scenario that join streams, and the streams. Out: `Pot`s with what each agency
puts in, who holds the money of every stream, and who bears how much of an overspend.

*Pooled* money has one host, an agreement and shared risk: it loses its colour and may be spent on
any area that the pot covers. *Aligned* money is planned together, but each owner keeps decision
and accountability, so that none of it crosses to another agency or leaves what its stream covers.
*Delegated* money is decided on by another agency under an agreement; the owner still answers for
it. *Separate* money stays where it is [the four ways: common, Total Place and section 75 practice].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from budgets.money import format_pounds, largest_remainder
from budgets.scenario_document import Join
from budgets.scenario_errors import RiskSharesWrong
from geo.errors import Faults

POOLED, ALIGNED, DELEGATED, SEPARATE = "pooled", "aligned", "delegated", "separate"


@dataclass(frozen=True)
class Pot:
    """A community budget.

    Attributes
    ----------
    id
        Its name in the scenario.
    way
        `pooled` or `aligned`.
    streams
        Ids of its streams, in the order of the table of streams.
    host, agreement
        Who holds pooled money and under what; empty for aligned money.
    risk_share
        Agency and its part of a deficit or surplus, by agency name; empty unless pooled. Where the
        scenario states none, agencies bear by what they put in.
    """

    id: str
    way: str
    streams: tuple[str, ...]
    host: str
    agreement: str
    risk_share: tuple[tuple[str, float], ...]

    def bear(self, pence: int) -> pd.Series:
        """Split a deficit (or, below nought, a surplus) between the agencies by their risk shares.

        Returns
        -------
        int64 pence by agency, which add up to `pence`; ties to the name that sorts first.

        Raises
        ------
        RiskSharesWrong
            The pot is not pooled: aligned money has no shared risk.
        """
        if self.way != POOLED:
            raise RiskSharesWrong(f"pot {self.id}", detail="only pooled money shares its risk")
        names = [agency for agency, _ in self.risk_share]
        parts = largest_remainder(int(pence), [share for _, share in self.risk_share])
        return pd.Series(parts, pd.Index(names, name="agency"), name="amount_pence")


def pots(joins: Sequence[Join], streams: pd.DataFrame) -> dict[str, Pot]:
    """Put the pots of a scenario together, by id.

    Raises
    ------
    RiskSharesWrong
        The shares name an agency that puts nothing in, or leave one out.
    """
    entries: dict[str, list[Join]] = {}
    for join in joins:
        if join.pot is not None:
            entries.setdefault(join.pot, []).append(join)
    faults = Faults("scenario")
    found = {}
    for id, said in entries.items():
        named = {stream for join in said for stream in join.stream}
        members = tuple(str(stream) for stream in streams.index if stream in named)
        first = said[0]
        found[id] = Pot(
            id=id,
            way=first.as_,
            streams=members,
            host=first.host or "",
            agreement=first.agreement or "",
            risk_share=_risk(id, first, put_in(members, streams), faults),
        )
    faults.raise_any()
    return found


def holders(joins: Sequence[Join], streams: pd.DataFrame) -> pd.DataFrame:
    """Say for every stream how it is joined, who decides on the money and who answers for it.

    Returns
    -------
    Text by stream: `joined_as` (one of the four ways), `pot`, `held_by` (the host of pooled and
    delegated money, else the owner), `answers` (the owner: accountability does not move).
    """
    said = {stream: join for join in joins for stream in join.stream}
    rows = []
    for stream, agency in zip(streams.index, streams["agency"], strict=True):
        join = said.get(str(stream))
        if join is None:
            rows.append((SEPARATE, "", agency, agency))
        else:
            rows.append((join.as_, join.pot or "", join.host or agency, agency))
    columns = ["joined_as", "pot", "held_by", "answers"]
    return pd.DataFrame(rows, streams.index, columns, dtype="str")


def sentence(pot: Pot, streams: pd.DataFrame) -> str:
    """Say what a pot is made of, who holds it and who bears its risk."""
    amounts = put_in(pot.streams, streams)
    parts = ", ".join(f"{agency} {format_pounds(pence)}" for agency, pence in amounts.items())
    whole = format_pounds(sum(amounts.values()))
    if pot.way == ALIGNED:
        return f"Pot {pot.id}, aligned: {whole} ({parts}); each owner keeps its own and decides."
    risk = ", ".join(f"{agency} {share:.1%}" for agency, share in pot.risk_share)
    return (
        f"Pot {pot.id}, pooled: {whole} ({parts}), held by {pot.host} under {pot.agreement}; "
        f"the risk is borne by {risk}."
    )


def put_in(members: Sequence[str], streams: pd.DataFrame) -> dict[str, int]:
    """Return what each agency puts into a pot, in pence, agencies in the order of their names."""
    at = streams.index.get_indexer(pd.Index(members))
    amounts = streams["amount_pence"].to_numpy(dtype=np.int64)
    agencies = streams["agency"].to_numpy(dtype=object)
    found: dict[str, int] = {}
    for row in at:
        found[str(agencies[row])] = found.get(str(agencies[row]), 0) + int(amounts[row])
    return dict(sorted(found.items()))


def _risk(
    id: str, join: Join, parts: dict[str, int], faults: Faults
) -> tuple[tuple[str, float], ...]:
    if join.as_ != POOLED:
        return ()
    if not join.risk_share:
        whole = sum(parts.values())
        if whole <= 0 or min(parts.values()) < 0:
            detail = "an agency puts in less than nothing: state the risk shares"
            faults.add(RiskSharesWrong(f"pot {id}", detail=detail))
            return ()
        return tuple((agency, pence / whole) for agency, pence in parts.items())
    named = [agency for agency, _ in join.risk_share]
    strange = [agency for agency in named if agency not in parts]
    absent = [agency for agency in parts if agency not in named]
    if strange:
        detail = "these put nothing into the pot"
        faults.add(RiskSharesWrong(f"pot {id}", found=strange, detail=detail))
    if absent:
        faults.add(RiskSharesWrong(f"pot {id}", found=absent, detail="these have no share"))
    return join.risk_share
