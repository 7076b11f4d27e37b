"""Prevention: what an intervention costs and saves, whom, where and when, in whole pence.

In: an `Intervention` and the people it is for by small area. Out: `Appraisal`: who pays, who saves
and what can be cashed by small area, agency and year, each year and agency adding up.

    reached(t)   = people x share x rate x build_up(t)
    cost(t)      = [reached(t) a person + a year + once] (1 + optimism in cost)
    active(y)    = sum of reached(t) with  t + lag <= y < t + lag + lasts
    avoided(y)   = active(y) x events a person x reduction x (1 - optimism in effect)
    saved(y)     = avoided(y) x unit cost;   cash(y) = saved(y) x cashable, from a stated year on
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from budgets.errors import PenceLost
from budgets.money import MAX_PENCE, Float64, Int64, largest_remainder
from budgets.need import check_people
from budgets.prevention_errors import NobodyEligible
from budgets.prevention_file import Avoided, Cost, Intervention
from budgets.sharing import exact_sum

PEOPLE = "people (health)"
Values = Mapping[str, float | Float64]


@dataclass(frozen=True, eq=False)
class Item:
    """One line of cost or saving by year and area.

    Attributes
    ----------
    id, kind, agency
        `cost`, `money` or `health`; who pays or saves, `PEOPLE` for health.
    pence
        int64 (n_years, n_areas): paid, saved, or worth.
    cash
        int64, same shape: the part that can be cashed; 0 for costs and health.
    events
        float64 (n_years): how many are avoided; empty for costs.
    """

    id: str
    kind: str
    agency: str
    pence: Int64
    cash: Int64
    events: Float64


@dataclass(frozen=True, eq=False)
class Appraisal:
    """What an intervention costs and saves.

    Attributes
    ----------
    intervention
        With the figures that were used.
    eligible
        float64 by area: people who are eligible.
    reached
        float64 (n_years): people reached in each year.
    items
        Costs first, then what is avoided, in the order of the file.
    """

    intervention: Intervention
    eligible: pd.Series
    reached: Float64
    items: tuple[Item, ...]

    @property
    def years(self) -> int:
        """Years looked at; year 1 is the first of the intervention."""
        return self.intervention.method.horizon_years

    def by_year(self) -> pd.DataFrame:
        """Return a row for each year, agency and item: paid, saved, cashable, worth in pence."""
        rows = [
            {
                "year": year + 1,
                "agency": item.agency,
                "item": item.id,
                **_columns(item, int(item.pence[year].sum()), int(item.cash[year].sum())),
                "events_avoided": float(item.events[year]) if len(item.events) else 0.0,
            }
            for item in self.items
            for year in range(self.years)
        ]
        return pd.DataFrame(rows)

    def by_agency(self) -> pd.DataFrame:
        """Return what each agency pays, saves, can cash and is left with over all years."""
        table = self.by_year().groupby("agency", sort=False)[list(_MONEY)].sum()
        return table.assign(net_pence=table["saved_pence"] - table["paid_pence"])

    def by_area(self) -> pd.DataFrame:
        """Return eligible people and pence by area over all years."""
        table = pd.DataFrame({"eligible": self.eligible})
        for name in _MONEY:
            table[name] = np.zeros(len(self.eligible), np.int64)
        for item in self.items:
            for name, pence in _columns(
                item, item.pence.sum(axis=0), item.cash.sum(axis=0)
            ).items():
                table[name] += pence
        return table

    def cells(self) -> pd.DataFrame:
        """Return a row for each year, agency, item and area with money."""
        parts = []
        codes = self.eligible.index
        for item in self.items:
            year, area = np.nonzero(item.pence)
            columns = _columns(item, item.pence[year, area], item.cash[year, area])
            keys = {"year": year + 1, "agency": item.agency, "item": item.id}
            parts.append(pd.DataFrame({**keys, "area_code": codes[area], **columns}))
        return pd.concat(parts, ignore_index=True)


_MONEY = ("paid_pence", "saved_pence", "cashable_pence", "worth_pence")


def appraise(intervention: Intervention, group: pd.Series) -> Appraisal:
    """Work out who pays and who saves by small area, agency and year.

    Parameters
    ----------
    group
        People (or homes) of the group by area, 0 or more, of which `eligible.share` is eligible.

    Returns
    -------
    `Appraisal`. Each item of each year is rounded to whole pence once and shared over areas by
    where the eligible live (largest remainder, ties to the smaller code).

    Raises
    ------
    PeopleNotUsable, NobodyEligible, AmountTooLarge
    """
    people = check_people(group)
    if exact_sum(people) == 0:
        raise NobodyEligible(intervention.eligible.counted_in)
    values: Values = {key: figure.value for key, figure in intervention.figures()}
    flows = project(intervention, values, exact_sum(people))
    order = np.argsort(group.index.to_numpy(dtype=object), kind="stable")

    def spread(pounds: Float64) -> Int64:
        totals = np.array([_pence(x) for x in pounds], np.int64)
        cells = np.zeros((len(totals), len(people)), np.int64)
        for year, total in enumerate(totals):
            cells[year, order] = largest_remainder(total, people[order])
        if not np.array_equal(cells.sum(axis=1), totals):
            raise PenceLost("prevention", found=[intervention.intervention.id])
        return cells

    items = []
    for cost in intervention.cost:
        pence = spread(flows.cost[cost.id])
        items.append(Item(cost.id, "cost", cost.payer, pence, np.zeros_like(pence), np.zeros(0)))
    for item in intervention.avoided:
        pence = spread(flows.saved[item.id])
        cash = _cash(pence, flows.saved[item.id], flows.cash[item.id], order)
        agency = item.saves if item.kind == "money" else PEOPLE
        items.append(Item(item.id, item.kind, agency, pence, cash, flows.events[item.id]))
    eligible = pd.Series(people * float(values["eligible.share"]), group.index, name="eligible")
    return Appraisal(intervention, eligible, flows.reached, tuple(items))


@dataclass(frozen=True, eq=False)
class Flows:
    """Sums over all areas, float64 (..., n_years): people, pounds and events."""

    reached: Float64
    cost: dict[str, Float64]
    saved: dict[str, Float64]
    cash: dict[str, Float64]
    events: dict[str, Float64]


def project(intervention: Intervention, values: Values, group: float) -> Flows:
    """Carry people to money over the years by the formulas of this module.

    Parameters
    ----------
    values
        Every figure by key: a number, or float64 (n_draws, 1) for many draws at once.
    group
        People of the whole group.
    """
    years = intervention.method.horizon_years
    built = np.zeros(years)
    built[: len(intervention.reach.build_up)] = intervention.reach.build_up
    rate = np.asarray(values["reach.rate"])
    if not intervention.reach.again:
        # Draws above the value must not reach anybody twice.
        rate = np.minimum(rate, 1 / max(built.sum(), 1e-12))
    reached = group * np.asarray(values["eligible.share"]) * rate * built
    dearer = 1 + np.asarray(values["method.optimism_cost"])
    runs = (np.arange(years) < len(intervention.reach.build_up)).astype(np.float64)
    costs = {c.id: _cost(c, values, reached, runs) * dearer for c in intervention.cost}
    weaker = 1 - np.asarray(values["method.optimism_effect"])
    events, saved, cash = {}, {}, {}
    for item in intervention.avoided:
        key = f"avoided.{item.id}"
        risk = np.asarray(values[f"{key}.per_person"]) * np.asarray(values[f"{key}.reduction"])
        events[item.id] = (reached @ _window(item, years)) * risk * weaker
        saved[item.id] = events[item.id] * values[f"{key}.unit_cost"]
        ready = (np.arange(years) >= item.cashable_after).astype(np.float64)
        cash[item.id] = saved[item.id] * values.get(f"{key}.cashable", 0.0) * ready
    return Flows(reached, costs, saved, cash, events)


def _cost(cost: Cost, values: Values, reached: Float64, runs: Float64) -> Float64:
    first = np.zeros(len(runs))
    first[0] = 1.0
    return (
        reached * values.get(f"cost.{cost.id}.per_person", 0.0)
        + runs * values.get(f"cost.{cost.id}.per_year", 0.0)
        + first * values.get(f"cost.{cost.id}.once", 0.0)
    )


def _window(item: Avoided, years: int) -> Float64:
    """Return 1 where people reached in year t (row) still feel the effect in year y (column)."""
    t, y = np.indices((years, years))
    begins = t + item.lag_years
    return ((begins <= y) & (y < begins + item.lasts_years)).astype(np.float64)


def _cash(pence: Int64, saved: Float64, cash: Float64, order: npt.NDArray[np.intp]) -> Int64:
    """Take the cashable part of each year from where money is saved; never more than is saved."""
    found = np.zeros_like(pence)
    for year, row in enumerate(pence):
        part = cash[year] / saved[year] if saved[year] > 0 else 0.0
        total = min(_pence(part * row.sum() / 100), int(row.sum()))
        if total:
            given = np.minimum(largest_remainder(total, row[order].astype(np.float64)), row[order])
            # Weights beyond 2^40 are counted in coarser steps: what was cut goes where room is.
            room = np.cumsum(row[order] - given)
            more = np.minimum(room, total - int(given.sum()))
            found[year, order] = given + np.diff(more, prepend=0)
    return found


def _pence(pounds: float) -> int:
    """Round pounds to whole pence; what is too large is left to `largest_remainder` to refuse."""
    return round(min(float(pounds) * 100, 10.0 * MAX_PENCE))


def _columns(item: Item, pence: int | Int64, cash: int | Int64) -> dict[str, int | Int64]:
    nothing = pence * 0
    return {
        "paid_pence": pence if item.kind == "cost" else nothing,
        "saved_pence": pence if item.kind == "money" else nothing,
        "cashable_pence": cash,
        "worth_pence": pence if item.kind == "health" else nothing,
    }
