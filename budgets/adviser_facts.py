"""What is known of one service at each level, in numbers.

In: streams, the ledger, crosswalks from the base layer to the levels, people, need scores, use
flows. Out: a `Case` a service (the lines of money that one agency's level holds today), and a
`LevelFacts` for each level: people and pounds by area, reach, fit, spillover, variation of need.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from boundaries import coterminosity
from boundaries.crosswalk import Crosswalk
from budgets.adviser_measures import between_share, flow_matrix, self_containment
from budgets.adviser_services import Service, Services
from budgets.apportion import beyond_base, cover_shares
from budgets.honesty import SPENT
from budgets.ledger import Ledger
from budgets.levels import level_of
from budgets.levels_errors import FlowsNotUsable
from budgets.money import Float64
from budgets.need import in_order
from budgets.streams import ALL_AREAS, split_cover
from geo.errors import Faults

PENCE = 100.0
# An area of a level that holds less than this part of an even share is a sliver of a neighbour.
SLIVER = 0.01
# Money for nearly everybody in an area is money for the area.
WHOLE = 0.95
SEEN = ("A", "B")


@dataclass(frozen=True)
class Site:
    """A level as it may be chosen: its layer, what it is called, who answers there."""

    id: str
    title: str
    body: str


@dataclass(frozen=True, eq=False)
class Base:
    """What is known of the base areas, whatever the service.

    Attributes
    ----------
    areas
        Codes, the index named by the base layer.
    people
        People of each base area.
    inside
        bool: inside the place.
    scores
        Need scores, or None.
    flows
        `service, from_code, to_code, uses`, or None.
    tolerance
        Shortfall of a base area up to which it is rescaled to a level.
    """

    areas: pd.Index
    people: Float64
    inside: np.ndarray
    scores: Float64 | None
    flows: pd.DataFrame | None
    tolerance: float


@dataclass(frozen=True, eq=False)
class Case:
    """One service as one level holds it today.

    Attributes
    ----------
    title, service
        The streams' own word for it, and its parameters (None where none are known).
    streams
        Its lines of money; income is left out, it follows its service.
    today
        The level that holds it.
    pounds, people
        By base area: money that falls there, and the people it is for.
    income_pence
        What was left out.
    """

    title: str
    service: Service | None
    streams: pd.DataFrame
    today: str
    pounds: Float64
    people: Float64
    income_pence: int

    @property
    def agencies(self) -> list[str]:
        """Who holds the money."""
        return list(dict.fromkeys(self.streams["agency"]))

    @cached_property
    def demand_led(self) -> bool:
        """Whether the bill follows demand: as the streams say, else as the service usually is."""
        if "demand_led" in self.streams.columns and self.streams["demand_led"].astype(bool).any():
            return True
        return self.service is not None and self.service.demand_led

    @property
    def recorded(self) -> float:
        """Share of the money at grades A and B."""
        pence = self.streams["amount_pence"]
        seen = pence[self.streams["grade"].isin(SEEN)].sum()
        return float(seen) / float(pence.sum())

    @property
    def ring_fences(self) -> dict[str, int]:
        """Pence that is ring-fenced, by purpose, wherever it falls."""
        if "ring_fence" not in self.streams.columns:
            return {}
        marked = self.streams[self.streams["ring_fence"] != ""]
        pence = marked["amount_pence"]
        if "ring_fenced_pence" in marked.columns:
            stated = marked["ring_fenced_pence"]
            pence = stated.where(stated > 0, pence).clip(upper=pence)
        table = pence.groupby(marked["ring_fence"], sort=False).sum()
        return {str(purpose): int(amount) for purpose, amount in table.items()}


@dataclass(frozen=True, eq=False)
class LevelFacts:
    """One service at one level.

    Attributes
    ----------
    site
        The level.
    people, inside, pounds
        By area that holds people of the place: everybody in the pool, those in the place whom the
        money is for, and the money that falls to those.
    reached, twice
        Share of the people in the place whom the level reaches, and whom it counts twice.
    contained
        Share of uses in the user's own area; NaN where no flows are known.
    between
        Share of the variance of need between its areas; NaN where need is not known.
    fit
        Share of people in the best-matching area of the level of today, the better way round.
    joined
        Whether the people are more than those whom the money is for today, because at this level
        the money of neighbours would join it.
    size
        People of an average area, whether the money is for them or not.
    """

    site: Site
    people: Float64
    inside: Float64
    pounds: Float64
    reached: float
    twice: float
    contained: float
    between: float
    fit: float
    joined: bool = False
    size: float = 0.0

    @property
    def typical(self) -> float:
        """People of an average area."""
        return float(self.people.mean()) if len(self.people) else 0.0


def cases(
    ledger: Ledger, services: Services, base: Base, *, crosswalks: Mapping[str, Crosswalk]
) -> list[Case]:
    """Group the streams to services: the same words, held at the same level.

    A stream is known by its service, or its title where that is empty. Its people are those of the
    areas it covers. Money that is recorded where it is spent (grade F) is spread over them: a
    library serves more than the street it stands in.
    """
    streams = ledger.streams
    words = streams["service"].where(streams["service"] != "", streams["title"])
    level = level_of(streams)
    shares: dict[str, Float64] = {}
    found = []
    for (title, today), rows in streams.groupby([words, level], sort=False):
        at = streams.index.get_indexer(rows.index)
        spends = (rows["amount_pence"] > 0).to_numpy()
        if not spends.any():
            continue
        pounds, unnamed, covers = np.zeros(len(base.areas)), np.zeros(len(base.areas)), []
        for position, (_, row) in zip(at[spends], rows[spends].iterrows(), strict=True):
            pence = ledger.pence[position]
            if not pence.any():
                continue
            key = ";".join(row["covers"])
            if key not in shares:
                shares[key] = _covered(row["covers"], crosswalks, base)
            covers += row["covers"]
            count = shares[key] * base.people
            if not row["covers"]:
                # A line that follows another need not say what it covers.
                count = np.where(pence != 0, base.people, 0.0)
                unnamed = np.maximum(unnamed, count)
            spent = pence / PENCE
            pounds += spent if row["grade"] not in SPENT else spent.sum() * count / count.sum()
        named = _covered(list(dict.fromkeys(covers)), crosswalks, base) * base.people
        people = np.maximum(named, unnamed)
        found.append(
            Case(
                title=str(title),
                service=services.named(str(title)),
                streams=rows[spends],
                today=str(today),
                pounds=pounds,
                people=people,
                income_pence=int(rows["amount_pence"][~spends].sum()),
            )
        )
    return found


def _covered(covers: list[str], crosswalks: Mapping[str, Crosswalk], base: Base) -> Float64:
    """Return which share of each base area a stream covers; slivers count as none."""
    by_layer: dict[str, list[str]] = {}
    for part in covers:
        layer, code = split_cover(part)
        by_layer.setdefault(layer, []).append(code)
    total = np.zeros(len(base.areas))
    for layer, codes in by_layer.items():
        if layer == base.areas.name:
            total += np.where(base.areas.isin(codes) | (ALL_AREAS in codes), 1.0, 0.0)
        else:
            total += cover_shares(codes, crosswalks[layer], areas=base.areas)
    return np.where(total > base.tolerance, np.minimum(total, 1.0), 0.0)


def level_facts(
    case: Case, sites: Sequence[Site], crosswalks: Mapping[str, Crosswalk], base: Base
) -> list[LevelFacts]:
    """Return what is known of a service at each level, from the smallest areas to the largest."""
    flows = _flows(case, base)
    found = [_facts(case, site, crosswalks, base, flows) for site in sites]
    return sorted(
        (facts for facts in found if len(facts.people)),
        key=lambda facts: (facts.typical, facts.size, facts.site.id),
    )


def check_flows(flows: pd.DataFrame, areas: pd.Index, *, where: str) -> None:
    """Raise `FlowsNotUsable` for codes that are no base areas and for counts below nought."""
    faults = Faults(where)
    for column in ("from_code", "to_code"):
        unknown = ~flows[column].isin(areas)
        if unknown.any():
            codes = flows.loc[unknown, column].unique()
            faults.add(FlowsNotUsable(f"{where}, column {column}", found=codes))
    uses = flows["uses"].to_numpy(dtype=np.float64)
    wrong = ~(np.isfinite(uses) & (uses >= 0))
    if wrong.any():
        faults.add(FlowsNotUsable(f"{where}, column uses", found=uses[wrong]))
    faults.raise_any()


def _flows(case: Case, base: Base) -> csr_array | None:
    """Return the uses of this service by its own words, or else those of its kind as a whole."""
    if base.flows is None:
        return None
    named = base.flows["service"].str.strip().str.lower()
    mine = base.flows[named == case.title.lower()]
    if mine.empty and case.service is not None:
        mine = base.flows[named.isin([case.service.id, case.service.title])]
    return flow_matrix(mine, base.areas, base.inside) if len(mine) else None


def _facts(
    case: Case,
    site: Site,
    crosswalks: Mapping[str, Crosswalk],
    base: Base,
    flows: csr_array | None,
) -> LevelFacts:
    crosswalk = crosswalks[site.id]
    at = crosswalk.sources.get_indexer(base.areas)
    shares = crosswalk.shares(tolerance=base.tolerance, overlap="share-out")
    weights = csr_array(shares.weights[at])
    within = np.where(base.inside, case.people, 0.0)
    local = float(within.sum())
    inside = np.asarray(weights.T @ within).ravel()
    whole, joined = _pool(case, weights, crosswalks, base)
    pounds = np.asarray(weights.T @ np.where(base.inside, case.pounds, 0.0)).ravel()
    # What the base layer does not reach of an area belongs to its pool all the same.
    missing = np.minimum(beyond_base(crosswalk).to_numpy(), 0.99)
    whole = whole / np.where(missing > base.tolerance, 1.0 - missing, 1.0)
    # A border that cuts a small area cuts its money too, but the level holds all of it.
    reached = float(inside.sum())
    if reached > 0:
        inside, pounds = inside * local / reached, _to_total(pounds, case, base)
        whole = np.maximum(whole, inside)
    kept = inside > SLIVER * local / max(int((inside > 0).sum()), 1)
    return LevelFacts(
        site=site,
        people=whole[kept],
        inside=inside[kept],
        pounds=pounds[kept],
        reached=1.0 - float(within @ shares.outside[at]) / local if local else 0.0,
        twice=float(within @ np.maximum(crosswalk.extra[at], 0.0)) / local if local else 0.0,
        contained=np.nan if flows is None else self_containment(flows, weights),
        between=np.nan
        if base.scores is None
        else between_share(np.nan_to_num(base.scores), within, weights),
        fit=_fit(site.id, case.today, crosswalks, pd.Series(case.people, base.areas)),
        joined=bool(joined[kept].any()),
        size=float(np.asarray(weights.T @ base.people).ravel()[kept].mean()) if kept.any() else 0.0,
    )


def _to_total(pounds: Float64, case: Case, base: Base) -> Float64:
    """Scale the pounds of a level to what falls in the place."""
    found, whole = float(pounds.sum()), float(case.pounds[base.inside].sum())
    return pounds * whole / found if found else pounds


def _pool(
    case: Case, weights: csr_array, crosswalks: Mapping[str, Crosswalk], base: Base
) -> tuple[Float64, np.ndarray]:
    """Return who shares the risk in each area of a level, and where neighbours join.

    A district's money held by its county is pooled with that of the other districts, so that the
    pool is the whole county; but money for two estates of a district stays money for two estates.
    So all people count where the money is for everybody in the areas that hold it today. [own]
    """
    covered = np.asarray(weights.T @ case.people).ravel()
    nobody = np.zeros(len(covered), bool)
    if case.today not in crosswalks:
        return covered, nobody
    holds = crosswalks[case.today]
    shares = csr_array(holds.weights[holds.sources.get_indexer(base.areas)])
    mine = np.asarray(shares.T @ case.people).ravel()
    everybody = np.asarray(shares.T @ base.people).ravel()
    if mine.sum() < WHOLE * everybody[mine > 0].sum():
        return covered, nobody
    whole = np.asarray(weights.T @ base.people).ravel()
    return np.where(covered > 0, whole, 0.0), covered < WHOLE * whole


def _fit(level: str, today: str, crosswalks: Mapping[str, Crosswalk], people: pd.Series) -> float:
    """Return how well a level fits that of today: the better of the two ways round."""
    if level == today or today not in crosswalks or not people.any():
        return 1.0
    both = coterminosity.through_base(crosswalks[level], crosswalks[today], people)
    found = coterminosity.fit(both)
    shares = [float(way.summary["mean_largest_share"]) for way in (found.forward, found.backward)]
    return float(np.nanmax(shares))


def base_of(
    ledger: Ledger,
    *,
    people: pd.Series,
    scores: pd.Series | None,
    flows: pd.DataFrame | None,
    tolerance: float,
) -> Base:
    """Put together what is known of the base areas of a ledger."""
    areas = ledger.areas
    if flows is not None:
        check_flows(flows, areas, where="use flows")
    return Base(
        areas=areas,
        people=in_order(people, areas, where="people"),
        inside=ledger.inside,
        scores=None if scores is None else in_order(scores, areas, where="scores"),
        flows=flows,
        tolerance=tolerance,
    )
