"""Combines sub-domains into the score of their domain.

In: the ranks or scores of a domain's sub-domains over a complete edition. Out: the domain's score,
high where deprivation is, still to be ranked.
"""

from __future__ import annotations

from typing import Literal

import pandas as pd

from indices import transforms
from indices.definitions import Domain


def combine(
    domain: Domain, values: pd.DataFrame, *, n: int, from_: Literal["ranks", "scores"]
) -> pd.Series:
    """Return a domain's score from its sub-domains, `sum_s w_s X(rank_s)`.

    Sub-domains are ranked and exponentially transformed as domains are, so that neither's spread
    decides the mix, and then averaged with their weights. The result is ranked and transformed
    once more on its way into the overall index. Source: English Indices of Deprivation 2019,
    technical report, on the Education, Barriers and Living Environment domains.

    Parameters
    ----------
    values
        One column a sub-domain, shape (n, n_subdomains), named by its id.
    n
        Number of areas of the edition, all of which are in `values`.
    """
    score = pd.Series(0.0, index=values.index, name=domain.id)
    for part in domain.subdomains:
        ranks = values[part.id]
        if from_ == "scores":
            ranks = transforms.ranks(ranks, high_is_worse=part.high_is_worse)
        score += part.weight * transforms.exponential(ranks, n)
    return score
