"""Hides small counts by the rule of their source, and checks that nobody can work them out.

In: true counts by area, the rule of their source, and the totals that are published beside them.
Out: what may be shown, with a flag for every figure that the rule touched. Flags travel on to
every figure made from these counts, money included.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array

from geo.errors import Faults
from indices import inputs
from indices.disclosure_attack import Totals, exposed
from indices.disclosure_rules import Rule, rule, rules
from indices.errors import DisclosureRuleFault, NegativeCount, NotACount, UnplacedAreas

__all__ = ["Disclosed", "Rule", "carried", "carry", "disclose", "rule", "rules"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

# What a flag says, from the least to the most that was done to a figure.
FLAGS = ("", "rounded", "hidden")


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
    sums = {name: Totals.over(placed, true, rule) for name, placed in groups.items()}
    while True:
        targets = exposed(true, first, hidden, list(sums.values()), rule)
        if not targets:
            break
        # One more count a group and round: what protects one often protects its neighbours too.
        done: set[tuple[int, int]] = set()
        for target in targets:
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


def carried(flag: pd.Series, weights: csr_array, sources: pd.Index, targets: pd.Index) -> pd.Series:
    """Return for each target of a crosswalk the heaviest flag of the areas with a share in it.

    Parameters
    ----------
    flag
        By area, as in `Disclosed.flag`; areas without one have none.
    weights
        Shares (n_sources, n_targets).
    """
    level = flag.map({name: position for position, name in enumerate(FLAGS)}).reindex(sources)
    heavy = csr_array(weights > 0).multiply(level.fillna(0).to_numpy(dtype=float)[:, None])
    most = np.asarray(csr_array(heavy).max(axis=0).todense()).ravel().astype(int)
    return pd.Series(np.array(FLAGS)[most], index=targets, name="flag", dtype="str")


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


def _protect(
    target: Ints,
    true: Floats,
    hidden: Bools,
    known: Bools,
    sums: list[Totals],
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
