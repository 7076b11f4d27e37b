"""Makes rates of small areas steadier by borrowing strength from their district.

In: events and people by small area and the district each lies in. Out: the raw rate, the shrunk
rate and how much of each area's own evidence was kept. Disclosure rules are in `disclosure`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit

from geo.errors import Faults
from indices import inputs
from indices.errors import (
    NegativeCount,
    NumeratorAboveDenominator,
    UnplacedAreas,
    ZeroDenominator,
)

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Counts:
    """Checked events r and people n by area, and the district's position of each (n_areas,)."""

    codes: pd.Index
    r: Floats
    n: Floats
    known: npt.NDArray[np.bool_]
    district: npt.NDArray[np.int64]
    n_districts: int

    def by_district(self, values: Floats) -> Floats:
        """Sum values over the known areas of each district, given back area by area."""
        summed = np.bincount(
            self.district[self.known], weights=values[self.known], minlength=self.n_districts
        )
        return np.asarray(summed, dtype=np.float64)[self.district]


def shrink(events: pd.Series, people: pd.Series, districts: pd.Series) -> pd.DataFrame:
    """Shrink the rates of small areas towards the pooled rate of their district, on log odds.

    For area j with r events of n people in a district of k areas (R events of N people):
    `m = ln((r + .5)/(n - r + .5))`, `s2 = (n+1)(n+2)/(n(r+1)(n-r+1))`,
    `M = ln((R + .5)/(N - R + .5))`, `t2 = sum (m - M)2 / (k - 1)`,
    `w = (1/s2) / (1/s2 + 1/t2)` and the shrunk rate `logistic(w m + (1 - w) M)`.
    A district of one area keeps the raw rate; where t2 is 0 the district's rate is taken whole.
    The official convention subtracts no sampling noise from t2, so it shrinks less than
    `empirical_bayes`. Source: English Indices of Deprivation 2019, technical report, appendix on
    shrinkage.

    Parameters
    ----------
    events, people
        Counts by area; 0 <= events <= people. Areas where either is missing stay missing.
    districts
        District of each area, by area code.

    Returns
    -------
    By area: `rate` (raw), `shrunk`, `weight` (share of its own evidence kept, 0..1) and
    `district_rate` (logistic M).

    Raises
    ------
    NumeratorAboveDenominator, NegativeCount, ZeroDenominator, UnplacedAreas, NotANumber,
    DuplicateCodes, VintageMismatch
        What is wrong with the input; several faults come together.
    """
    counts = _check(events, people, districts)
    r, n = counts.r, counts.n
    own = np.log((r + 0.5) / (n - r + 0.5))
    noise = (n + 1) * (n + 2) / (n * (r + 1) * (n - r + 1))
    all_r, all_n = counts.by_district(r), counts.by_district(n)
    pooled = np.log((all_r + 0.5) / (all_n - all_r + 0.5))
    areas = counts.by_district(np.ones(len(r)))
    spread = counts.by_district((own - pooled) ** 2) / np.maximum(areas - 1, 1)
    # (1/s2) / (1/s2 + 1/t2), written so that t2 = 0 gives 0.
    weight = spread / (spread + noise)
    shrunk = expit(weight * own + (1 - weight) * pooled)
    alone = areas == 1
    weight, shrunk = np.where(alone, 1.0, weight), np.where(alone, r / n, shrunk)
    return _table(counts, shrunk, weight, expit(pooled))


def empirical_bayes(
    events: pd.Series, people: pd.Series, districts: pd.Series | None = None
) -> pd.DataFrame:
    """Shrink rates by Marshall's empirical Bayes, which takes sampling noise out of the spread.

    Within each district (or over all areas) with p = r/n, `m = sum r / sum n`,
    `A = sum n (p - m)2 / sum n - m / mean(n)`, not below 0; `w = A / (A + m/n)` and the estimate
    `m + w (p - m)`. Assumes Poisson counts: events are rare against people. Source: Marshall
    (1991), Mapping disease and mortality rates using empirical Bayes estimators, Applied
    Statistics 40, 283-294.

    Parameters, columns and errors as in `shrink`; `district_rate` is m.
    """
    if districts is None:
        districts = pd.Series("all", index=events.index)
    counts = _check(events, people, districts)
    r, n = counts.r, counts.n
    rate = r / n
    all_n = counts.by_district(n)
    pooled = counts.by_district(r) / all_n
    spread = counts.by_district(n * (rate - pooled) ** 2) / all_n
    mean_n = all_n / counts.by_district(np.ones(len(n)))
    beyond_noise = np.maximum(spread - pooled / mean_n, 0.0)
    total = beyond_noise + pooled / n
    weight = np.divide(beyond_noise, total, out=np.zeros_like(total), where=total > 0)
    return _table(counts, pooled + weight * (rate - pooled), weight, pooled)


def _check(events: pd.Series, people: pd.Series, districts: pd.Series) -> _Counts:
    """Bring the three to the areas of the events, or raise every fault."""
    faults = Faults("events and people")
    inputs.check_codes(events.index, faults, where="events")
    aligned = {}
    for name, series in (("people", people), ("districts", districts)):
        inputs.check_codes(series.index, faults, where=name)
        with faults.catch():
            inputs.check_vintage(series.index, events.index.name, where=name)
        if series.index.is_unique:
            aligned[name] = series.reindex(events.index)
    with faults.catch():
        r = inputs.numbers(events, where="events")
    with faults.catch():
        n = inputs.numbers(aligned.get("people", events), where="people")
    faults.raise_any()
    for name, values in (("events", r), ("people", n)):
        if (values < 0).any():
            faults.add(NegativeCount(name, found=r.index[values < 0]))
    if (n == 0).any():
        faults.add(ZeroDenominator("people", found=r.index[n == 0]))
    if (r > n).any():
        faults.add(NumeratorAboveDenominator("events", found=r.index[r > n]))
    known = (r.notna() & n.notna()).to_numpy()
    lost = aligned["districts"].isna().to_numpy() & known
    if lost.any():
        faults.add(UnplacedAreas("districts", found=r.index[lost]))
    faults.raise_any()
    position, names = pd.factorize(aligned["districts"])
    return _Counts(r.index, r.to_numpy(), n.to_numpy(), known, position, len(names))


def _table(counts: _Counts, shrunk: Floats, weight: Floats, pooled: Floats) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "rate": counts.r / counts.n,
            "shrunk": shrunk,
            "weight": weight,
            "district_rate": pooled,
        },
        index=counts.codes,
    )
    table.loc[~counts.known] = np.nan
    return table
