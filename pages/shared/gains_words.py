"""How money is written where it is told who gains and who loses: as fine as its source is.

In: a result. Out: writers of pounds. Where every line of a place is in whole thousands its source
is, and no area's share is known better; elsewhere money is written to the penny. Exports always
have pence.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import pandas as pd

from data.run import Result

HIDDEN: Final = "not shown"
THOUSAND: Final = 100_000  # pence
Write = Callable[[float], str]


def step(result: Result) -> int:
    """Return to how many pence money is written: one, or those of a thousand pounds."""
    amounts = result.ledger.streams["amount_pence"].to_numpy(dtype=np.int64)
    return THOUSAND if len(amounts) and not (amounts % THOUSAND).any() else 1


def pounds(result: Result) -> Write:
    """Return the writer of an amount in pounds."""
    return _or_hidden("{:,.2f}".format if step(result) == 1 else "{:,.0f}".format, step(result))


def signed(result: Result) -> Write:
    """Return the writer of a change in pounds."""
    return _or_hidden("{:+,.2f}".format if step(result) == 1 else "{:+,.0f}".format, step(result))


def each(pence: float) -> str:
    """Write a change for each person, in pounds and pence."""
    return _or_hidden("{:+,.2f}".format, 1)(pence)


def fineness(result: Result) -> str:
    """Say how fine amounts are written."""
    return "In pounds and pence." if step(result) == 1 else "In pounds, to the nearest thousand."


def _or_hidden(write: Callable[[float], str], size: int) -> Write:
    def written(pence: float) -> str:
        if pd.isna(pence):
            return HIDDEN
        # A change that rounds to nothing is written without the sign of a minus nought.
        return write(round(float(pence) / size) * size / 100 + 0.0)

    return written
