"""Sorts areas into types by their figures, with a number of types that the data bear out.

In: figures of areas, one column a figure. Out: `Types`: the type of each area, a name for each
type made from what distinguishes it, and the table by which their number was chosen.

Everything here is deterministic, and depends neither on codes nor on the order of the rows, nor on
the unit of a figure: each is replaced by its normal score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
from threadpoolctl import threadpool_limits

from indices import transforms
from indices.profiles_errors import TooFewToCompare
from indices.similar import STANDS_OUT, standardise

if TYPE_CHECKING:
    from sklearn.cluster import KMeans

NUMBERS = range(3, 8)
"""Numbers of types tried: fewer say nothing, more nobody remembers (own choice)."""
STABLE = 0.75
"""Adjusted Rand index from which a typing is called stable (own choice)."""
REDRAWS = 50
STARTS = 10
RESTARTS = 3
SEED = 20_210_321
FEWEST_IN_TYPE = 3
# Silhouettes need all pairs: of a national table every so manieth area in order is enough.
MOST_PAIRED = 2_000
NAMED_BY = 2

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Types:
    """Areas sorted into types.

    Attributes
    ----------
    type_of
        Number of the type of each area, 1 the largest type.
    names
        Name of each type, by number.
    centres
        Mean normal score of each figure in each type: types x figures.
    sizes
        Areas in each type.
    choice
        By number of types tried: `stability` (mean adjusted Rand index of redrawn areas),
        `silhouette`, `smallest` (areas in the smallest type), `chosen`.
    reason
        Why this number, in a sentence.
    incomplete
        Areas without a type because a figure is missing.
    """

    type_of: pd.Series
    names: dict[int, str]
    centres: pd.DataFrame
    sizes: pd.Series
    choice: pd.DataFrame
    reason: str
    incomplete: pd.Index

    @property
    def firm(self) -> bool:
        """Whether the types hold when areas are redrawn; else their borders are soft."""
        held = self.choice.loc[self.choice["chosen"], "stability"]
        return bool((held >= STABLE).all())

    def describe(self, code: str) -> str:
        """Say in a sentence of which type an area is."""
        if code not in self.type_of.index:
            return "It has no type, because a figure is missing."
        number = int(self.type_of[code])
        size = int(self.sizes[number])
        return f"{self.names[number]}: one of {len(self.names)} types, with {size:,} areas."


def types(
    values: pd.DataFrame,
    *,
    numbers: Sequence[int] = NUMBERS,
    titles: Mapping[str, str] | None = None,
    redraws: int = REDRAWS,
) -> Types:
    """Sort areas into types by k-means on normal scores.

    Each figure becomes `probit(rank / (n + 1))`, divided by its standard deviation, so that
    skewed figures do not make types of single areas. For every number k tried, areas are redrawn
    with replacement, sorted into k types anew, and all areas are given to the nearest new centre;
    the mean adjusted Rand index with the typing of all areas says how stable k is. Of the numbers
    whose smallest type holds three areas, the one with the greatest sum of stability and mean
    silhouette is taken, the smaller of equals: types that hold, and lie apart. A type is named by
    the two figures whose centre lies farthest from the average, at least half a standard
    deviation. k-means and silhouette: common; the rules of choice and name: own, in the manner of
    the ONS output area classification.

    Parameters
    ----------
    values
        Areas x figures; areas without a figure get no type.
    numbers
        Numbers of types to try; those that leave less than three areas a type are passed over.
    titles
        What to call figures in names.
    redraws
        How often areas are redrawn for each number.

    Raises
    ------
    TooFewToCompare
        Too few areas have every figure, or the figures do not differ.
    """
    # By name, so that the order in which figures are listed changes nothing either.
    standard = standardise(values[sorted(values.columns, key=str)])
    normal = transforms.normal_scores(standard.scores)
    scores = normal / normal.std(ddof=0)
    # The order of the values, not of the codes: a new name for an area changes nothing.
    order = np.lexsort(scores.to_numpy().T[::-1])
    rows = scores.to_numpy(dtype=np.float64)[order]
    distinct = len(np.unique(rows, axis=0))
    possible = [k for k in numbers if FEWEST_IN_TYPE * k <= len(rows) and k <= distinct]
    if not possible:
        raise TooFewToCompare("types", detail=f"{len(rows)} areas, {distinct} of them different")
    # Loaded before the limit, which holds only for libraries that are there by then.
    import sklearn.cluster  # noqa: F401

    # On tables this small several threads only wait for one another: of two processes that make
    # types at the same time on two cores each takes a minute then, and four seconds otherwise.
    with threadpool_limits(limits=1):
        tried = {k: _try(rows, k, redraws) for k in possible}
    choice = pd.DataFrame({k: found for k, (_, found) in tried.items()}).T.rename_axis("types")
    choice["smallest"] = choice["smallest"].astype(np.int64)
    chosen, reason = _choose(choice)
    choice["chosen"] = choice.index == chosen
    labels = np.empty(len(rows), dtype=np.int64)
    labels[order] = tried[chosen][0]
    type_of = pd.Series(labels + 1, index=scores.index, name="type")
    centres = scores.groupby(type_of).mean()
    return Types(
        type_of=type_of,
        names=_names(centres, titles or {}),
        centres=centres,
        sizes=type_of.value_counts().sort_index(),
        choice=choice,
        reason=reason,
        incomplete=standard.incomplete,
    )


def _try(rows: Floats, k: int, redraws: int) -> tuple[Ints, dict[str, float]]:
    """Sort rows into k types, numbered from the largest, and measure how well that holds."""
    fitted = _fit(rows, k, SEED)
    # Two seconds to load, which who only looks at a place must not wait for.
    from sklearn.metrics import adjusted_rand_score, silhouette_score

    labels = _by_size(rows, fitted.labels_)
    random = np.random.default_rng([SEED, k])
    agreement = []
    for redraw in range(redraws):
        again = rows[random.integers(len(rows), size=len(rows))]
        if len(np.unique(again, axis=0)) < k:
            continue
        other = _fit(again, k, SEED + 1 + redraw, starts=RESTARTS)
        agreement.append(adjusted_rand_score(labels, other.predict(rows)))
    step = max(1, len(rows) // MOST_PAIRED)
    paired, theirs = rows[::step], labels[::step]
    separate = len(np.unique(theirs)) > 1
    return labels, {
        "stability": float(np.mean(agreement)) if agreement else 0.0,
        "silhouette": float(silhouette_score(paired, theirs)) if separate else -1.0,
        "smallest": float(np.bincount(labels).min()),
    }


def _fit(rows: Floats, k: int, seed: int, *, starts: int = STARTS) -> KMeans:
    from sklearn.cluster import KMeans

    return KMeans(n_clusters=k, n_init=starts, random_state=seed % 2**32).fit(rows)


def _by_size(rows: Floats, labels: Ints) -> Ints:
    """Number types from the largest; types of one size by their first row in order."""
    sizes = np.bincount(labels)
    first = [int(np.flatnonzero(labels == label)[0]) for label in range(len(sizes))]
    ordered = sorted(range(len(sizes)), key=lambda label: (-sizes[label], first[label]))
    number = np.empty(len(sizes), dtype=np.int64)
    number[ordered] = np.arange(len(sizes))
    return np.asarray(number[labels])


def _choose(choice: pd.DataFrame) -> tuple[int, str]:
    """Choose the number of types, and say why."""
    large = choice[choice["smallest"] >= FEWEST_IN_TYPE]
    large = choice if large.empty else large
    k = _best(large["stability"] + large["silhouette"])
    held, apart = large["stability"][k], large["silhouette"][k]
    soft = "" if held >= STABLE else "; their borders are soft, an area near one could be of either"
    return k, (
        f"{choice.index.min()} to {choice.index.max()} types were tried: {k} hold and lie apart "
        f"best (agreement when areas are redrawn {held:.2f}, silhouette {apart:.2f}){soft}."
    )


def _best(measure: pd.Series) -> int:
    """Return the number with the greatest value, the smaller of equals."""
    return int(measure.index.to_numpy()[int(np.argmax(measure.to_numpy()))])


def _names(centres: pd.DataFrame, titles: Mapping[str, str]) -> dict[int, str]:
    """Name each type by the figures that distinguish it, with one more until names differ."""
    size = centres.abs()
    far = {}
    for position, number in enumerate(centres.index.to_numpy(dtype=np.int64)):
        sizes = dict(zip(centres.columns.astype(str), size.iloc[position], strict=True))
        far[int(number)] = sorted(sizes, key=lambda name, sizes=sizes: (-sizes[name], name))  # type: ignore[misc]
    names: dict[int, str] = {}
    for used in range(min(NAMED_BY, len(centres.columns)), len(centres.columns) + 1):
        names = {
            n: _name(
                dict(zip(centres.columns, np.asarray(centres.loc[n]), strict=True)),
                far[n][:used],
                titles,
            )
            for n in far
        }
        if len(set(names.values())) == len(names):
            return names
    return {n: f"{name} ({n})" for n, name in names.items()}


def _name(row: Mapping[str, float], figures: Sequence[str], titles: Mapping[str, str]) -> str:
    said = {
        word: [titles.get(name, name) for name in figures if sign * row[name] >= STANDS_OUT]
        for word, sign in (("High", 1), ("Low", -1))
    }
    parts = [f"{word} in {' and '.join(found)}" for word, found in said.items() if found]
    if not parts:
        return "Near the average"
    return ", ".join([parts[0], *(part[0].lower() + part[1:] for part in parts[1:])])
