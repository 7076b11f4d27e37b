"""Hides small counts by the rule of their source, and checks that nobody can work them out.

In: true counts by area, the rule of their source, and the totals that are published beside them.
Out: what may be shown, with a flag for every figure that the rule touched. Flags travel on to
every figure made from these counts, money included.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from scipy.optimize import linprog
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from geo.errors import Faults
from indices import inputs
from indices.errors import DisclosureRuleFault, NegativeCount, NotACount, UnplacedAreas

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

RULES = Path(__file__).parent / "parameters" / "disclosure.toml"
# What a flag says, from the least to the most that was done to a figure.
FLAGS = ("", "rounded", "hidden")
# A feasible range is found by linear programming to about this.
SLACK = 1e-6


class Rule(BaseModel):
    """How counts of one source may be shown."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(min_length=1)]
    title: str
    reference: str
    # From 0 or 1 on: a range that began higher would let small parts give a hidden total away.
    hide: tuple[Annotated[int, Field(ge=0, le=1)], Annotated[int, Field(ge=1)]] | None = None
    round_to: Annotated[int, Field(ge=1)] = 1
    candidates: Annotated[int, Field(ge=2)] = 2

    def must_hide(self, counts: Floats) -> Bools:
        """Say which counts the rule does not let anyone see."""
        if self.hide is None:
            return np.zeros(len(counts), dtype=bool)
        return (counts >= self.hide[0]) & (counts <= self.hide[1])

    def rounded(self, counts: Floats) -> Floats:
        """Round counts to the nearest multiple, halves upwards."""
        return np.floor(counts / self.round_to + 0.5) * self.round_to

    def behind(self, shown: Floats) -> tuple[Floats, Floats]:
        """Return the least and the greatest count that is shown as this figure."""
        least = np.maximum(shown - self.round_to // 2, 0.0)
        greatest = shown + (self.round_to - 1) // 2
        if self.hide is not None:
            above = shown > self.hide[0]
            least = np.where(above, np.maximum(least, self.hide[1] + 1.0), least)
            greatest = np.where(above, greatest, np.minimum(greatest, max(self.hide[0] - 1.0, 0)))
        return least, np.maximum(greatest, least)


@dataclass(frozen=True)
class Disclosed:
    """What may be shown of some counts.

    Attributes
    ----------
    values
        By area, rounded; missing where hidden or unknown.
    flag
        By area: "", "rounded" or "hidden". Which counts are hidden only to protect others is not
        said, because that would help to work those out.
    totals
        The published totals by name: one row a group with `value` and `flag`.
    hidden_first, hidden_beside
        How many counts the rule hides by itself, and how many more protect those.
    rule
        The rule applied.
    """

    values: pd.Series
    flag: pd.Series
    totals: dict[str, pd.DataFrame]
    hidden_first: int
    hidden_beside: int
    rule: Rule


@cache
def rules(path: Path = RULES) -> dict[str, Rule]:
    """Return the disclosure rules by id.

    Raises
    ------
    DisclosureRuleFault
        The file has an unknown key, a wrong value or an id used twice.
    """
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    faults = Faults(path.name)
    found: dict[str, Rule] = {}
    for position, entry in enumerate(raw.get("rules", [])):
        try:
            rule = Rule.model_validate(entry)
        except ValidationError as problem:
            for error in problem.errors():
                key = ".".join(str(part) for part in error["loc"])
                faults.add(
                    DisclosureRuleFault(
                        path.name, found=[f"rules.{position}.{key}"], detail=error["msg"]
                    )
                )
            continue
        if rule.id in found:
            faults.add(DisclosureRuleFault(path.name, found=[rule.id], detail="an id used twice"))
        found[rule.id] = rule
    faults.raise_any()
    return found


def rule(id: str) -> Rule:
    """Return one disclosure rule by its id."""
    known = rules()
    if id not in known:
        raise DisclosureRuleFault("rule", found=[id], detail=f"known are {', '.join(known)}")
    return known[id]


def disclose(
    counts: pd.Series, rule: Rule, *, totals: Mapping[str, pd.Series] | None = None
) -> Disclosed:
    """Hide and round counts so that no hidden one can be worked out from what is shown.

    Counts in the rule's range are hidden. Then an attacker's sum is done: every published total is
    an equation over its areas, and the least and the greatest value that each hidden count can
    have is found by linear programming. Where fewer than `rule.candidates` values are left, the
    smallest count shown beside it is hidden too (or, when none is left, the total), until no hidden
    count can be worked out. It is assumed that the attacker knows the rule and even which counts
    were hidden only for protection.

    Parameters
    ----------
    counts
        True counts by area, whole; missing stays missing and is in no total.
    rule
        The rule of their source, from `rule(id)`.
    totals
        For each set of totals that is published, the group of every area. Sets may nest
        (wards within districts).

    Raises
    ------
    NotACount, NegativeCount, UnplacedAreas, CodesNotText, DuplicateCodes, VintageMismatch
        What is wrong with the input; several faults come together.
    """
    true, groups = _check(counts, totals or {})
    known = ~np.isnan(true)
    first = known & rule.must_hide(true)
    hidden = first.copy()
    sums = {name: _Totals.over(placed, true, rule) for name, placed in groups.items()}
    while True:
        exposed = _exposed(true, first, hidden, list(sums.values()), rule)
        if not exposed:
            break
        # One more count a group and round: what protects one often protects its neighbours too.
        done: set[tuple[int, int]] = set()
        for target in exposed:
            _protect(target, true, hidden, known, list(sums.values()), done)
    shown = np.where(hidden, np.nan, rule.rounded(true))
    touched = "rounded" if rule.round_to > 1 else ""
    flag = np.where(hidden, "hidden", np.where(known, touched, ""))
    return Disclosed(
        values=pd.Series(shown, index=counts.index, name=counts.name),
        flag=pd.Series(flag, index=counts.index, name="flag", dtype="str"),
        totals={name: item.table(rule, touched) for name, item in sums.items()},
        hidden_first=int(first.sum()),
        hidden_beside=int(hidden.sum() - first.sum()),
        rule=rule,
    )


def carry(flag: pd.Series, parents: pd.Series) -> pd.Series:
    """Return for each group the heaviest flag of its areas, for figures made from theirs.

    Parameters
    ----------
    flag
        By area, as in `Disclosed.flag`.
    parents
        Group of each area; areas without a group are in none.
    """
    unknown = set(flag.unique()) - set(FLAGS)
    if unknown:
        raise DisclosureRuleFault("flag", found=sorted(unknown), detail=f"known are {FLAGS[1:]}")
    weight = flag.map({name: position for position, name in enumerate(FLAGS)})
    heaviest = weight.groupby(parents.reindex(flag.index)).max()
    return heaviest.map(dict(enumerate(FLAGS))).astype("str").rename("flag")


@dataclass
class _Totals:
    """One set of totals: the group of each area (or -1), true sums, what is shown and what not."""

    names: pd.Index
    group: Ints
    true: Floats
    shown: Bools
    first: Bools

    @classmethod
    def over(cls, placed: pd.Series, counts: Floats, rule: Rule) -> _Totals:
        group, names = pd.factorize(placed, sort=True)
        inside = (group >= 0) & ~np.isnan(counts)
        weights = counts[inside]
        true = np.asarray(np.bincount(group[inside], weights, len(names)), dtype=np.float64)
        group = np.where(inside, group, -1)
        first = rule.must_hide(true)
        return cls(pd.Index(names, name=placed.name), group, true, ~first, first)

    def table(self, rule: Rule, touched: str) -> pd.DataFrame:
        value = np.where(self.shown, rule.rounded(self.true), np.nan)
        flag = np.where(self.shown, touched, "hidden")
        return pd.DataFrame({"value": value, "flag": flag}, index=self.names)


def _check(
    counts: pd.Series, totals: Mapping[str, pd.Series]
) -> tuple[Floats, dict[str, pd.Series]]:
    faults = Faults("counts")
    inputs.check_codes(counts.index, faults, where="counts")
    groups = {}
    for name, placed in totals.items():
        inputs.check_codes(placed.index, faults, where=name)
        with faults.catch():
            inputs.check_vintage(placed.index, counts.index.name, where=name)
        if placed.index.is_unique:
            groups[name] = placed.reindex(counts.index)
            lost = groups[name].isna() & counts.notna()
            if lost.any():
                faults.add(UnplacedAreas(name, found=counts.index[lost]))
    faults.raise_any()
    values = inputs.numbers(counts, where="counts")
    if (values < 0).any():
        faults.add(NegativeCount("counts", found=values.index[values < 0]))
    if (values % 1 > 0).any():
        faults.add(NotACount("counts", found=values.index[values % 1 > 0]))
    faults.raise_any()
    return values.to_numpy(), groups


def _exposed(
    true: Floats, first: Bools, hidden: Bools, sums: list[_Totals], rule: Rule
) -> list[Ints]:
    """Return what the rule hides and what is shown leaves fewer than `candidates` values.

    Each is a set of areas: one area for a count, all hidden areas of a group for its total.
    """
    cells = np.flatnonzero(hidden)
    table, low, high = _equations(true, cells, hidden, sums, rule)
    if rule.hide is None or not table.shape[0]:
        return []
    least = np.where(first[cells], rule.hide[0], rule.hide[1] + 1.0)
    most = np.where(first[cells], rule.hide[1], np.inf)
    targets = [np.array([position]) for position in np.flatnonzero(first[cells])]
    for item in sums:
        member = item.group[cells]
        secret = np.unique(member[member >= 0])
        targets += [np.flatnonzero(member == group) for group in secret[item.first[secret]]]
    label, equations = _components(table)
    room = _Room(true[cells], least, most, _signatures(table))
    exposed = []
    for target in targets:
        if room.candidates(target) >= rule.candidates:
            continue
        inside = np.isin(label, label[target])
        rows = np.flatnonzero(np.isin(equations, label[target]))
        if not rows.size:
            continue
        reach = _reach(
            np.isin(np.flatnonzero(inside), target),
            table[rows][:, np.flatnonzero(inside)],
            (low[rows], high[rows]),
            (least[inside], most[inside]),
        )
        if np.floor(reach[1] + SLACK) - np.ceil(reach[0] - SLACK) + 1 < rule.candidates:
            exposed.append(cells[target])
    return exposed


def _equations(
    true: Floats, cells: Ints, hidden: Bools, sums: list[_Totals], rule: Rule
) -> tuple[csr_array, Floats, Floats]:
    """Say what each shown total leaves for the hidden counts in it, between which bounds."""
    rows: list[int] = []
    columns: list[int] = []
    low: list[float] = []
    high: list[float] = []
    least, greatest = rule.behind(rule.rounded(np.where(hidden, 0.0, np.nan_to_num(true))))
    for totals in sums:
        under, over = rule.behind(rule.rounded(totals.true))
        member = totals.group[cells]
        for group in np.unique(member[member >= 0]):
            if not totals.shown[group]:
                continue
            beside = (totals.group == group) & ~hidden
            touched = np.flatnonzero(member == group)
            rows.extend([len(low)] * len(touched))
            columns.extend(touched)
            low.append(under[group] - greatest[beside].sum())
            high.append(over[group] - least[beside].sum())
    table = csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(low), len(cells)))
    return table, np.array(low), np.array(high)


@dataclass(frozen=True)
class _Room:
    """How far hidden counts could differ from the truth by trading with counts beside them.

    Two counts in the same equations can trade: one up, the other down, and nothing shown changes.
    That many values are possible at least; only where they are too few is the exact range needed.
    """

    true: Floats
    least: Floats
    most: Floats
    signature: Ints

    def candidates(self, target: Ints) -> float:
        """Return a number of values that the sum of some hidden counts can have at least."""
        own = self.signature[target[0]]
        if (self.signature[target] != own).any():
            return 1.0
        beside = self.signature == own
        beside[target] = False
        up, down = self.most - self.true, self.true - self.least
        rise = min(up[target].sum(), down[beside].sum())
        fall = min(down[target].sum(), up[beside].sum())
        return float(rise + fall + 1.0)


def _signatures(table: csr_array) -> Ints:
    """Number the sets of equations that hidden counts are in."""
    across = csr_array(table.T)
    ends = zip(across.indptr[:-1], across.indptr[1:], strict=True)
    return pd.factorize(pd.Series([across.indices[a:b].tobytes() for a, b in ends]))[0]


def _components(table: csr_array) -> tuple[Ints, Ints]:
    """Label hidden counts, and equations, that hang together: one label a set."""
    _, label = connected_components(csr_array(table.T @ table), directed=False)
    return label, label[table.indices[table.indptr[:-1]]]


def _reach(
    target: Bools,
    table: csr_array,
    limits: tuple[Floats, Floats],
    bounds: tuple[Floats, Floats],
) -> tuple[float, float]:
    """Return the least and the greatest value that the sum of some hidden counts can have."""
    (low, high), (least, most) = limits, bounds
    if table.shape[0] == 1 and table.nnz == len(target):
        return (
            max(least[target].sum(), low[0] - most[~target].sum()),
            min(most[target].sum(), high[0] - least[~target].sum()),
        )
    goal = target.astype(float)
    sides = csr_array(np.vstack([table.toarray(), -table.toarray()]))
    ends = []
    for sign in (1.0, -1.0):
        solved = linprog(
            sign * goal,
            A_ub=sides,
            b_ub=np.r_[high, -low],
            bounds=np.c_[least, most],
            method="highs",
        )
        ends.append(sign * solved.fun if solved.success else -sign * np.inf)
    return ends[0], ends[1]


def _protect(
    target: Ints,
    true: Floats,
    hidden: Bools,
    known: Bools,
    sums: list[_Totals],
    done: set[tuple[int, int]],
) -> None:
    """Hide the smallest count shown beside a target in its smallest group, else that total."""
    around = [
        (int((item.group == group).sum()), position, int(group))
        for position, item in enumerate(sums)
        for group in np.unique(item.group[target])
        if group >= 0 and item.shown[group]
    ]
    if not around or done.intersection((position, group) for _, position, group in around):
        return  # something beside it has been hidden in this round
    _, position, group = min(around)
    done.add((position, group))
    item = sums[position]
    # A zero protects nobody: everyone would know that it is none of the counts the rule hides.
    beside = np.flatnonzero((item.group == group) & ~hidden & known & (true > 0))
    if beside.size:
        hidden[beside[np.argmin(true[beside])]] = True
    else:
        item.shown[group] = False
