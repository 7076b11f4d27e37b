"""What the households of the demo place use of public services, recorded where they live.

In: the households and the practices. Out: counts of use a household, and the table of use by
small area. As every household is known, the true split of money that is recorded is known too.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.spatial import KDTree

from data.demo.noise import chance

# Square metres of library beside a practice, by the number of the practice in `practices.SITES`.
LIBRARIES = {0: 1850, 4: 420, 5: 380, 7: 310, 10: 640, 11: 720, 12: 560, 13: 450}
# Column of the table of use -> column of the table of counts.
COUNTED = {
    "pupils": "pupils",
    "children_in_need": "children_in_need",
    "care_weeks": "care_weeks",
    "stays": "stays",
    "visits": "visits",
    "tenancies": "tenancies",
    "benefit_claims": "benefit_claims",
    "homeless_applications": "homeless",
    "crimes_recorded": "crimes",
    "new_homes": "new_homes",
}


def record(households: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Draw what each household uses in a year, int64, in the order of the households.

    Use follows age and illness, and hardship beyond them, so that neither people nor the index of
    need gives it exactly.
    """
    rng = chance(seed, "use")
    poor = (households["income_deprived"] > 0).to_numpy()
    ill = households["limiting_illness"].to_numpy()
    older = (households["aged_65_84"] + households["aged_85_plus"]).to_numpy()
    oldest = households["aged_85_plus"].to_numpy()
    people = households["people"].to_numpy()
    children = (households["aged_0_4"] + households["aged_5_15"]).to_numpy()
    social = (households["tenure"] == "social rent").to_numpy()
    private = (households["tenure"] == "private rent").to_numpy()
    n = len(households)
    planned = rng.poisson(0.06 * people + 0.11 * (older - oldest) + 0.14 * oldest)
    weeks = (0.6 * older + 6.0 * oldest + 2.0 * ill) * np.where(poor, 1.5, 1.0)
    columns = {
        "pupils": rng.binomial(households["aged_5_15"], 0.93),
        "children_in_need": rng.binomial(children, np.where(poor, 0.11, 0.018)),
        "care_weeks": rng.poisson(weeks),
        "stays": households["emergency_admissions"].to_numpy() + planned,
        "visits": rng.poisson(0.9 * people + 0.8 * older + 1.1 * ill),
        "tenancies": social & (rng.random(n) < 0.62),
        "benefit_claims": (social | private) & poor & (rng.random(n) < 0.8),
        "new_homes": households["year_built"].to_numpy() >= 2018,
    }
    return pd.DataFrame({name: np.asarray(values, np.int64) for name, values in columns.items()})


def table(totals: pd.DataFrame, households: pd.DataFrame, practices: pd.DataFrame) -> pd.DataFrame:
    """Return the table of use by small area: what was recorded, and the libraries that stand there.

    Parameters
    ----------
    totals
        Counts by small area, as `tables.counts` adds them up.
    """
    found = pd.DataFrame({name: totals[column] for name, column in COUNTED.items()})
    # A library stands among the homes of its practice, so in the area of the nearest one.
    tree = KDTree(households[["x", "y"]].to_numpy())
    _, nearest = tree.query(practices[["x", "y"]].to_numpy()[list(LIBRARIES)])
    areas = households["sa21"].to_numpy()[nearest]
    floor = pd.Series(list(LIBRARIES.values()), index=areas).groupby(level=0).sum()
    found["library_m2"] = floor.reindex(found.index, fill_value=0).astype(np.int64)
    return found.reset_index()
