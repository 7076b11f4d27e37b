"""Ring-fences: money for one purpose in some areas, shared by itself.

In: fences and need by area. Out: whole pence by area and purpose; each column adds up to its fence.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from budgets.errors import NothingToShareBy
from budgets.money import MAX_PENCE, largest_remainder
from budgets.pace_choices import Fence
from budgets.pace_errors import FenceNotUsable, FenceTwice
from geo.errors import Faults


def share_fences(fences: Sequence[Fence], need: pd.Series) -> pd.DataFrame:
    """Share each fence by need among its own areas, in whole pence.

    Returns
    -------
    int64 (n_areas, n_fences), columns by purpose, ties to the smaller code.

    Raises
    ------
    FenceNotUsable, FenceTwice
    NothingToShareBy
        Nobody in the areas of a fence has need.
    """
    faults = Faults("ring-fences")
    for fence in fences:
        whole = isinstance(fence.pence, int | np.integer) and not isinstance(fence.pence, bool)
        if not whole or not 0 <= fence.pence <= MAX_PENCE:
            faults.add(FenceNotUsable(fence.purpose, found=[fence.pence]))
        unknown = [code for code in fence.areas if code not in need.index]
        if unknown:
            faults.add(FenceNotUsable(fence.purpose, found=unknown))
    names = [fence.purpose for fence in fences]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        faults.add(FenceTwice("ring-fences", found=twice))
    faults.raise_any()
    order = np.argsort(need.index.to_numpy(dtype=object), kind="stable")
    pence = np.zeros((len(need), len(fences)), np.int64)
    for column, fence in enumerate(fences):
        eligible = need.index.isin(fence.areas) if fence.areas else np.ones(len(need), bool)
        weight = np.where(eligible, need.to_numpy(dtype=np.float64), 0.0)
        if fence.pence and not weight.any():
            raise NothingToShareBy(f"ring-fence {fence.purpose}", found=need.index[eligible])
        pence[order, column] = largest_remainder(fence.pence, weight[order])
    return pd.DataFrame(pence, index=need.index, columns=pd.Index(names, dtype="str"))
