"""Says what was done with the lines of money before they were shared out.

In: the streams of a place, and what they cover. Out: the `Step`s of a run that do not depend on
need: transfers taken out, what is mixed, tiers, and how much is recorded.
"""

from __future__ import annotations

from collections.abc import Mapping

from boundaries.crosswalk import Crosswalk
from budgets import prices, tiers
from budgets.apportion import Prepared
from budgets.baseline import by_grade
from budgets.eliminations import Eliminations
from budgets.honesty import recorded
from budgets.ledger import Ledger
from budgets.money import format_pounds
from budgets.suppressed import HIDDEN, ROUNDED, Masked
from data.place import Place
from data.steps import Step

SHOWN = 5


def transfers_eliminated(place: Place, books: Eliminations) -> Step:
    """Say what the agencies add up to and what is spent in the end."""
    sentence = books.sentence()
    mixed = prices.comparable(place.streams)
    if mixed:
        sentence += " " + " ".join(mixed)
    return Step(
        "transfers",
        place.base_layer,
        {"agencies_pence": books.gross_pence, "streams": len(books.table)},
        {"spent_pence": books.total_pence},
        {"eliminated_pence": books.eliminated_pence, "mixed": len(mixed)},
        sentence,
    )


def tiers_checked(
    place: Place, prepared: Prepared, crosswalks: Mapping[str, Crosswalk]
) -> Step | None:
    """Say which tiers hold the money, and where streams leave their county or their ring-fence.

    None where no stream says its tier and none leaves its ring-fence.
    """
    streams = prepared.streams
    named = streams[streams["tier"] != ""]
    astray = tiers.beyond_fence(prepared, crosswalks, tolerance=place.tolerance)
    if named.empty and not astray:
        return None
    sums = named["amount_pence"].groupby(named["tier"].astype(object), sort=False).sum()
    held = ", ".join(f"{tier} {format_pounds(int(pence))}" for tier, pence in sums.items())
    found = tiers.incomplete(prepared, crosswalks, tolerance=place.tolerance)
    sentence = f"By tier: {held}." if held else ""
    for doubts in (found, astray):
        more = [f"And {len(doubts) - SHOWN} more."] if len(doubts) > SHOWN else []
        sentence = " ".join([sentence, *doubts[:SHOWN], *more]).strip()
    return Step(
        "tiers",
        place.base_layer,
        {"streams": len(named)},
        {f"{tier!s}_pence": int(pence) for tier, pence in sums.items()},
        {"incomplete": len(found), "beyond_ring_fence": len(astray)},
        sentence,
    )


def grades_counted(ledger: Ledger) -> Step:
    """Say how much of the split is recorded, how much assumed, and whether areas may be ranked."""
    table, found = by_grade(ledger), recorded(ledger)
    share = table["share"]
    overhead = int(ledger.streams["overhead_pence"].sum())
    sentence = (
        f"{found.share:.1%} of the money is split by what is recorded of where it went or who "
        f"used it, {share['D'] + share['E']:.1%} follows from our assumption that it goes where "
        f"people or need are, {share['F']:.1%} lies where it is spent and {share['G']:.1%} is not "
        "split."
    )
    if overhead:
        sentence += f" {format_pounds(overhead)} of gross spending is stated as overheads."
    if found.reason:
        sentence += " " + found.reason
    return Step(
        "grades",
        str(ledger.areas.name),
        {"streams": len(ledger.streams)},
        {f"{grade}_pence": int(pence) for grade, pence in table["gross_pence"].items()},
        {"overhead_pence": overhead},
        sentence,
    )


def masked(shown: Masked) -> Step:
    """Say how much of the ledger is not shown, because it follows counts that may not be."""
    hidden = int((shown.flag == HIDDEN).to_numpy().sum())
    rounded = int((shown.flag == ROUNDED).to_numpy().sum())
    note = shown.note() or "Nothing has to be hidden"
    return Step(
        "streams",
        str(shown.shown.columns.name),
        {"figures": int(shown.flag.size)},
        {"shown": int(shown.flag.size) - hidden},
        {"hidden": hidden, "rounded": rounded},
        f"Disclosure: {note}; inside, every penny is kept.",
    )
