"""Fairness before and after, and how inequality divides between and within the areas of each level.

In: two ledgers, or money by base area, with people, need scores and crosswalks to levels. Out: the
change of the concentration index with its interval, inequality between and within by level, curves
as data, and sentences. Recorded money only, as in `budgets.fairness`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import coo_array

from boundaries.crosswalk import Crosswalk
from budgets.fairness import (
    Estimate,
    Fairness,
    assess,
    concentration_curve,
    horizontal_inequity,
    theil,
)
from budgets.honesty import recorded
from budgets.ledger import OUTSIDE, Ledger
from budgets.sharing import figures


@dataclass(frozen=True, eq=False)
class Change:
    """Fairness before and after a decision.

    Attributes
    ----------
    before, after
        Each by itself; without figures, and with the reason, where too little is recorded.
    spend
        Concentration index after less that before, with an interval that allows for both being
        measured on the same areas; None where one of the two has none.
    gini
        Gini after less that before; None likewise.
    """

    before: Fairness
    after: Fairness
    spend: Estimate | None
    gini: float | None

    def sentence(self) -> str:
        """Say whether money now leans more to the more or to the less deprived."""
        if self.spend is None:
            return f"Fairness before and after cannot be compared: {self._reason()}"
        moved = self.spend
        if not any(round(figure, 3) for figure in (moved.value, moved.low, moved.high)):
            return "Nothing has changed in how far recorded money leans to deprived areas."
        span = f"{moved.value:+.3f} ({moved.low:+.3f} to {moved.high:+.3f})"
        if round(moved.low, 3) <= 0 <= round(moved.high, 3):
            return f"Recorded money leans to deprived areas about as before: {span}."
        more = "more" if moved.value < 0 else "less"
        return f"Recorded money leans {more} to deprived areas than before: {span}."

    def _reason(self) -> str:
        return self.before.reason or self.after.reason


def before_and_after(
    before: Ledger,
    after: Ledger,
    *,
    people: pd.Series,
    scores: pd.Series,
    needs: pd.Series | None = None,
) -> Change:
    """Compare the fairness of two ledgers of the same areas; arguments as in `fairness.assess`.

    `C_after - C_before` with the interval of paired influences: what both have in common cancels.
    """
    one = assess(before, people=people, scores=scores, needs=needs)
    other = assess(after, people=people, scores=scores, needs=needs)
    if one.spend is None or other.spend is None:
        return Change(one, other, None, None)
    inside = before.inside
    earlier, later = recorded(before).pence[inside], recorded(after).pence[inside]
    paired = horizontal_inequity(later, earlier, people[inside], scores[inside])
    assert one.gini is not None
    assert other.gini is not None
    return Change(one, other, paired, other.gini - one.gini)


def by_level(
    amounts: pd.Series, people: pd.Series, levels: Mapping[str, Crosswalk]
) -> pd.DataFrame:
    """Say at each level how much inequality of money a head lies between its areas.

    Base areas that a border cuts are taken in pieces with the same money a head, which changes the
    total not at all; pieces in no area of the level are a group of their own. Theil's T, `total =
    between + within`. [common; the pieces: own]

    Parameters
    ----------
    amounts, people
        Money (0 or more) and people by base area.
    levels
        Crosswalks from the base layer by level id.

    Returns
    -------
    DataFrame indexed by `level`: `areas` (with people), `total, between, within, between_share`.
    """
    rows = {}
    money, count = figures(amounts, "amounts"), figures(people, "people", amounts.index)
    for level, crosswalk in levels.items():
        at = crosswalk.sources.get_indexer(amounts.index)
        shares = crosswalk.shares(overlap="share-out")
        cells = coo_array(shares.weights[at])
        source = np.concatenate([cells.row, np.arange(len(at))])
        part = np.concatenate([cells.data, np.maximum(1.0 - np.asarray(cells.sum(axis=1)), 0.0)])
        names = crosswalk.targets.to_numpy(dtype=object)[cells.col]
        group = np.concatenate([names, np.full(len(at), OUTSIDE, dtype=object)])
        # Rounding noise of a row that sums to one is no piece.
        kept = part > 1e-9
        pieces = pd.RangeIndex(int(kept.sum()))
        found = theil(
            pd.Series((money[source] * part)[kept], pieces),
            pd.Series((count[source] * part)[kept], pieces),
            pd.Series(group[kept], pieces),
        )
        rows[level] = {
            "areas": int((found.groups.index != OUTSIDE).sum()),
            "total": found.total,
            "between": found.between,
            "within": found.within,
            "between_share": found.between_share,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("level")


def curves(people: pd.Series, scores: pd.Series, amounts: Mapping[str, pd.Series]) -> pd.DataFrame:
    """Return concentration curves as data: `curve, people_share, amount_share`, one below another.

    Parameters
    ----------
    amounts
        What is drawn, by its name: money before, money after, need as a quantity.
    """
    parts = []
    for name, values in amounts.items():
        curve = concentration_curve(values, people, scores)
        curve.insert(0, "curve", name)
        parts.append(curve)
    return pd.concat(parts, ignore_index=True)


def sentences(found: Fairness) -> list[str]:
    """Say how recorded money lies against need, or why it is not said."""
    if found.spend is None:
        return [f"Fairness: {found.reason}"]
    spend = found.spend
    lean = (
        f"Fairness, on the {found.recorded_share:.0%} of the money that is recorded: it "
        f"{_leans(spend)} (concentration index {spend.value:+.3f}, {_span(spend)}; below nought "
        f"favours the deprived)."
    )
    said = [lean]
    if found.need is not None and found.inequity is not None:
        gap = found.inequity
        if gap.low > 0:
            said.append(
                f"Need as it is counted here leans there more ({found.need.value:+.3f}): deprived "
                f"areas get less than their need, by {gap.value:+.3f} ({_span(gap)})."
            )
        elif gap.high < 0:
            said.append(
                f"Need as it is counted here leans there less ({found.need.value:+.3f}): deprived "
                f"areas get more than need alone would give, by {gap.value:+.3f} ({_span(gap)})."
            )
        else:
            said.append(
                f"Need as it is counted here leans as far ({found.need.value:+.3f}), in doubt: "
                f"{gap.value:+.3f} ({_span(gap)})."
            )
    if found.gini is not None:
        said.append(
            f"Recorded money a person differs between areas by a Gini of {found.gini:.2f} (0 is "
            f"equal)."
        )
    return said


def _leans(spend: Estimate) -> str:
    # As far as three decimals show: rounding noise is no lean.
    if round(spend.high, 3) < 0:
        return "leans to deprived areas"
    if round(spend.low, 3) > 0:
        return "leans away from deprived areas"
    return "leans clearly to neither side"


def _span(estimate: Estimate) -> str:
    return f"95 % interval {estimate.low:+.3f} to {estimate.high:+.3f}"
