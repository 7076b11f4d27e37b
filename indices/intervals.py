"""Gives rates and counts the interval that chance alone leaves open.

In: events and people by area. Out: rate, low and high end, missing where the input is missing.
Wilson for proportions, Byar for counts of events that are no part of the people.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtri

from geo.errors import Faults
from indices import inputs
from indices.errors import (
    NegativeCount,
    NumeratorAboveDenominator,
    OptionUnknown,
    ZeroDenominator,
)


def wilson(events: pd.Series, people: pd.Series, *, level: float = 0.95) -> pd.DataFrame:
    """Return proportions with Wilson's score interval.

    With p = r/n and z the normal quantile of the level,
    `(p + z2/2n -+ z sqrt(p(1-p)/n + z2/4n2)) / (1 + z2/n)`: the proportions that the score test
    does not reject. It stays within 0..1 and works for r = 0 and r = n. Source: Wilson (1927),
    Probable inference, the law of succession, and statistical inference, JASA 22; recommended for
    proportions by the English public health observatories (Technical Briefing 3).

    Parameters
    ----------
    events, people
        By area, 0 <= events <= people and people above zero; missing stays missing.
    level
        Confidence, between 0 and 1.

    Returns
    -------
    Columns rate, low, high, as shares.

    Raises
    ------
    NegativeCount, ZeroDenominator, NumeratorAboveDenominator, NotANumber, CodesNotText,
    DuplicateCodes, VintageMismatch, OptionUnknown
        What is wrong with the input; several faults come together.
    """
    z = _quantile(level)
    r, n = _counts(events, people)
    if (r > n).any():
        raise NumeratorAboveDenominator("events", found=r.index[r > n])
    p = r / n
    middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(p * (1 - p) / n + (z / (2 * n)) ** 2) / (1 + z**2 / n)
    # Rounding would otherwise leave -1e-18 where nobody has the event.
    low = (middle - half).clip(lower=0.0).mask((r == 0) & n.notna(), 0.0)
    high = (middle + half).clip(upper=1.0).mask(r == n, 1.0)
    return pd.DataFrame({"rate": p, "low": low, "high": high})


def byar(
    events: pd.Series, people: pd.Series | None = None, *, level: float = 0.95
) -> pd.DataFrame:
    """Return counts, or rates of counts, with Byar's interval.

    `r (1 - 1/(9r) - z/(3 sqrt(r)))^3` to `(r+1)(1 - 1/(9(r+1)) + z/(3 sqrt(r+1)))^3`, divided by
    the people where these are given. Within 0.2 % of the exact Poisson limits from ten events on;
    below that rougher, and 0 at the low end where the formula goes below it. Source: Breslow and
    Day (1987), Statistical methods in cancer research II, page 69.

    Parameters, columns and errors as in `wilson`; events may exceed people.
    """
    z = _quantile(level)
    r, n = _counts(events, people)
    # A tiny r stands for none, so that nothing is divided by zero.
    safe = r.clip(lower=1e-9)
    low = safe * (1 - 1 / (9 * safe) - z / (3 * np.sqrt(safe))).clip(lower=0.0) ** 3
    high = (r + 1) * (1 - 1 / (9 * (r + 1)) + z / (3 * np.sqrt(r + 1))) ** 3
    return pd.DataFrame({"rate": r / n, "low": low / n, "high": high / n})


def _quantile(level: float) -> float:
    if not 0 < level < 1:
        raise OptionUnknown("level", found=[level], detail="it lies between 0 and 1, as in 0.95")
    return float(ndtri(0.5 + level / 2))


def _counts(events: pd.Series, people: pd.Series | None) -> tuple[pd.Series, pd.Series]:
    """Bring people to the areas of the events; 1 each where none are given."""
    faults = Faults("events and people")
    inputs.check_codes(events.index, faults, where="events")
    n = pd.Series(1.0, index=events.index)
    if people is not None:
        inputs.check_codes(people.index, faults, where="people")
        with faults.catch():
            inputs.check_vintage(people.index, events.index.name, where="people")
        with faults.catch():
            n = inputs.numbers(people, where="people")
    with faults.catch():
        r = inputs.numbers(events, where="events")
    faults.raise_any()
    n = n.reindex(r.index)
    if (r < 0).any():
        faults.add(NegativeCount("events", found=r.index[r < 0]))
    if (n < 0).any():
        faults.add(NegativeCount("people", found=n.index[n < 0]))
    if (n == 0).any():
        faults.add(ZeroDenominator("people", found=n.index[n == 0]))
    faults.raise_any()
    return r, n
