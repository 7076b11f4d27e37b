"""Resources against needs: money a person against need, overlaps, gaps, and what closing one costs.

In: the ledger at a level, people and need of its areas, and which programmes work there. Out: one
row an area and theme with money a person, recorded and assumed apart; classes of need and money;
the distance from a target by need and the pounds it would take; overlaps and gaps of programmes.

Money that was split by need matches need because we assumed so. Only money at grades A to C is
classed and compared with a target, and none where that is less than half (`budgets.honesty`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import pandas as pd

from budgets.honesty import LABEL, recorded
from budgets.ledger import Level
from budgets.money import Float64, Int64, largest_remainder
from budgets.need import in_order, need_weighted
from budgets.need_measures import Measure, need_weights

ALL_THEMES = "all themes"
CLASSES = 3
COLUMNS = (
    "area_code", "theme", "people", "need", "recorded_pence", "assumed_pence", "spent_pence",
    "recorded_per_person", "assumed_per_person", "need_class", "money_class", "pair",
    "target_pence", "distance", "to_target_pence", "note",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Resources:
    """Money against need at one level.

    Attributes
    ----------
    level
        Layer id.
    table
        One row a theme and area (`COLUMNS`): pence and pence a person of recorded (A to C),
        assumed (D, E) and spent-here (F) money; classes 1 (low) to 3 (high) of need and of recorded
        money a person, and both as `need-money`; target, distance from it and pence that lack. What
        may not be compared is missing, and `note` says why.
    reasons
        Theme -> why its money is not ranked, for themes that are not.
    shares
        Theme -> share of its money that is recorded.
    """

    level: str
    table: pd.DataFrame
    reasons: dict[str, str]
    shares: dict[str, float]

    def worst(self, theme: str, *, most: int = 5) -> pd.DataFrame:
        """Return the areas furthest below target a person, largest lack first; none if unranked."""
        rows = self.table[self.table["theme"] == theme]
        rows = rows[rows["to_target_pence"].fillna(0) > 0]
        a_head = rows["to_target_pence"].astype("float64") / rows["people"]
        return rows.loc[a_head.sort_values(ascending=False, kind="stable").index[:most]]


def resources(
    level: Level,
    *,
    people: pd.Series,
    need: pd.Series,
    keep: pd.Series | None = None,
    need_weight: float = 0.5,
    neediest_per_head: float = 3.0,
    measures: Mapping[str, Measure] | None = None,
) -> Resources:
    """Set money against need for every area of a level and every theme.

    Need and recorded money a person are classed by thirds of the people (areas alike share a
    class). The target of an area is its share of the theme's recorded money by
    `need.need_weighted`, in whole pence, so that targets add up to what there is. `distance` is
    `amount/target - 1`. [classes: own; distance: common]

    Parameters
    ----------
    people, need
        By area of the level; need higher is needier, missing where nobody lives.
    keep
        bool by area: the areas that are looked at, such as those of the place; all by default.
    need_weight, neediest_per_head
        How strongly the target follows need; see `need.need_weighted`.
    measures
        Theme -> the measure of need of its money, by area of the level, in place of `need`. A count
        of clients is followed as it is, and read a head where areas are classed.

    Raises
    ------
    ParameterOutOfRange, NeedMissing, FiguresNotUsable, and of `boundaries.checks.align`.
    """
    count = in_order(people, level.areas, where="people")
    score = in_order(need, level.areas, where="need")
    chosen = count > 0
    if keep is not None:
        chosen &= keep.reindex(level.areas, fill_value=False).to_numpy(dtype=bool)
    areas = level.areas[chosen]
    by_need = _thirds(score[chosen], count[chosen])
    share = np.zeros(len(areas))
    if len(areas) and np.isfinite(score[chosen]).all():
        share = need_weighted(
            pd.Series(count[chosen], areas),
            pd.Series(score[chosen], areas),
            need_weight=need_weight,
            neediest_per_head=neediest_per_head,
        ).to_numpy()
    themes = level.streams["theme"]
    wanted = [ALL_THEMES, *(theme for theme in dict.fromkeys(themes) if theme)]
    book = _counted(level)
    parts, reasons, shares = [], {}, {}
    for theme in wanted:
        only = None if theme == ALL_THEMES else themes == theme
        found = recorded(book, only=only)
        shares[theme] = found.share
        if not found.rankable:
            reasons[theme] = found.reason
        pence = [
            series.to_numpy()[chosen]
            for series in (found.pence, found.assumed_pence, found.spent_pence)
        ]
        facts = (areas, count[chosen], score[chosen], by_need, share)
        if measures is not None and theme in measures:
            how = (need_weight, neediest_per_head)
            facts = _by_measure(measures[theme], level.areas, chosen, count[chosen], how)
        parts.append(_theme(theme, facts, pence, found.rankable))
    table = pd.concat(parts, ignore_index=True)[list(COLUMNS)]
    return Resources(str(level.areas.name), table, reasons, shares)


def overlaps(at_work: pd.DataFrame) -> pd.DataFrame:
    """Return where several programmes of one theme work in one area, most people twice first.

    Parameters
    ----------
    at_work
        What `programmes.at_level` returns.
    """
    found = at_work[(at_work["programmes"] > 1) & (at_work["twice"] > 0)]
    return found.sort_values("twice", ascending=False, kind="stable").reset_index(drop=True)


def gaps(at_work: pd.DataFrame, *, people: pd.Series, need: pd.Series) -> pd.DataFrame:
    """Return areas of high need (the neediest third of the people) without a programme of a theme.

    Columns `area_code, theme, people, need, need_class, covered`, neediest area first.
    """
    known = pd.DataFrame({"people": people, "need": need}).astype("float64")
    known = known[(known["people"] > 0) & known["need"].notna()]
    known["need_class"] = _thirds(known["need"].to_numpy(), known["people"].to_numpy())
    joined = at_work.join(known, on="area_code", how="inner")
    found = joined[(joined["programmes"] == 0) & (joined["need_class"] == CLASSES)]
    columns = ["area_code", "theme", "people", "need", "need_class", "covered"]
    ordered = found.sort_values("need", ascending=False, kind="stable")
    return ordered[columns].reset_index(drop=True)


def _by_measure(
    measure: Measure,
    areas: pd.Index,
    chosen: np.ndarray,
    people: Float64,
    need: tuple[float, float],
) -> tuple[pd.Index, Float64, Float64, Int64, Float64]:
    """Return areas, people, need, its class and the target shares by the measure of one theme."""
    values = in_order(measure.values, areas, where=measure.name)[chosen]
    score = values if measure.high_is_need else -values
    if measure.kind == "clients":
        score = values / people
    share = np.zeros(len(people))
    if len(people) and np.isfinite(values).all() and (measure.kind != "clients" or values.any()):
        here = areas[chosen]
        share = need_weights(
            replace(measure, values=pd.Series(values, here)),
            pd.Series(people, here),
            need_weight=need[0],
            neediest_per_head=need[1],
        ).to_numpy()
    return areas[chosen], people, score, _thirds(score, people), share


def _theme(
    theme: str,
    facts: tuple[pd.Index, Float64, Float64, Int64, Float64],
    pence: list[Int64],
    rankable: bool,
) -> pd.DataFrame:
    """Return the rows of one theme; what may not be ranked is left missing."""
    areas, people, need, need_class, share = facts
    known, assumed, spent = pence
    a_head = known / people
    table = pd.DataFrame(
        {
            "area_code": areas.astype("str"),
            "theme": theme,
            "people": people,
            "need": need,
            "recorded_pence": known,
            "assumed_pence": assumed,
            "spent_pence": spent,
            "recorded_per_person": a_head,
            "assumed_per_person": assumed / people,
            "need_class": pd.array(need_class, dtype="Int64"),
        }
    )
    table.loc[table["need"].isna(), "need_class"] = pd.NA
    table["money_class"] = pd.array([pd.NA] * len(areas), dtype="Int64")
    table["target_pence"] = pd.array([pd.NA] * len(areas), dtype="Int64")
    table["to_target_pence"] = pd.array([pd.NA] * len(areas), dtype="Int64")
    table["distance"] = np.nan
    table["pair"] = ""
    table["note"] = np.where(assumed != 0, LABEL, "")
    total = int(known.sum())
    # Below nought somewhere (an income was recorded there), money has no share of need.
    if rankable and total > 0 and share.any() and (known >= 0).all():
        target = largest_remainder([total], share)
        table["money_class"] = pd.array(_thirds(a_head, people), dtype="Int64")
        table["pair"] = [
            f"{a}-{b}" for a, b in zip(table["need_class"], table["money_class"], strict=True)
        ]
        table["target_pence"] = pd.array(target, dtype="Int64")
        table["to_target_pence"] = pd.array(np.maximum(target - known, 0), dtype="Int64")
        table["distance"] = np.divide(
            known, target, out=np.full(len(areas), np.nan), where=target > 0
        ) - np.where(target > 0, 1.0, 0.0)
    return table


def _thirds(values: Float64, people: Float64) -> Int64:
    """Return the class 1 to 3 of each area: the third of the people in which its middle lies.

    Areas with the same value share the middle of all of them; a missing value is in class 1.
    """
    filled = np.where(np.isfinite(values), values, -np.inf)
    distinct, at = np.unique(filled, return_inverse=True)
    of_value = np.bincount(at, weights=people, minlength=len(distinct))
    whole = of_value.sum()
    if whole == 0:
        return np.ones(len(values), np.int64)
    middle = (np.cumsum(of_value) - of_value / 2) / whole
    return np.minimum(np.floor(middle[at] * CLASSES).astype(np.int64) + 1, CLASSES)


@dataclass(frozen=True, eq=False)
class _Each:
    """The money of a level that overlaps itself, counted in each area as its people are."""

    streams: pd.DataFrame
    areas: pd.Index
    pence: Int64


def _counted(level: Level) -> Level:
    if level.counted_in_each is None:
        return level
    return cast(Level, _Each(level.streams, level.areas, level.counted_in_each))
