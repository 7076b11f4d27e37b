"""The programmes and partnerships of the demo place, and where its people use some services.

In: the households, each with its practice, and where the practices stand. Out: the register of
programmes, all text, and use flows `service, from_code, to_code, uses` between small areas.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.spatial import KDTree

from data.demo.layers import SA
from data.demo.money import AGENCIES
from data.demo.use import LIBRARIES

COLUMNS = (
    "id", "title", "lead", "partners", "theme", "role", "importance", "covers", "amount", "ends",
)  # fmt: skip
DISTRICT, WHOLE = "lad25:F07000001", "con24:0E1;con24:0E2"

# Amounts in pounds for the whole term; empty where a partnership spends nothing of its own.
PROGRAMMES: tuple[tuple[str, ...], ...] = (
    ("P01", "Ravensmead and Coppins renewal", "district", "homes", "homes", "operational",
     "critical", "forum25:0001;forum25:0004", "2650125", "2028-03-31"),
    ("P02", "Warm homes", "homes", "district", "homes", "operational", "desirable",
     "forum25:0001;wd25:F05000003;wd25:F05000011", "480000", "2027-03-31"),
    ("P03", "Housing board", "district", "homes;county", "homes", "strategic", "critical",
     DISTRICT, "", ""),
    ("P04", "Back to work", "vale", "district", "work and income", "operational", "critical",
     "lep20:F37000001", "1350000", "2027-12-31"),
    ("P05", "Skills hubs of the coast", "coast", "county", "work and income", "operational",
     "desirable", "lep20:F37000002", "900000", "2026-12-31"),
    ("P06", "Debt advice on the estates", "district", "homes", "work and income", "operational",
     "desirable", "forum25:0001;forum25:0004", "160000", "2027-03-31"),
    ("P07", "Board of the pooled care fund", "pool", "upper;lower;county", "health and care",
     "strategic", "critical", WHOLE, "", ""),
    ("P08", "Link workers at GP practices", "upper", "pool", "health and care", "operational",
     "desirable", "con24:0E1", "410000", "2027-03-31"),
    ("P09", "Steady on your feet", "county", "lower", "health and care", "operational",
     "desirable", "con24:0E2", "220000", "2026-09-30"),
    ("P10", "Old Town at night", "police", "district", "safety", "operational", "critical",
     "forum25:0002", "190000", "2027-03-31"),
    ("P11", "Village watch", "police", "town", "safety", "consultative", "peripheral",
     "forum25:0003", "", ""),
    ("P12", "Family hubs", "county", "schools;trust", "children and learning", "operational",
     "critical", "forum25:0001;wd25:F05000007;wd25:F05000015", "730000", "2028-08-31"),
    ("P13", "Summer reading", "county", "schools", "culture and leisure", "operational",
     "peripheral", DISTRICT, "24000", "2026-09-30"),
    ("P14", "Assembly of the forums", "district", "town", "neighbourhoods", "consultative",
     "desirable", "forum25:*", "", ""),
    ("P15", "High street recovery", "district", "coast", "work and income", "operational",
     "peripheral", "forum25:0002", "300000", "2024-03-31"),
)  # fmt: skip

# Numbers of the practices in `practices.SITES` beside which the two hospitals stand.
HOSPITALS = (0, 12)


def register() -> pd.DataFrame:
    """Return the register of programmes, one row each, all text."""
    rows = []
    for id, title, lead, partners, *rest in PROGRAMMES:
        names = ";".join(AGENCIES[key] for key in partners.split(";"))
        rows.append((id, title, AGENCIES[lead], names, *rest))
    table = pd.DataFrame(rows, columns=list(COLUMNS), dtype="str")
    return table.assign(source="invented register of programmes, 2025")


def flows(households: pd.DataFrame, practices: pd.DataFrame) -> pd.DataFrame:
    """Return where people use GP practices, hospitals and libraries, by small area.

    Visits go to the practice of the household, wherever it stands; hospital stays and library
    visits to the nearest one, as the crow flies.
    """
    homes = households[["x", "y"]].to_numpy()
    sites = practices[["x", "y"]].to_numpy()
    # A building stands among homes, so in the small area of the nearest one.
    _, beside = KDTree(homes).query(sites)
    area = households[SA].to_numpy()
    of_site = area[beside]
    own = practices.index[practices["code"].searchsorted(households["practice"])].to_numpy()
    parts = [
        _flow("Prescribing and primary care", area, of_site[own], households["visits"]),
        _flow("Hospital care", area, _nearest(homes, sites, HOSPITALS, of_site),
              households["stays"]),
        _flow("Libraries and archives", area, _nearest(homes, sites, tuple(LIBRARIES), of_site),
              households["people"]),
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _nearest(
    homes: np.ndarray, sites: np.ndarray, chosen: tuple[int, ...], of_site: np.ndarray
) -> np.ndarray:
    """Return the small area of the chosen site that is nearest to each home."""
    at = np.array(chosen)
    _, nearest = KDTree(sites[at]).query(homes)
    return of_site[at[nearest]]


def _flow(service: str, origin: np.ndarray, end: np.ndarray, uses: pd.Series) -> pd.DataFrame:
    table = pd.DataFrame({"from_code": origin, "to_code": end, "uses": uses.to_numpy()})
    total = table.groupby(["from_code", "to_code"], as_index=False)["uses"].sum()
    total.insert(0, "service", service)
    return total[total["uses"] > 0].reset_index(drop=True)
