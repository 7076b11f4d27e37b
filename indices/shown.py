"""Takes the counts behind indicators only as far as they may be shown, and flags what was done.

In: measured indicators with true counts, each with the disclosure rule of its source. Out: the
same with counts rounded and hidden as the rule says, and a flag by area and indicator. All that is
made from them (rates, domains, an index, summaries, doubt) is then made from what anybody may see,
so that no figure, and no difference of figures, gives a hidden count away.
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from geo.errors import Faults
from indices import rates
from indices.disclosure import FLAGS, disclose
from indices.disclosure_rules import Rule, rule
from indices.indicators import Indicator
from indices.rates import Measured


def safe(measured: Measured, *, where: str = "indicators") -> Measured:
    """Replace counts by what may be shown of them; `flags` says where.

    A hidden count becomes the middle of the range that the rule hides, the same in every area
    (own rule: what stands there must not depend on the count itself). Indicators without a
    numerator, or whose source hides nothing, stay as they are.

    Raises
    ------
    NotACount, NegativeCount, DisclosureRuleFault
        Counts that no rule can be applied to; several faults come together.
    """
    values, events = measured.values.copy(), measured.events.copy()
    flags = pd.DataFrame("", index=values.index, columns=values.columns, dtype="str")
    faults = Faults(where)
    for id, indicator in measured.indicators.items():
        if indicator.numerator is None:
            continue
        with faults.catch():
            hiding = rule(indicator.disclosure)
            if hiding.hide is None and hiding.round_to == 1:
                continue
            counts = events[id] if indicator.counted else values[id]
            people = measured.people[id] if indicator.counted else None
            seen, flags[id] = _seen(indicator, counts, people, hiding)
            if indicator.counted:
                events[id] = seen
                values[id] = rates.from_counts(
                    indicator, seen, measured.people[id], measured.districts
                )
            else:
                values[id] = seen
    faults.raise_any()
    return replace(measured, values=values, events=events, flags=flags)


def heaviest(flags: pd.DataFrame) -> pd.Series:
    """Return for each row the heaviest of its flags."""
    weight = {name: position for position, name in enumerate(FLAGS)}
    most = flags.apply(lambda column: column.map(weight)).max(axis=1).fillna(0).astype("int64")
    return most.map(dict(enumerate(FLAGS))).astype("str").rename("flag")


def _seen(
    indicator: Indicator, counts: pd.Series, people: pd.Series | None, hiding: Rule
) -> tuple[pd.Series, pd.Series]:
    """Return what may be taken of counts, and the flags."""
    shown = disclose(counts, hiding)
    low, high = hiding.hide or (0, 0)
    seen = shown.values.mask(shown.flag == "hidden", (low + high) / 2)
    if people is not None and indicator.part_of_denominator:
        # Rounding must not count more people than there are.
        seen = seen.clip(upper=people)
    return seen, shown.flag
