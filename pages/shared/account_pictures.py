"""The pictures of an account: who spends the money, and how the change lies against need.

In: an `Allocation` and what the account is of. Out: charts with their sentence and table on the
page, and the same as drawings for the file that is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from budgets.honesty import RECORDED
from budgets.money import format_pounds
from data import gaining
from data.scenarios import Allocation
from pages.shared import about_account, chart_svg, charts
from pages.shared.account_of import Asked

MOST = 14


@dataclass(frozen=True)
class Picture:
    """Bars and the words around them."""

    rows: pd.DataFrame
    title: str
    unit: str
    of: str
    alternative: str
    write: Callable[[float], str]


def show(made: Allocation, asked: Asked) -> None:
    """Draw what belongs to this account; one area has its bars in its own section."""
    if (found := _picture(made, asked)) is not None:
        charts.bars(
            found.rows,
            title=found.title,
            unit=found.unit,
            of=found.of,
            alternative=found.alternative,
            write=found.write,
        )


def drawn(made: Allocation, asked: Asked) -> str:
    """Return the same as HTML that needs no script; nothing where there is no picture."""
    found = _picture(made, asked)
    if found is None:
        return ""
    return chart_svg.bars(
        found.rows,
        title=found.title,
        unit=found.unit,
        of=found.of,
        alternative=found.alternative,
        write=found.write,
    )


def _picture(made: Allocation, asked: Asked) -> Picture | None:
    if asked.code:
        return None
    if about_account.is_as_it_is(made):
        return _agencies(made)
    return _tenths(made) if made.result.index is not None else None


def _agencies(made: Allocation) -> Picture:
    """Say how much each agency spends, and how much of it is recorded."""
    streams = made.outcome.ledger.streams
    known = streams["grade"].isin(RECORDED)
    sums = pd.DataFrame(
        {
            "agency": streams["agency"].astype(str),
            "recorded": streams["amount_pence"].where(known, 0),
            "assumed": streams["amount_pence"].where(~known, 0),
        }
    )
    found = sums.groupby("agency")[["recorded", "assumed"]].sum()
    found["pence"] = found["recorded"] + found["assumed"]
    found = found.sort_values("pence", ascending=False, kind="stable")
    shown = found.head(MOST)
    first = shown.iloc[0]
    rest = found.iloc[MOST:]
    rows = pd.DataFrame(
        {
            "name": shown.index,
            "value": shown["pence"].to_numpy() / 100,
            "unsure": (2 * shown["recorded"].abs() < shown["pence"].abs()).to_numpy(),
        }
    )
    said = (
        f"{shown.index[0]} spends most, {format_pounds(int(first['pence']), whole=True)} of "
        f"{format_pounds(int(found['pence'].sum()), whole=True)}."
    )
    if len(rest):
        left = format_pounds(int(rest["pence"].sum()), whole=True)
        said += f" {len(rest):,} more, with {left} together, are in the sources below."
    return Picture(
        rows,
        title="Who spends it",
        unit="pounds",
        of="Agency",
        alternative=said,
        write=lambda pounds: format_pounds(round(100 * pounds), whole=True),
    )


def _tenths(made: Allocation) -> Picture | None:
    """Say the change a person from the neediest tenth of areas to the least needy."""
    found = gaining.by_tenth(made)
    if found.empty or not found["change_pence"].any():
        return None
    each = found["pence_per_person"].to_numpy(dtype=np.float64) / 100
    ends = {1: "1 (neediest)", 10: "10 (least needy)"}
    rows = pd.DataFrame(
        {
            "name": [ends.get(int(tenth), str(tenth)) for tenth in found.index],
            "value": each,
            "unsure": found["assumed"].to_numpy(),
        }
    )
    return Picture(
        rows,
        title="Change by tenth of areas, from the neediest",
        unit="pounds a person",
        of="Tenth of areas by need",
        alternative=f"For each person, the neediest tenth changes by {_pounds(each[0])}, the "
        f"least needy by {_pounds(each[-1])}.",
        write=_pounds,
    )


def _pounds(value: float) -> str:
    pence = round(100 * value)
    return f"{'+' if pence > 0 else ''}{format_pounds(pence)}"
