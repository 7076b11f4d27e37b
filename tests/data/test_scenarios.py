"""Scenarios of a place: what they may follow, what stays hidden, what is warned of."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from budgets.scenario import parse
from data import place, run, scenario_compare, scenario_files, scenarios

HEAD = '[scenario]\nid = "plan"\ntitle = "A plan"\n'
CODES = [f"{column:02d}{row:02d}" for column in range(1, 5) for row in range(1, 5)]
SMALL = "0203"


@pytest.fixture
def counted(package: Path) -> Path:
    """The drawn place with clients that were counted, two of them in one square."""
    counts = {code: 2 if code == SMALL else 20 + 3 * at for at, code in enumerate(CODES)}
    text = "code,clients\n" + "".join(f"{code},{n}\n" for code, n in counts.items())
    (package / "use.csv").write_text(text, encoding="utf-8")
    toml = package / "place.toml"
    toml.write_text(
        toml.read_text(encoding="utf-8")
        + '[use]\nfile = "use.csv"\ndisclosure = { clients = "local-records" }\n',
        encoding="utf-8",
    )
    streams = package / "streams.csv"
    lines = streams.read_text(encoding="utf-8").splitlines()
    lines = [f"{line},{'theme,use' if at == 0 else 'green,'}" for at, line in enumerate(lines)]
    lines.append(
        "day,Day care,Council,500.00,,gp:G1,client-group,gp,2025-26,revenue,budget,care,clients"
    )
    streams.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return package


def result_of(folder: Path) -> run.Result:
    return run.run(place.load(folder))


def test_a_scenario_may_follow_index_domains_indicators_and_clients(counted: Path) -> None:
    measures = scenarios.measures_of(result_of(counted))
    assert next(iter(measures)) == "index"
    kinds = {name: measure.kind for name, measure in measures.items()}
    assert (
        kinds.items()
        >= {
            "index": "index",
            "income": "index",
            "health": "index",
            "crowded": "indicator",
            "clients": "clients",
        }.items()
    )
    assert measures["clients"].themes == ("care",)


def test_money_that_follows_few_people_stays_hidden_in_every_file(
    counted: Path, tmp_path: Path
) -> None:
    result = result_of(counted)
    plan = parse(
        HEAD
        + '[[change]]\nof = "day"\nper_cent = 4\nreason = "x"\n'
        + '[[devolve]]\nof = "day"\nto = "sq"\nshare = 0.5\n'
    )
    allocation = scenarios.allocate(result, plan, draws=0)
    exact = dict(
        zip(result.ledger.areas, allocation.outcome.ledger.pence[-1].tolist(), strict=True)
    )
    scenario_files.write(allocation, tmp_path / "out")
    ledger = pd.read_csv(tmp_path / "out" / "ledger.csv", dtype={"area_code": str})
    mine = ledger[ledger["stream"] == "day"].set_index("area_code")["amount_pence"]
    assert exact[SMALL] > 0
    assert SMALL not in mine.index
    assert int(mine.sum()) == 52_000, "what is not shown is a row of its own"
    assert "not-shown" in mine.index
    for name, column in (
        ("changes.csv", "after_pence"),
        ("levels/sq.csv", "amount_pence"),
        ("devolved.csv", "amount_pence"),
    ):
        table = pd.read_csv(tmp_path / "out" / name, dtype={"area_code": str})
        assert pd.isna(table.set_index("area_code").at[SMALL, column]), name
    assert "are not shown" in " ".join(allocation.sentences)


def test_the_years_that_are_mixed_are_warned_of(package: Path) -> None:
    streams = package / "streams.csv"
    text = streams.read_text(encoding="utf-8")
    streams.write_text(text.replace("gp,2025-26", "gp,2024-25"), encoding="utf-8")
    said = " ".join(scenarios.allocate(result_of(package), draws=0).sentences)
    assert "2024-25" in said
    assert "2025-26" in said


def test_a_level_that_nests_is_the_sum_of_its_children_in_a_scenario_too(package: Path) -> None:
    result = result_of(package)
    plan = parse(HEAD + '[[share]]\nof = "*"\nby = "need"\nneed_weight = 1\n')
    allocation = scenarios.allocate(result, plan, draws=0)
    for layer, level in allocation.levels.items():
        assert level.total == allocation.outcome.ledger.total, layer
        direct = result.ledger.at(result.crosswalks[layer], tolerance=result.place.tolerance)
        assert level.areas.equals(direct.areas)


def test_scenarios_that_are_compared_on_a_place_say_who_gains_between_them(
    package: Path, tmp_path: Path
) -> None:
    files = []
    for weight in (0, 1):
        files.append(tmp_path / f"{weight}.toml")
        share = f'[[share]]\nof = "*"\nby = "need"\nneed_weight = {weight}\n'
        files[-1].write_text(HEAD + share, encoding="utf-8")
    found = scenario_compare.compare(*files, by="area", result=result_of(package))
    assert int(found.table["change_pence"].sum()) == 0
    gain = found.table["change_pence"].clip(lower=0)
    inside = [code for code in CODES if int(code[2:]) <= 3]
    pence = int(gain[inside].sum())
    assert f"people gain £{pence // 100:,}.{pence % 100:02d}" in found.sentences[-1]
    assert found.largest_first()["change_pence"].abs().is_monotonic_decreasing
