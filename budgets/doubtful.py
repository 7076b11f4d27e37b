"""The doubt about need carried into money: between what and what an area's share lies.

In: an index of need, and how its scores become a ledger. Out: for each area the interval of its
money and of its share, from the same draws that `indices.robustness.doubt` makes, and a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from budgets.ledger import Ledger
from budgets.money import format_pounds
from indices import draws as engine
from indices.index import Index
from indices.robustness import SEED, Choices, check_choices, left_out, possible_scales, weight_sets

DRAWS = 100
LEVEL = 0.95
POOL = 50


@dataclass(frozen=True, eq=False, repr=False)
class Spread:
    """Between what and what the money of each area lies.

    Attributes
    ----------
    table
        By area: `amount_pence` with the scores as they are, `low_pence, high_pence`, and
        `share, share_low, share_high` of all money that lies in areas.
    level
        Share of the draws that each interval holds, at least.
    draws, seed
        How often need was counted anew, and from which seed.
    left_out
        What is not in the intervals, in words.
    """

    table: pd.DataFrame
    level: float
    draws: int
    seed: int
    left_out: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<Spread of {len(self.table):,} areas, {self.draws:,} draws>"

    def sentence(self, code: str) -> str:
        """Say between what and what the share of an area lies."""
        row = self.table.loc[[code]].iloc[0]
        low, high = (format_pounds(round(row[name])) for name in ("low_pence", "high_pence"))
        notes = "".join(f" ({note})" for note in self.left_out)
        return (
            f"This area's share is between {row['share_low']:.3%} and {row['share_high']:.3%} of "
            f"the money ({low} to {high}) in {self.level:.0%} of {self.draws:,} reasonable ways of "
            f"counting need{notes}."
        )


def spread(
    index: Index,
    make: Callable[[pd.Series], Ledger],
    *,
    draws: int = DRAWS,
    level: float = LEVEL,
    seed: int = SEED,
) -> Spread:
    """Share money out again under many reasonable ways of counting need.

    Each draw ranks the areas anew (weights, scales, means and the sampling error of counts, as in
    `indices.robustness.doubt`); the area that is then k-th neediest takes the k-th highest score
    of the index, so that the scale on which need becomes money stays the one the user chose and
    sees; and the whole way to the ledger, rules and limits included, is gone again. The interval
    leaves out the same number of draws at each end. [own, on the draws of OECD/JRC 2008]

    Parameters
    ----------
    make
        Scores of need by area -> ledger.

    Raises
    ------
    OptionUnknown, IncompleteEdition
        As `indices.robustness.doubt`.
    """
    stated = make(index.scores)
    rows = np.empty((draws, len(stated.areas)), np.int64)
    wholes = np.empty(draws, np.int64)
    for at, scores in enumerate(drawn_scores(index, draws=draws, level=level, seed=seed)):
        rows[at] = make(scores).pence.sum(axis=0)
        wholes[at] = rows[at].sum()
    cut = int((1.0 - level) / 2.0 * draws + 1e-9)
    ordered = np.sort(rows, axis=0)
    own = stated.pence.sum(axis=0)
    shares = np.sort(rows / np.where(wholes == 0, 1, wholes)[:, None], axis=0)
    whole = int(own.sum())
    table = pd.DataFrame(
        {
            "amount_pence": own,
            "low_pence": ordered[cut],
            "high_pence": ordered[draws - 1 - cut],
            "share": own / whole if whole else np.zeros(len(own)),
            "share_low": shares[cut],
            "share_high": shares[draws - 1 - cut],
        },
        index=stated.areas,
    )
    return Spread(table, level, draws, seed, left_out(index, POOL))


def drawn_scores(
    index: Index, *, draws: int = DRAWS, level: float = LEVEL, seed: int = SEED
) -> Iterator[pd.Series]:
    """Yield the scores of an index in the order of need that each draw gives.

    The same seed and number of draws give the ranks of `indices.robustness.doubt`.
    """
    open_to = Choices()
    check_choices(index, open_to, draws=draws, level=level, among=None, pool=POOL)
    random = np.random.default_rng(seed)
    found = engine.versions(index, POOL, random)
    scales = possible_scales(index)
    plan = engine.draw_plan(
        np.array(list(weight_sets(index, open_to).values())),
        spread=open_to.spread,
        counts=[len(scales), len(open_to.means), *(domain.versions for domain in found)],
        draws=draws,
        random=random,
    )
    highest_first = -np.sort(-index.scores.to_numpy(dtype=np.float64))
    scaler = engine.Scaler(found, index.n)
    for scores in engine.scores(scaler, plan, scales, list(open_to.means)):
        ranks = engine.rank(scores)
        yield pd.Series(highest_first[ranks - 1], index.scores.index, name=index.scores.name)
