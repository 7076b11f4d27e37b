"""Need-weighted populations, the need index of a part, and the area-fund template.

In: people by age, need, area cost; money with fixed elements. Out: weighted people that add up to
the people there are, indices around 1, and shares in which the factor a head is seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from budgets.errors import NeedMissing, NothingToShareBy
from budgets.money import Float64, format_pounds
from budgets.need import check_people, check_range, in_order
from budgets.need_errors import FixedTooHigh, PartMissing, SharesNotWhole, WeightsDoNotFit
from budgets.need_population import Population, same_basis
from budgets.sharing import Shared, exact_sum, figures, shared, total_of


def weighted_population(
    people: pd.DataFrame | pd.Series,
    *,
    age_cost: Mapping[str, float] | None = None,
    need: pd.Series | None = None,
    area_cost: pd.Series | None = None,
) -> pd.DataFrame:
    """Weigh people by age, additional need and area cost: `WP = pop x age x need x cost`.

    `raw_i = sum_g(p_ig c_g) n_i m_i` and `WP_i = raw_i sum(p) / sum(raw)`, so that the weighted
    people add up to the people. Each index is the factor against the average person: `age_index`
    is `(sum_g p_ig c_g / p_i) / (sum p c / sum p)`, and so on; an area without people has 1.

    Parameters
    ----------
    people
        float (n_areas, n_bands) by age band, or (n_areas) without ages.
    age_cost
        Relative cost of a person of each band.
    need
        Additional need a head beyond age, 0 or more: 1.2 needs a fifth more.
    area_cost
        Unavoidable cost of the same service in each area, above 0: 1.05 is 5 % dearer.

    Returns
    -------
    By area: `people`, `age_index`, `need_index`, `cost_index`, `weighted_people`, `index`
    (weighted people for each person).

    Raises
    ------
    PeopleNotUsable, WeightsDoNotFit, FiguresNotUsable, NothingToShareBy
    NeedMissing
        An area with people has no figure of need or cost.
    """
    bands = people.to_frame("all") if isinstance(people, pd.Series) else people
    count = np.stack([check_people(bands[band]) for band in bands], axis=1)
    cost = _age_costs(bands.columns, age_cost)
    each = count.sum(axis=1)
    if not each.any():
        raise NothingToShareBy("people", detail="nobody lives in any of the areas")
    factors = {
        "age_index": np.divide(count @ cost, each, out=np.ones(len(each)), where=each > 0),
        "need_index": _factor(need, each, bands.index, "need"),
        "cost_index": _factor(area_cost, each, bands.index, "area_cost"),
    }
    raw = each * factors["age_index"] * factors["need_index"] * factors["cost_index"]
    if exact_sum(raw) == 0:
        raise NothingToShareBy("weighted people", found=bands.index)
    table = pd.DataFrame({"people": each}, index=bands.index)
    for name, factor in factors.items():
        mean = exact_sum(each * factor) / exact_sum(each)
        table[name] = np.where(each > 0, factor / mean, 1.0)
    table["weighted_people"] = raw * (exact_sum(each) / exact_sum(raw))
    table["index"] = np.divide(
        table["weighted_people"], each, out=np.ones(len(each)), where=each > 0
    )
    return table


def need_index(weighted: Population, people: Population, *, parts: pd.Series) -> pd.DataFrame:
    """Compare each part with the whole: `(WP_part / pop_part) / (WP_whole / pop_whole)`.

    Parameters
    ----------
    weighted, people
        Weighted and plain people of the same areas, on one basis.
    parts
        Text by area: the part (an ICB, a district) it belongs to.

    Returns
    -------
    By part, sorted: `people`, `weighted_people`, `share` (of the weighted whole), `need_index`.
    Shares and indices only: a weighted population is not a number of residents.

    Raises
    ------
    BasisMixed
        One is about registered people and the other about residents.
    PartMissing
    """
    same_basis("need index", weighted.basis, people.basis)
    index = people.people.index
    count = check_people(people.people)
    weight = in_order(weighted.people, index, where="weighted people")
    part = parts.reindex(index)
    absent = part.isna() | (part.astype("str") == "") | np.isnan(weight)
    if absent.any():
        raise PartMissing("parts", found=index[absent])
    table = pd.DataFrame({"people": count, "weighted_people": weight}, index=index)
    table = table.groupby(part.to_numpy(), sort=True).agg(exact_sum)
    table.index.name = parts.name
    whole, everybody = exact_sum(table["weighted_people"]), exact_sum(table["people"])
    if not whole or not everybody:
        raise NothingToShareBy("people", detail="the whole has nobody")
    table["share"] = table["weighted_people"] / whole
    part_index = table["weighted_people"] / table["people"].where(table["people"] > 0)
    return table.assign(need_index=part_index / (whole / everybody))


def mixed(parts: Sequence[tuple[float, pd.Series]]) -> pd.Series:
    """Mix weighted populations: `sum(part x WP)`, parts adding up to 1.

    The primary-care population of the NHS is .85 of its need and .15 of its health-inequalities
    population.

    Raises
    ------
    SharesNotWhole, FiguresNotUsable
    """
    weights = [part for part, _ in parts]
    if not parts or min(weights) < 0 or abs(sum(weights) - 1) > 1e-9:
        raise SharesNotWhole("mix", found=weights)
    index = parts[0][1].index
    total = np.zeros(len(index))
    for part, values in parts:
        total = total + part * figures(values, "weighted people", index)
    return pd.Series(total, index, name="weighted_people")


def area_fund(
    people: pd.Series,
    need: pd.Series,
    *,
    total: float,
    need_weight: float,
    fixed: float | pd.Series = 0.0,
) -> Shared:
    """Share an area fund: a fixed element for each area, the rest by people and by need.

    `x_i = F_i + (T - sum F) [a n_i p_i / sum(p n) + (1 - a) p_i / sum(p)]` with need a head n and
    need weight a.

    Parameters
    ----------
    people, need
        By area; need a head is 0 or more.
    total, fixed
        In pence; one fixed element for all areas where somebody lives, or one for each area.

    Raises
    ------
    FixedTooHigh
        The fixed elements cost more than the total; `nearest` is the factor that can be paid.
    NothingToShareBy
        Nobody lives anywhere, or need is 0 wherever somebody lives.
    """
    check_range("need_weight", need_weight, 0.0, 1.0)
    count = check_people(people)
    level = _factor(need, count, people.index, "need")
    each = fixed
    if not isinstance(each, pd.Series):
        each = pd.Series(np.where(count > 0, float(each), 0.0), people.index)
    base, whole = figures(each, "fixed", people.index), total_of(total)
    cost = exact_sum(base)
    if cost > whole * (1 + 1e-12):
        raise FixedTooHigh(
            "fixed",
            detail=f"they cost {format_pounds(round(cost))} of {format_pounds(round(whole))}; "
            f"{whole / cost:.4%} of them can be paid",
            limit="fixed",
            nearest=whole / cost,
        )
    rest = max(whole - cost, 0.0)
    by_need = exact_sum(count * level) if need_weight else 1.0
    if exact_sum(count) == 0 or by_need == 0:
        raise NothingToShareBy("people" if by_need else "need", found=people.index)
    share = (1 - need_weight) * count / exact_sum(count)
    if need_weight:
        share = share + need_weight * count * level / by_need
    return shared(base + rest * share, people.index, whole, "area fund", rest)


@dataclass(frozen=True)
class Seen:
    """What a sharing gives a head, where need is greatest and where it is least.

    Attributes
    ----------
    neediest, least
        Codes of the areas that get most and least a head.
    times
        How many times as much a head the first gets as the second; infinite where that gets none.
    times_mean
        The same against the average.
    """

    neediest: str
    least: str
    times: float
    times_mean: float

    @property
    def sentence(self) -> str:
        """The same in words."""
        return (
            f"{self.neediest} gets {self.times:.2f} times as much a head as {self.least} and "
            f"{self.times_mean:.2f} times the average."
        )


def seen(amounts: pd.Series, people: pd.Series) -> Seen:
    """Say how many times as much a head the area that gets most gets; areas with people only.

    Whatever was mixed, damped and rounded: this is the factor that came out. Ties: smaller code.

    Raises
    ------
    NothingToShareBy
        Nobody lives anywhere, or nothing was given.
    """
    count = check_people(people)
    money = figures(amounts, "amounts", people.index)
    if not (count > 0).any() or exact_sum(money[count > 0]) == 0:
        raise NothingToShareBy("people and money", detail="there is no amount a head")
    order = np.argsort(people.index.to_numpy(dtype=object), kind="stable")
    order = order[count[order] > 0]
    head = money[order] / count[order]
    most, least = int(np.argmax(head)), int(np.argmin(head))
    mean = exact_sum(money[order]) / exact_sum(count[order])
    codes = people.index[order]
    times = float(head[most] / head[least]) if head[least] > 0 else float("inf")
    return Seen(str(codes[most]), str(codes[least]), times, float(head[most] / mean))


def _age_costs(bands: pd.Index, age_cost: Mapping[str, float] | None) -> Float64:
    if age_cost is None:
        return np.ones(len(bands))
    wrong = [band for band in bands if band not in age_cost]
    wrong += [band for band in age_cost if band not in bands]
    wrong += [band for band, c in age_cost.items() if not (np.isfinite(c) and c >= 0)]
    if wrong or not any(age_cost.values()):
        raise WeightsDoNotFit("age_cost", found=wrong)
    return np.array([float(age_cost[band]) for band in bands])


def _factor(values: pd.Series | None, people: Float64, index: pd.Index, where: str) -> Float64:
    """Return a factor for each area; 1 where nobody lives and none is given."""
    if values is None:
        return np.ones(len(people))
    factor = in_order(values, index, where=where)
    unknown = (people > 0) & ~np.isfinite(factor)
    if unknown.any():
        raise NeedMissing(where, found=index[unknown])
    factor = np.where(np.isfinite(factor), factor, 1.0)
    return figures(pd.Series(factor, index), where)
