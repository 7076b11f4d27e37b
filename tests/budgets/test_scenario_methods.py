"""What docs/methods/budgets.md says of scenarios and joining is read from the page and holds."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from budgets import joining
from budgets.scenario_document import Change, Devolve, Head, Join, Scenario, Share

PAGE = Path(__file__).resolve().parents[2] / "docs" / "methods" / "budgets.md"
TABLES = {"scenario": Head, "change": Change, "join": Join, "share": Share, "devolve": Devolve}


def table(marker: str) -> list[list[str]]:
    text = PAGE.read_text(encoding="utf-8")
    found = re.search(rf"<!-- {marker} -->\n((?:\|.*\n)+)", text)
    assert found is not None, marker
    return [
        [cell.strip() for cell in line.strip("|\n").split("|")]
        for line in found[1].splitlines()[2:]
    ]


def test_every_key_of_a_scenario_is_described_and_no_other() -> None:
    described = [(name, key) for name, key, _ in table("scenario keys")]
    keys = [
        (name, field.alias or key)
        for name, model in TABLES.items()
        for key, field in model.model_fields.items()
    ]
    assert sorted(described) == sorted(keys)
    assert set(TABLES) == {field.alias or key for key, field in Scenario.model_fields.items()}


def test_risk_is_borne_as_the_page_says() -> None:
    streams = pd.DataFrame(
        {"agency": ["North", "South"], "amount_pence": [60_003, 39_998]},
        index=pd.Index(["n", "s"], name="stream"),
    )
    for shares, north, south in table("scenario example: risk"):
        raw = {"stream": ["n", "s"], "as": "pooled", "pot": "p", "host": "H", "agreement": "s75"}
        if "," in shares:
            parts = [float(part) for part in shares.split(",")]
            raw |= {"risk_share": dict(zip(["North", "South"], parts, strict=True))}
        pot = joining.pots([Join.model_validate(raw)], streams)["p"]
        assert pot.bear(1001).to_dict() == {"North": int(north), "South": int(south)}
