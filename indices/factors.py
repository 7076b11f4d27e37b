"""Finds the weights of indicators that measure one thing, by factor analysis with one factor.

In: indicators as columns over areas. Out: one weight a column, summing to 1, and how well one
factor describes them. This is how the Scottish and English indices weight their Health, Education
and Access domains.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import minimize

from geo.errors import Faults
from indices import inputs
from indices.errors import (
    ConstantIndicator,
    MissingDomainColumn,
    NotOneFactor,
    OptionUnknown,
    TooFewIndicators,
    WeightsUnstable,
)
from indices.transforms import normal_scores

Floats = npt.NDArray[np.float64]
Missing = Literal["middle", "drop"]

# The bounds within which each indicator's own variance is sought, as in R's factanal.
UNIQUE_LEAST, UNIQUE_MOST = 0.005, 1.0


@dataclass(frozen=True)
class OneFactor:
    """What a one-factor model says about a set of indicators.

    Attributes
    ----------
    weights
        Regression weights of the factor, scaled to sum 1.
    loadings
        Correlation of each indicator with the factor.
    unique
        Share of each indicator's variance that the factor does not explain.
    n
        Number of areas used.
    left_out
        Number of areas left out.
    filled
        Number of missing values that stood in the middle.
    notes
        What a reader should know: negative or unstable weights.
    """

    weights: pd.Series
    loadings: pd.Series
    unique: pd.Series
    n: int
    left_out: int
    filled: int
    notes: tuple[str, ...]


def one_factor_weights(
    indicators: pd.DataFrame,
    *,
    low_is_worse: Iterable[str] = (),
    missing: Missing = "middle",
) -> pd.Series:
    """Return one weight an indicator, summing to 1; see `one_factor`.

    Warns
    -----
    WeightsUnstable
        A weight is negative, or an indicator is explained wholly by the factor.
    """
    return one_factor(indicators, low_is_worse=low_is_worse, missing=missing).weights


def one_factor(
    indicators: pd.DataFrame,
    *,
    low_is_worse: Iterable[str] = (),
    missing: Missing = "middle",
) -> OneFactor:
    """Fit one factor by maximum likelihood to the normal scores of the indicators.

    With S the correlation matrix (p, p) of the normal scores over the areas, the unique variances
    psi in (0.005, 1] minimise `sum_{j>=2} (e_j - ln e_j) - (p - 1)`, where e are the eigenvalues of
    `psi^-1/2 S psi^-1/2` in descending order. The loadings are `l = psi^1/2 v_1 sqrt(e_1 - 1)`, the
    weights `S^-1 l` divided by their sum.

    scikit-learn's FactorAnalysis fits the same model by expectation maximisation without the lower
    bound on psi and creeps where an indicator is nearly all factor; the profile likelihood above
    is what the official weights come from (R's factanal and psych::fa), and takes milliseconds.

    Source: Joreskog (1967), Some contributions to maximum likelihood factor analysis; Scottish
    Index of Multiple Deprivation 2016, technical notes.

    Parameters
    ----------
    indicators
        One row an area, one column an indicator, raw; normal scores are taken inside.
    low_is_worse
        Columns whose low end is the deprived one; they are turned round first.
    missing
        Whether a missing value takes the middle normal score 0, as in the Scottish index, or its
        area is left out ("drop"). Areas without any value are always left out.

    Raises
    ------
    TooFewIndicators, ConstantIndicator, NotOneFactor, NotANumber, MissingDomainColumn
        What is wrong with the input; several faults come together.

    Warns
    -----
    WeightsUnstable
        A weight is negative, or an indicator is explained wholly by the factor.
    """
    table = _usable(indicators, frozenset(low_is_worse), missing)
    scores = normal_scores(table).fillna(0.0).to_numpy()
    correlation = np.corrcoef(scores, rowvar=False)
    if not np.linalg.eigvalsh(correlation)[0] > 1e-10:
        raise NotOneFactor("indicators", detail="an indicator repeats others exactly")
    unique, loadings = _maximum_likelihood(correlation)
    # The sign of an eigenvector is free: the factor is deprivation, so most load on it positively.
    loadings = loadings if loadings.sum() >= 0 else -loadings
    raw = np.linalg.solve(correlation, loadings)
    weights = pd.Series(raw / raw.sum(), index=table.columns, name="weight")
    notes = _notes(weights, unique)
    for note in notes:
        warnings.warn(note, WeightsUnstable, stacklevel=3)
    return OneFactor(
        weights=weights,
        loadings=pd.Series(loadings, index=table.columns, name="loading"),
        unique=pd.Series(unique, index=table.columns, name="unique"),
        n=len(table),
        left_out=len(indicators) - len(table),
        filled=int(table.isna().sum().sum()),
        notes=notes,
    )


def _usable(indicators: pd.DataFrame, turned: frozenset[str], missing: Missing) -> pd.DataFrame:
    """Return the areas to use, with high the worse end everywhere, or raise every fault."""
    where = "indicators"
    if missing not in ("middle", "drop"):
        raise OptionUnknown("missing", found=[missing], detail="it is 'middle' or 'drop'")
    faults = Faults(where)
    if indicators.shape[1] < 3:
        faults.add(TooFewIndicators(where, found=indicators.columns))
    unknown = turned - set(indicators.columns)
    if unknown:
        faults.add(MissingDomainColumn("low_is_worse", found=sorted(unknown)))
    columns = {}
    for name in indicators.columns:
        with faults.catch():
            values = inputs.numbers(indicators[name], where=f"{where}, column {name}")
            columns[name] = -values if name in turned else values
    table = pd.DataFrame(columns, index=indicators.index)
    table = table.dropna(how="any" if missing == "drop" else "all")
    constant = [name for name in table.columns if table[name].nunique() < 2]
    if constant:
        faults.add(ConstantIndicator(where, found=constant, detail=f"{len(table):,} areas"))
    faults.raise_any()
    return table


def _maximum_likelihood(correlation: Floats) -> tuple[Floats, Floats]:
    """Return unique variances and loadings of the one-factor model."""
    # Where the search begins: what each indicator does not share with all others.
    shared = 1.0 / np.diag(np.linalg.inv(correlation))
    start = np.clip((1.0 - 0.5 / len(correlation)) * shared, UNIQUE_LEAST, UNIQUE_MOST)
    found = minimize(
        _misfit,
        start,
        args=(correlation,),
        jac=True,
        method="L-BFGS-B",
        bounds=[(UNIQUE_LEAST, UNIQUE_MOST)] * len(correlation),
        options={"ftol": 1e-15, "gtol": 1e-9, "maxiter": 1000},
    )
    values, vectors = _scaled_eigen(found.x, correlation)
    if values[0] <= 1.0 + 1e-9:
        raise NotOneFactor("indicators", detail="the indicators have nothing in common")
    loadings = np.sqrt(found.x) * vectors[:, 0] * np.sqrt(values[0] - 1.0)
    return found.x, loadings


def _misfit(unique: Floats, correlation: Floats) -> tuple[float, Floats]:
    """Return the profile likelihood's misfit and its gradient in the unique variances."""
    values, vectors = _scaled_eigen(unique, correlation)
    rest = values[1:]
    misfit = float(np.sum(rest - np.log(rest)) - len(rest))
    # d e_j / d psi_i = -e_j v_ij^2 / psi_i
    gradient = -((vectors[:, 1:] ** 2) @ (rest - 1.0)) / unique
    return misfit, gradient


def _scaled_eigen(unique: Floats, correlation: Floats) -> tuple[Floats, Floats]:
    scale = 1.0 / np.sqrt(unique)
    values, vectors = np.linalg.eigh(correlation * np.outer(scale, scale))
    return values[::-1], vectors[:, ::-1]


def _notes(weights: pd.Series, unique: Floats) -> tuple[str, ...]:
    notes = []
    negative = weights[weights < 0]
    if len(negative):
        named = ", ".join(f"{name} {weight:.3f}" for name, weight in negative.items())
        notes.append(
            f"negative weights: {named}; check the direction of these indicators, "
            "or whether they belong to this domain"
        )
    swallowed = [
        str(name)
        for name, own in zip(weights.index, unique, strict=True)
        if own <= UNIQUE_LEAST * 1.01
    ]
    if swallowed:
        notes.append(
            f"unstable weights: the factor is almost only {', '.join(swallowed)} "
            "(a Heywood case); leave it out or use equal weights"
        )
    return tuple(notes)
