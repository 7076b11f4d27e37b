"""Says which choice makes ranks move: Sobol shares of weights, normalisation, mean and sampling.

In: an index and the choices that are open, as in `indices.robustness`. Out: for each choice the
share of the spread that it makes alone (first order) and with all that it does together with
others (total), with intervals. Sampling and analysis are SALib's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from SALib.analyze import sobol as analysis
from SALib.sample import sobol as sampling
from SALib.util import extract_group_names

from geo.errors import Faults
from indices import draws as engine
from indices import robustness
from indices.errors import OptionUnknown
from indices.index import Index
from indices.robustness import SEED, Choices

Floats = npt.NDArray[np.float64]

WEIGHTS, SCALE, MEAN, SAMPLING = "weights", "normalisation", "aggregation", "sampling error"
RUNS = 256
RESAMPLES = 200


@dataclass(frozen=True, eq=False, repr=False)
class Shares:
    """How much of the spread in the ranks each choice makes.

    Attributes
    ----------
    table
        By choice: `first` and `total` with `_low` and `_high`. An estimate can fall a little
        below 0 or above 1.
    moved
        Mean absolute change of rank, against the index as stated, in each run.
    n, runs
        Size of the sample, and how often the index was drawn: `n (choices + 2)`.
    level
        Of the intervals, which are from resampling.
    left_out
        What could not be varied, in words.
    """

    table: pd.DataFrame
    moved: Floats
    n: int
    runs: int
    level: float
    seed: int
    left_out: tuple[str, ...] = field(default=())

    def __repr__(self) -> str:
        said = ", ".join(f"{c} {t:.2f}" for c, t in self.table["total"].items())
        return f"<Shares {said}; {self.runs:,} runs>"

    def sentence(self) -> str:
        """Say in plain words which choice matters most, and what is left out."""
        if not self.moved.any():
            return "None of the choices moves any rank."
        order = self.table["total"].clip(0.0, 1.0).sort_values(ascending=False, kind="stable")
        alone = self.table["first"].clip(0.0, 1.0)
        parts = [
            f"{name} {order[name]:.0%} ({alone[name]:.0%} alone)" for name in map(str, order.index)
        ]
        notes = "".join(f" ({note})" for note in self.left_out)
        return (
            f"Ranks move by {self.moved.mean():,.0f} places on average; of how far, these choices "
            f"have a part in: {', '.join(parts)}{notes}."
        )


def sobol(
    index: Index,
    *,
    choices: Choices | None = None,
    n: int = RUNS,
    level: float = 0.95,
    among: Collection[str] | None = None,
    pool: int = 50,
    seed: int = SEED,
) -> Shares:
    """Split the spread of the ranks among the choices that make it.

    `y`, the mean absolute change of rank, is computed in `n (d + 2)` runs over matrices A, B and
    AB_i (A with what choice i needs from B); then `S_i = mean(y_B (y_ABi - y_A)) / Var(y)` and
    `S_Ti = mean((y_A - y_ABi)^2) / (2 Var(y))`. A choice may need several numbers, such as one
    for each weight, which are taken from B together. Sources: Saltelli and others (2010),
    Computer Physics Communications 181; OECD/JRC, Handbook on constructing composite indicators
    (2008), chapter 7; the measure y as in COINr.

    Parameters
    ----------
    n
        Size of the sample, a power of two.
    choices, among, pool, seed
        As in `indices.robustness.doubt`.

    Raises
    ------
    OptionUnknown, DefinitionFault, IncompleteEdition, UnknownAreas
        A choice that cannot be made; several faults come together.
    """
    open_to = choices or Choices()
    faults = Faults("sobol")
    if n < 2 or n & (n - 1):
        faults.add(OptionUnknown("n", found=[n], detail="it must be a power of two, as in 256"))
    with faults.catch():
        places = robustness.check_choices(
            index, open_to, draws=n, level=level, among=among, pool=pool
        )
    faults.raise_any()
    found = engine.versions(index, pool, np.random.default_rng(seed))
    scales = list(open_to.scales or robustness.possible_scales(index))
    sets = np.array(list(robustness.weight_sets(index, open_to).values()))
    counts = {
        WEIGHTS: 1 + sets.shape[1],
        SCALE: 1,
        MEAN: 1,
        SAMPLING: len(found) if any(domain.versions > 1 for domain in found) else 0,
    }
    problem = _problem({choice: size for choice, size in counts.items() if size})
    drawn = sampling.sample(problem, n, calc_second_order=False, seed=seed)
    plan = _plan(drawn, problem, sets, open_to, scales, found)
    own = engine.rank(index.scores.to_numpy()[places])
    scaler = engine.Scaler(found, index.n)
    moved = np.array(
        [
            np.abs(engine.rank(scores[places]) - own).mean()
            for scores in engine.scores(scaler, plan, scales, list(open_to.means))
        ]
    )
    return Shares(
        table=shares(problem, moved, level=level, seed=seed),
        moved=moved,
        n=n,
        runs=len(moved),
        level=level,
        seed=seed,
        left_out=robustness.left_out(index, pool),
    )


def shares(
    problem: Mapping[str, Any], moved: Floats, *, level: float = 0.95, seed: int = SEED
) -> pd.DataFrame:
    """Return first-order and total shares with intervals from the runs of SALib's sample.

    Where nothing moves there is nothing to share, and all shares are nought.

    Parameters
    ----------
    problem
        As SALib has it: `num_vars, names, bounds` and perhaps `groups`.
    moved
        Results of the runs, in the order of the sample without second order.
    """
    names, _ = extract_group_names(problem)
    columns = {"first": "S1", "total": "ST"}
    stated = moved.reshape(-1, len(names) + 2)[:, [0, -1]]
    if np.ptp(stated) <= 1e-9 * np.abs(stated).max(initial=1.0):
        zero = {f"{name}{end}": 0.0 for name in columns for end in ("", "_low", "_high")}
        return pd.DataFrame(zero, index=pd.Index(names, name="choice"))
    # SALib takes a seed of nought for none.
    found = analysis.analyze(
        dict(problem),
        moved,
        calc_second_order=False,
        num_resamples=RESAMPLES,
        conf_level=level,
        seed=seed or SEED,
    )
    table = {}
    for name, key in columns.items():
        table[name] = found[key]
        table[f"{name}_low"] = found[key] - found[f"{key}_conf"]
        table[f"{name}_high"] = found[key] + found[f"{key}_conf"]
    return pd.DataFrame(table, index=pd.Index(names, name="choice"))


def _problem(counts: Mapping[str, int]) -> dict[str, Any]:
    """Say to SALib how many numbers from 0 to 1 each choice needs."""
    groups = [choice for choice, size in counts.items() for _ in range(size)]
    return {
        "num_vars": len(groups),
        "names": [f"x{number}" for number in range(len(groups))],
        "bounds": [[0.0, 1.0]] * len(groups),
        "groups": groups,
    }


def _plan(
    drawn: Floats,
    problem: Mapping[str, Any],
    sets: Floats,
    choices: Choices,
    scales: list[str],
    found: list[engine.Domain],
) -> engine.Plan:
    """Turn numbers from 0 to 1 into choices: equal parts of the interval, one for each option."""
    groups = np.array(problem["groups"])
    of = {choice: drawn[:, groups == choice] for choice in (WEIGHTS, SCALE, MEAN, SAMPLING)}
    base = _option(of[WEIGHTS][:, 0], len(sets))
    # SALib scrambles to [0, 1): 0..1 becomes 1 - spread to 1 + spread.
    jitter = 1.0 + choices.spread * (2.0 * of[WEIGHTS][:, 1:] - 1.0)
    version = np.zeros((len(drawn), len(found)), dtype=np.int64)
    if of[SAMPLING].shape[1]:
        for position, domain in enumerate(found):
            version[:, position] = _option(of[SAMPLING][:, position], domain.versions)
    return engine.Plan(
        weights=sets[base] * jitter,
        base=base,
        scale=_option(of[SCALE][:, 0], len(scales)),
        mean=_option(of[MEAN][:, 0], len(choices.means)),
        version=version,
    )


def _option(numbers: Floats, options: int) -> npt.NDArray[np.int64]:
    return np.minimum((numbers * options).astype(np.int64), options - 1)
