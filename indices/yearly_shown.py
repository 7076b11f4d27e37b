"""Takes yearly counts only as far as they may be shown, year by year.

In: the counts of one measure by area and year, and the disclosure rule of its source. Out: the
same with small counts hidden, others rounded, and what was done to each; a hidden count cannot be
worked out from the other areas and the total of the place in that year.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from indices.disclosure import disclose
from indices.disclosure_rules import rule
from indices.measures import Measure


def hide(
    measure: Measure, events: pd.DataFrame, *, place: str, beside: Collection[str] = ()
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return counts that may be shown, missing where hidden, and the flags of all cells.

    Parameters
    ----------
    events
        True counts by area (rows) and year, with the place's row or without.
    place
        Its row is the total of the areas, and is rounded or hidden as such.
    beside
        Rows that are no areas of the place, such as the country: left as they are.

    Raises
    ------
    NotACount, NegativeCount, DisclosureRuleFault
        As in `indices.disclosure.disclose`.
    """
    flags = pd.DataFrame("", index=events.index, columns=events.columns, dtype="str")
    hiding = rule(measure.disclosure)
    if hiding.hide is None and hiding.round_to == 1:
        return events, flags
    shown = events.copy()
    areas = [code for code in events.index if code != place and code not in beside]
    total = pd.Series(place, index=pd.Index(areas, dtype="str"), name="total", dtype="str")
    for year in events.columns:
        counts = events.loc[areas, year].set_axis(total.index)
        found = disclose(counts, hiding, totals={"place": total})
        shown.loc[areas, year] = found.values.to_numpy()
        flags.loc[areas, year] = found.flag.to_numpy()
        if place in events.index and areas:
            whole = found.totals["place"]
            known = np.isfinite(events.loc[[place], year].to_numpy(dtype=float))
            shown.loc[[place], year] = np.where(known, whole["value"], np.nan)
            flags.loc[[place], year] = np.where(known, whole["flag"], "")
    return shown, flags
