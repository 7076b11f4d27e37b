"""The money of the demo place: who pays for what, over which areas.

In: `streams.toml`, which says it all in words. Out: the table of streams of the place package, all
text, one row a line of money.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pandas as pd

from budgets.streams_columns import FILLED, MONEY, TEXTS
from data.demo import names

STREAMS = Path(__file__).with_name("streams.toml")
AGENCIES = {
    "county": f"{names.COUNTY} County Council",
    "district": f"{names.PLACE} District Council",
    "town": names.FORUMS[2],
    "schools": f"Schools of {names.COUNTY}",
    "trust": "Tarrow Community Care Trust",
    "upper": names.CONSORTIA[0],
    "lower": names.CONSORTIA[1],
    "pool": "Tarrow Care Partnership",
    "police": f"{names.COUNTY} Police",
    "drainage": "Tarrow Drainage Board",
    "vale": names.PARTNERSHIPS[0],
    "coast": names.PARTNERSHIPS[1],
    "homes": "Merebank Homes",
}
PLACES = {
    "OWN": "lad25:F07000001",
    "ALL": "lad25:F07000001;lad25:F07000002;lad25:F07000003;lad25:F07000004",
}
YEAR = "2025-26"
# A line that follows a service takes these from it, and not from its agency.
FROM_SERVICE = ("covers", "method", "use")


def streams() -> pd.DataFrame:
    """Return the table of streams."""
    raw = tomllib.loads(STREAMS.read_text(encoding="utf-8"))
    rows = [_row(line, raw["agencies"][line["agency"]]) for line in raw["streams"]]
    lists = ("covers", "ring_fence_areas", "demand_led")
    order = ["id", *FILLED, *TEXTS, *MONEY, *lists, "unit"]
    return pd.DataFrame(rows, columns=list(dict.fromkeys(order)), dtype="str").fillna("")


def _row(line: dict[str, Any], defaults: dict[str, Any]) -> dict[str, str]:
    """Return one line with its agency's defaults; what is not said of it is empty."""
    if "follows" in line:
        defaults = {key: value for key, value in defaults.items() if key not in FROM_SERVICE}
    agency = AGENCIES[line["agency"]]
    row = {
        "service": line["title"],
        "accountable_body": agency,
        "commissioner": agency,
        "provider": agency,
        "unit": "thousands",
        "year": YEAR,
        "price_base": "cash",
        "kind": "revenue",
        "status": "budget",
        "source": f"invented budget book of {agency}, {YEAR}",
        "confirmed_by": f"finance office of {agency}",
        "demand_led": "no",
    }
    row |= defaults | line | {"agency": agency}
    words = {key: "yes" if value is True else str(value) for key, value in row.items()}
    return {key: text.format_map(AGENCIES | PLACES) for key, text in words.items()}
