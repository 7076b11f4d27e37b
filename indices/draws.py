"""Draws an index again and again with other choices and other counts, and keeps the ranks.

In: domain scores or ranks with the counts behind them, and the choices that may be made. Out: one
row of ranks a draw. The room behind `indices.robustness`; nothing here is shown to anybody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri

from indices import combining, domains, transforms
from indices.combining import Mean
from indices.index import Index, rank_domains
from indices.rates import Measured

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# Scales that need nothing but the ranks within the edition, and those that need scores.
FROM_RANKS = ("exponential", "rank", "normal")
FROM_SCORES = ("z", "min-max", "none")


@dataclass(frozen=True)
class Domain:
    """One domain in one or more versions: ranks (k, n_areas), scores (k, n_areas) high is worse.

    The first version is the one of the index; the others have drawn counts. Scores are absent
    where only ranks are known.
    """

    ranks: npt.NDArray[np.int32] | Floats
    scores: Floats | None

    @property
    def versions(self) -> int:
        """Number of versions to choose from: all but the first, or the first alone."""
        return max(len(self.ranks) - 1, 1)

    def version(self, position: int) -> int:
        """Return the row of a version; the index's own only where there is no other."""
        return position + 1 if len(self.ranks) > 1 else 0


@dataclass(frozen=True)
class Plan:
    """What is chosen in each draw; every array has one row a draw."""

    weights: Floats
    base: Ints
    scale: Ints
    mean: Ints
    version: Ints


def versions(index: Index, pool: int, random: np.random.Generator) -> list[Domain]:
    """Return the domains of an index, each with as many drawn versions as `pool` says.

    Drawn are domains with counts behind their indicators. The rate behind r events of n people is
    taken from Jeffreys' posterior, Beta(r + 1/2, n - r + 1/2) for a part of the people and
    Gamma(r + 1/2) for other events, so that an area without any event is not taken for certain.
    """
    made = index.made
    tables = []
    counted = [] if made is None else [str(id) for id in made.measured.events]
    if made is not None and counted and pool > 0:
        for _ in range(pool):
            again = made.scores.copy()
            drawn = {id: drawn_events(made.measured, id, random) for id in counted}
            redone = domains.remake(index.definition, made, drawn)
            again[redone.columns] = redone
            tables.append(rank_domains(index.definition, again, "scores", index.n))
    found = []
    for domain in index.definition.domains:
        own = made is not None and any(
            use.id in counted
            for part in (domain.subdomains or (domain,))
            for use in part.indicators
        )
        sign = 1.0 if domain.high_is_worse else -1.0
        mine = tables if own else []
        ranks = [index.domain_ranks[domain.id], *(ranks[domain.id] for ranks, _ in mine)]
        scores = None
        if index.domain_scores is not None and domain.id in index.domain_scores:
            rows = [index.domain_scores[domain.id]]
            rows += [made_scores[domain.id] for _, made_scores in mine if made_scores is not None]
            scores = sign * np.stack([row.to_numpy(dtype=float) for row in rows])
        # Ranks that share halves (ties averaged) stay as they are; others need half the room.
        table = np.stack([row.to_numpy(dtype=float) for row in ranks])
        found.append(Domain(table.astype("int32") if (table % 1 == 0).all() else table, scores))
    return found


def draw_plan(
    bases: Floats, *, spread: float, counts: Sequence[int], draws: int, random: np.random.Generator
) -> Plan:
    """Draw what is chosen in each draw.

    Parameters
    ----------
    bases
        Sets of weights (n_sets, n_domains); each weight of the chosen set is multiplied with a
        number from 1 - spread to 1 + spread.
    counts
        How many scales, how many means, then for each domain how many versions there are.
    """
    scales, means, *of_domain = counts
    base = random.integers(0, len(bases), draws)
    jitter = random.uniform(1.0 - spread, 1.0 + spread, (draws, bases.shape[1]))
    return Plan(
        weights=bases[base] * jitter,
        base=base,
        scale=random.integers(0, scales, draws),
        mean=random.integers(0, means, draws),
        version=random.integers(0, np.array(of_domain), (draws, len(of_domain))),
    )


class Scaler:
    """Brings one version of a domain to a scale, ready to be averaged.

    What depends on ranks only is looked up in a table made once; z and min-max are linear in the
    score. For the geometric mean logarithms are kept, so that a draw only adds up.
    """

    def __init__(self, found: Sequence[Domain], n: int) -> None:
        self.found = found
        self.n = n
        self._tables: dict[tuple[str, Mean], Floats] = {}
        self._rows: dict[tuple[int, int, str, Mean], Floats] = {}

    def row(self, domain: int, version: int, scale: str, mean: Mean) -> Floats:
        """Return the values (n_areas,) of a domain on a scale."""
        one = self.found[domain]
        at = one.version(version)
        if len(one.ranks) > 1:
            return self._make(domain, at, scale, mean)
        # Without other versions the row is the same in every draw.
        key = (domain, at, scale, mean)
        if key not in self._rows:
            self._rows[key] = self._make(domain, at, scale, mean)
        return self._rows[key]

    def _make(self, domain: int, at: int, scale: str, mean: Mean) -> Floats:
        one = self.found[domain]
        if scale in FROM_RANKS:
            if (scale, mean) not in self._tables:
                self._tables[scale, mean] = self._table(scale, mean)
            # Doubled, so that the half ranks of averaged ties have a place of their own.
            return self._tables[scale, mean][(2 * one.ranks[at]).astype(np.intp)]
        assert one.scores is not None  # scales from scores are chosen only where there are scores
        score = one.scores[at]
        if scale == "z":
            return _ready((score - score.mean()) / score.std(), "z", mean)
        if scale == "min-max":
            return _ready(100.0 * (score - score.min()) / np.ptp(score), "min-max", mean)
        return score

    def _table(self, scale: str, mean: Mean) -> Floats:
        ranks = np.arange(2 * self.n + 1) / 2.0
        ranks[:2] = 1.0  # nobody has the ranks 0 and 1/2
        if scale == "exponential":
            return _ready(transforms.exponential(ranks, self.n), "rank", mean)
        if scale == "rank":
            return _ready((self.n + 1.0 - ranks) * (100.0 / self.n), "rank", mean)
        return _ready(ndtri((self.n + 1.0 - ranks) / (self.n + 1.0)), "normal", mean)


def scores(
    scaler: Scaler, plan: Plan, scales: Sequence[str], means: Sequence[Mean]
) -> Iterator[Floats]:
    """Yield the overall scores (n_areas,) of each draw, up to what does not change their order."""
    for draw in range(len(plan.base)):
        scale, mean = scales[plan.scale[draw]], means[plan.mean[draw]]
        if scale == "none":
            mean = "arithmetic"  # scores as they are may be negative
        rows = [
            scaler.row(domain, int(version), scale, mean)
            for domain, version in enumerate(plan.version[draw])
        ]
        yield _overall(rows, plan.weights[draw], mean)


def rank(values: Floats) -> npt.NDArray[np.int32]:
    """Rank values from 1, the highest; equal values share the best rank."""
    order = np.argsort(-values)
    ordered = values[order]
    first = np.empty(len(values), dtype=bool)
    first[:1] = True
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    place = np.maximum.accumulate(np.where(first, np.arange(1, len(values) + 1), 0))
    ranks = np.empty(len(values), dtype=np.int32)
    ranks[order] = place
    return ranks


def _overall(rows: Sequence[Floats], weights: Floats, mean: Mean) -> Floats:
    """Return the mean of rows as in `combining.weighted_mean`, or its logarithm if geometric."""
    if mean != "arithmetic":
        weights = weights / weights.sum()
    total = np.zeros(len(rows[0]))
    for row, weight in zip(rows, weights, strict=True):
        total += weight * row
    if mean != "mazziotta-pareto":
        return total
    spread = np.zeros(len(total))
    for row, weight in zip(rows, weights, strict=True):
        spread += weight * (row - total) ** 2
    return total + spread / total


def _ready(values: Floats, scale: combining.Scale, mean: Mean) -> Floats:
    """Move values to where their mean can be taken; logarithms for the geometric one."""
    moved = combining.positive(pd.DataFrame({"values": values}), scale, mean)["values"].to_numpy()
    return np.asarray(np.log(moved) if mean == "geometric" else moved, dtype=float)


def drawn_events(measured: Measured, id: str, random: np.random.Generator) -> pd.Series:
    """Draw events of an indicator from what its counts leave open; missing stays missing."""
    r = measured.events[id].to_numpy(dtype=float)
    n = measured.people[id].to_numpy(dtype=float)
    known = ~np.isnan(r) & (n > 0)
    events = np.full(len(r), np.nan)
    if measured.indicators[id].part_of_denominator:
        share = random.beta(r[known] + 0.5, n[known] - r[known] + 0.5)
        events[known] = share * n[known]
    else:
        events[known] = random.gamma(r[known] + 0.5)
    return pd.Series(events, index=measured.events.index)
