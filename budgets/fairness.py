"""Fairness: does money go where need is, and how unequal is it?

In: money, people and need scores by area. Out: concentration index with an interval, horizontal
inequity, Gini, Theil between and within groups, slope index, and curves as data.

Money that was split by need looks fair because it was assumed so. `assess` therefore uses only
streams whose split is recorded (grades A to C), and gives no figure where they are less than half.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from budgets.errors import FiguresNotUsable, NothingToShareBy
from budgets.honesty import RECORDED, recorded
from budgets.ledger import Ledger
from budgets.money import Float64
from budgets.need import check_range, in_order
from budgets.sharing import figures

__all__ = [
    "RECORDED", "Estimate", "Fairness", "Slope", "Theil", "assess", "concentration_curve",
    "concentration_index", "gini", "horizontal_inequity", "money_by_grade", "slope_index", "theil",
]  # fmt: skip


@dataclass(frozen=True)
class Estimate:
    """A figure with its standard error and interval, from n areas."""

    value: float
    standard_error: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, eq=False)
class Theil:
    """Theil's T: `total = between + within`; `groups` holds money, people and T of each group."""

    total: float
    between: float
    within: float
    groups: pd.DataFrame

    @property
    def between_share(self) -> float:
        """Part of the inequality that lies between the groups; 0 where there is none at all."""
        return self.between / self.total if self.total > 0 else 0.0


@dataclass(frozen=True, eq=False)
class Slope:
    """Slope index of inequality.

    Attributes
    ----------
    slope
        Money a head of the least deprived end less that of the most deprived end, on the line
        fitted; below 0 where the deprived get more.
    intercept
        Money a head at the most deprived end of the line.
    relative
        Slope by mean money a head.
    """

    slope: Estimate
    intercept: float
    relative: float


@dataclass(frozen=True, eq=False)
class Fairness:
    """Fairness of the recorded money of a ledger, or the reason why there is no figure.

    Attributes
    ----------
    by_grade
        Gross pence and share of the money by grade, A to G.
    recorded_share
        Share of the gross money at grades A to C.
    reason
        Why there is no figure; empty where there is one.
    spend, need, inequity
        Concentration indexes of spend and of need, and the first less the second.
    gini
        Of recorded money a head.
    """

    by_grade: pd.DataFrame
    recorded_share: float
    reason: str
    spend: Estimate | None = None
    need: Estimate | None = None
    inequity: Estimate | None = None
    gini: float | None = None


def concentration_index(
    amounts: pd.Series, people: pd.Series, scores: pd.Series, *, confidence: float = 0.95
) -> Estimate:
    """Measure how far money leans to the more or the less deprived.

    `C = 2 cov_w(y, R) / mean(y)` with y money a head, weighted by people, and R the mid-point of
    the cumulative share of people, counted from the most deprived. C < 0 favours the deprived, -1
    and 1 are the ends. Areas with the same score share one R. The interval is that of Kakwani,
    Wagstaff and van Doorslaer (1997) for grouped data, with areas as the sample.

    Parameters
    ----------
    amounts
        Money by area, 0 or more. Areas without people are left out.
    people
        People by area.
    scores
        Need scores, higher is more deprived.

    Raises
    ------
    FiguresNotUsable
        A figure is negative or missing.
    NothingToShareBy
        There is no money, or nobody.
    """
    data = _Sorted.of(amounts, people, scores)
    return _estimate(data.influence(), data.share, confidence)


def horizontal_inequity(
    amounts: pd.Series,
    needs: pd.Series,
    people: pd.Series,
    scores: pd.Series,
    *,
    confidence: float = 0.95,
) -> Estimate:
    """Return the concentration index of money less that of need.

    0: money leans as need does; above 0: the deprived get less than their need. The interval
    allows for both being measured on the same areas.

    Parameters
    ----------
    needs
        Need by area as a quantity (people counted by need, clients), 0 or more.
    """
    aligned = pd.Series(figures(needs, "needs", amounts.index), amounts.index)
    spend, need = _Sorted.of(amounts, people, scores), _Sorted.of(aligned, people, scores)
    return _estimate(spend.influence() - need.influence(), spend.share, confidence, offset=0.0)


def concentration_curve(amounts: pd.Series, people: pd.Series, scores: pd.Series) -> pd.DataFrame:
    """Return cumulative shares of people and of money, from the most deprived, as data.

    One row for nought and one for each distinct score: `people_share, amount_share`, 0 to 1.
    """
    data = _Sorted.of(amounts, people, scores)
    last = np.append(np.flatnonzero(np.diff(data.group)), len(data.group) - 1)
    people_share = np.cumsum(data.share)[last]
    amount_share = np.cumsum(data.amount / data.amount.sum())[last]
    return pd.DataFrame(
        {
            "people_share": np.concatenate([[0.0], people_share]),
            "amount_share": np.concatenate([[0.0], amount_share]),
        }
    )


def gini(amounts: pd.Series, people: pd.Series) -> float:
    """Measure how unequal money a head is, whoever has it: 0 equal, towards 1 all in one area.

    The concentration index of money a head against its own rank.
    """
    money, head_count = figures(amounts, "amounts"), figures(people, "people", amounts.index)
    a_head = np.full(len(money), np.nan)
    np.divide(money, head_count, out=a_head, where=head_count > 0)
    # The rank counts from the highest score: lowest money a head first.
    score = pd.Series(np.where(head_count > 0, -a_head, 0.0), amounts.index)
    return concentration_index(amounts, people, score).value


def theil(amounts: pd.Series, people: pd.Series, groups: pd.Series | None = None) -> Theil:
    """Measure inequality of money a head, and how much of it lies between groups.

    `T = sum_g y_g ln(y_g / p_g) + sum_g y_g T_g` with shares y of money and p of people.

    Parameters
    ----------
    groups
        Group of each area, such as its ward or district; without it all areas are one group.
    """
    money, head_count = figures(amounts, "amounts"), figures(people, "people", amounts.index)
    label = np.zeros(len(money), dtype=object)
    if groups is not None:
        label = groups.reindex(amounts.index).to_numpy(dtype=object)
        without = pd.isna(label)
        if without.any():
            raise FiguresNotUsable("groups", found=amounts.index[without], detail="no group")
    lived_in = head_count > 0
    if money[lived_in].sum() == 0:
        raise NothingToShareBy("amounts", detail="there is no money where people live")
    y = money[lived_in] / money[lived_in].sum()
    p = head_count[lived_in] / head_count.sum()
    at, names = pd.factorize(label[lived_in], sort=True)
    y_group = np.bincount(at, weights=y).astype(np.float64)
    p_group = np.bincount(at, weights=p).astype(np.float64)
    y_within = np.divide(y, y_group[at], out=np.zeros_like(y), where=y_group[at] > 0)
    of_group = np.bincount(at, weights=_entropy(y_within, p / p_group[at]))
    between, within = float(_entropy(y_group, p_group).sum()), float(y_group @ of_group)
    columns = {"money_share": y_group, "people_share": p_group, "theil": of_group}
    table = pd.DataFrame(columns, index=pd.Index(names, name="group"))
    return Theil(between + within, between, within, table)


def slope_index(
    amounts: pd.Series, people: pd.Series, scores: pd.Series, *, confidence: float = 0.95
) -> Slope:
    """Fit a line of money a head on the relative rank of deprivation.

    With share of people a and rank R, `y sqrt(a)` is regressed on `sqrt(a)` and `R sqrt(a)` without
    intercept, which is least squares weighted by people. The interval is Student's t on n - 2.
    """
    data = _Sorted.of(amounts, people, scores)
    n = len(data.share)
    root = np.sqrt(data.share)
    design = np.stack([root, data.rank * root], axis=1)
    inverse = np.linalg.pinv(design.T @ design)
    intercept, slope = inverse @ design.T @ (data.a_head * root)
    residual = (data.a_head - intercept - slope * data.rank) * root
    error = np.inf
    reach = np.inf
    if n > 2:
        error = float(np.sqrt(residual @ residual / (n - 2) * inverse[1, 1]))
        reach = float(stdtrit(n - 2, (1 + confidence) / 2)) * error
    estimate = Estimate(float(slope), error, float(slope - reach), float(slope + reach), n)
    return Slope(estimate, float(intercept), float(slope / data.mean))


def money_by_grade(streams: pd.DataFrame) -> pd.DataFrame:
    """Return gross pence and share of the money by grade, A to G.

    Gross counts income and spending alike, without their signs, so that a negative line does not
    hide how much of the picture is assumed.
    """
    gross = streams["amount_pence"].abs().groupby(streams["grade"].astype(object)).sum()
    gross = gross.reindex(list("ABCDEFG"), fill_value=0).astype(np.int64).rename("gross_pence")
    whole = int(gross.sum())
    share = gross / whole if whole else gross.astype(np.float64)
    return pd.DataFrame({"gross_pence": gross, "share": share}).rename_axis("grade")


def assess(
    ledger: Ledger, *, people: pd.Series, scores: pd.Series, needs: pd.Series | None = None
) -> Fairness:
    """Assess the fairness of a ledger on the money whose split is recorded, inside the place.

    Parameters
    ----------
    people, scores
        By base area; scores higher is more deprived.
    needs
        Need as a quantity by base area, for horizontal inequity; without it there is none.

    Returns
    -------
    Fairness
        Without figures, and with the reason, where less than half of the money is at grades A to C.
    """
    table = money_by_grade(ledger.streams)
    known = recorded(ledger)
    share = known.share
    if not known.rankable:
        return Fairness(table, share, known.reason)
    inside = ledger.inside
    areas = ledger.areas[inside]
    money = known.pence[inside]
    below = int((money < 0).sum())
    if below:
        reason = (
            f"In {below:,} areas the recorded money is below nought after income, so that it "
            "cannot be compared with need."
        )
        return Fairness(table, share, reason)
    count = pd.Series(in_order(people, ledger.areas, where="people")[inside], areas)
    score = pd.Series(in_order(scores, ledger.areas, where="scores")[inside], areas)
    spend = concentration_index(money, count, score)
    need = inequity = None
    if needs is not None:
        quantity = pd.Series(in_order(needs, ledger.areas, where="needs")[inside], areas)
        need = concentration_index(quantity, count, score)
        inequity = horizontal_inequity(money, quantity, count, score)
    return Fairness(table, share, "", spend, need, inequity, gini(money, count))


@dataclass(frozen=True, eq=False)
class _Sorted:
    """Areas with people, from the most deprived; `group` numbers the distinct scores."""

    amount: Float64
    share: Float64
    a_head: Float64
    group: np.ndarray
    rank: Float64

    @classmethod
    def of(cls, amounts: pd.Series, people: pd.Series, scores: pd.Series) -> _Sorted:
        money, head_count = figures(amounts, "amounts"), figures(people, "people", amounts.index)
        score = in_order(scores, amounts.index, where="scores")
        lived_in = head_count > 0
        missing = lived_in & ~np.isfinite(score)
        if missing.any():
            raise FiguresNotUsable("scores", found=amounts.index[missing], detail="no score")
        money, head_count, score = money[lived_in], head_count[lived_in], score[lived_in]
        if money.sum() == 0:
            raise NothingToShareBy("amounts", detail="there is no money where people live")
        order = np.argsort(-score, kind="stable")
        money, head_count, score = money[order], head_count[order], score[order]
        share = head_count / head_count.sum()
        group = np.cumsum(np.diff(score, prepend=score[0]) != 0)
        of_group = np.bincount(group, weights=share)
        rank = (np.cumsum(of_group) - of_group / 2)[group]
        return cls(money, share, money / head_count, group, rank)

    @property
    def mean(self) -> float:
        return float(self.share @ self.a_head)

    def influence(self) -> Float64:
        """Return `a_i`, whose mean is 1 + C and whose spread gives the variance of C."""
        money = np.bincount(self.group, weights=self.share * self.a_head / self.mean)
        after = np.cumsum(money)
        both = (2 * after - money)[self.group]
        relative = self.a_head / self.mean
        value = 2 * float((self.share * relative * self.rank).sum()) - 1
        return relative * (2 * self.rank - 1 - value) + 2 - both


def _estimate(
    influence: Float64, share: Float64, confidence: float, *, offset: float = 1.0
) -> Estimate:
    """Return the mean of the influences less the offset, with its interval."""
    check_range("confidence", confidence, 0.5, 0.9999)
    n = len(influence)
    mean = float((share * influence).sum())
    value = mean - offset
    error = float(np.sqrt((share * (influence - mean) ** 2).sum() / n))
    reach = NormalDist().inv_cdf((1 + confidence) / 2) * error
    return Estimate(value, error, value - reach, value + reach, n)


def _entropy(money: Float64, people: Float64) -> Float64:
    """Return `y ln(y / p)`, 0 where there is no money."""
    ratio = np.divide(money, people, out=np.ones_like(money), where=money > 0)
    return money * np.log(ratio)
