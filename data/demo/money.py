"""The money of the demo place: who pays for what, over which areas.

In: nothing but the table below. Out: the table of streams of the place package. Amounts are in
thousand pounds a year and of the size they have in an English county of a quarter million people.
"""

from __future__ import annotations

import pandas as pd

from data.demo import names

DISTRICT = f"{names.PLACE} District Council"
COUNTY = f"{names.COUNTY} County Council"
UPPER, LOWER = names.CONSORTIA
POLICE = f"{names.COUNTY} Police"
VALE, COAST = names.PARTNERSHIPS
HOMES = "Merebank Homes"

OWN = "lad25:F07000001"
ALL = "lad25:F07000001;lad25:F07000002;lad25:F07000003;lad25:F07000004"
PEOPLE = "every resident counts the same"
NEED = "follows people and the index of need; no record of use is at hand"
NOBODY = "cannot be placed in any neighbourhood"
ASSUMED = {"people": PEOPLE, "need": NEED, "place-wide": NOBODY}

# id, agency, title, theme, thousand pounds, covers, method, what else is to be said
STREAMS: tuple[tuple[str, str, str, str, str, str, str, dict[str, str]], ...] = (
    ("CC01", COUNTY, "Schools and early years", "children and learning", "206480", ALL, "people",
     {"ring_fence": "dedicated schools grant"}),
    ("CC02", COUNTY, "Children's social care", "children and learning", "58920", ALL, "need", {}),
    ("CC03", COUNTY, "Adult social care", "health and care", "121350", ALL, "need", {}),
    ("CC04", COUNTY, "Public health", "health and care", "15840", ALL, "need",
     {"ring_fence": "public health grant"}),
    ("CC05", COUNTY, "Roads and transport", "streets and transport", "21700", ALL, "people", {}),
    ("CC06", COUNTY, "Libraries and archives", "culture and leisure", "5130.5", ALL, "people", {}),
    ("CC07", COUNTY, "County central services", "running the agencies", "9870", ALL, "place-wide",
     {}),
    ("CC08", COUNTY, "Interest and investment income", "running the agencies", "-3240", ALL,
     "place-wide", {"reason": "income: interest on balances, which belongs to no service"}),
    ("DC01", DISTRICT, "Waste and street cleaning", "streets and transport", "9420", OWN, "people",
     {}),
    ("DC02", DISTRICT, "Housing and homelessness", "homes", "6310", OWN, "need", {}),
    ("DC03", DISTRICT, "Leisure and parks", "culture and leisure", "5780.25", OWN, "people", {}),
    ("DC04", DISTRICT, "Planning and building control", "running the agencies", "3150", OWN,
     "place-wide", {}),
    ("DC05", DISTRICT, "Welfare advice and hardship fund", "work and income", "2460", OWN, "need",
     {}),
    ("DC06", DISTRICT, "Ward budgets", "neighbourhoods", "240", "wd25:*", "people",
     {"held_at": "wd25"}),
    ("DC07", DISTRICT, "Ravensmead and Coppins renewal", "homes", "2650.125",
     "forum25:0001;forum25:0004", "people",
     {"held_at": "forum25", "kind": "capital", "ring_fence": "estate renewal fund"}),
    ("UT01", UPPER, "Hospital care", "health and care", "139800", "con24:0E1", "need", {}),
    ("UT02", UPPER, "Community and mental health", "health and care", "44350", "con24:0E1", "need",
     {}),
    ("UT03", UPPER, "Prescribing and primary care", "health and care", "38900", "con24:0E1",
     "people", {}),
    ("LT01", LOWER, "Hospital care", "health and care", "126400", "con24:0E2", "need", {}),
    ("LT02", LOWER, "Community and mental health", "health and care", "39760", "con24:0E2", "need",
     {}),
    ("LT03", LOWER, "Prescribing and primary care", "health and care", "34210", "con24:0E2",
     "people", {}),
    ("PO01", POLICE, "Neighbourhood policing, Central and North", "safety", "6930", "pol24:01",
     "need", {}),
    ("PO02", POLICE, "Neighbourhood policing, South and Caldersby", "safety", "5870", "pol24:02",
     "need", {}),
    ("PO03", POLICE, "Response and investigation", "safety", "22140", "pol24:01;pol24:02",
     "people", {}),
    ("EP01", VALE, "Skills and work programme", "work and income", "4800", "lep20:F37000001",
     "need", {}),
    ("EP02", COAST, "Growth programme", "work and income", "6100", "lep20:F37000002", "people",
     {"kind": "capital"}),
    ("HA01", HOMES, "Repairs and estate services", "homes", "11320", OWN, "need",
     {"kind": "housing account", "held_at": "lad25",
      "assumption": "homes of the association are taken to lie where need is; its register of "
      "homes would say"}),
    ("HA02", HOMES, "Tenancy support", "homes", "1150", OWN, "need", {}),
)  # fmt: skip


def streams() -> pd.DataFrame:
    """Return the table of streams, one row a line of money, all text."""
    rows = []
    for key, agency, title, theme, amount, covers, method, more in STREAMS:
        first = covers.partition(":")[0]
        row = {
            "id": key,
            "title": title,
            "agency": agency,
            "service": title,
            "theme": theme,
            "amount": amount,
            "unit": "thousands",
            "reason": "",
            "covers": covers,
            "method": method,
            "held_at": "cty25" if agency == COUNTY else first,
            "year": "2025-26",
            "kind": "revenue",
            "status": "budget",
            "ring_fence": "",
            "source": f"invented budget book of {agency}, 2025-26",
            "assumption": ASSUMED[method],
        }
        rows.append(row | more)
    return pd.DataFrame(rows, dtype="str")
