"""The worked examples of docs/methods/budgets.md are read from the page and hold."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from boundaries.crosswalk import Crosswalk
from budgets import adviser_measures, prevention_file, rules, streams
from budgets.apportion import apportion, prepare
from budgets.convergence import convergence
from budgets.eliminations import reconcile
from budgets.errors import AmountMissing, AmountNotUnderstood, FloorTooHigh
from budgets.fairness import concentration_index, slope_index
from budgets.ledger import Ledger, Level
from budgets.mismatch import resources
from budgets.money import largest_remainder, read_amount
from budgets.movable import movable
from budgets.need import need_weighted
from budgets.need_weighting import weighted_population
from budgets.pace import share_out
from budgets.prevention import appraise
from budgets.prices import real_terms
from budgets.raking import rake

PAGE = Path(__file__).resolve().parents[2] / "docs" / "methods" / "budgets.md"
Draw = Callable[..., Crosswalk]
Row = dict[str, str]


def tables(marker: str) -> dict[str, list[Row]]:
    """Return the tables of the page that follow a comment with the marker, by its name."""
    found: dict[str, list[Row]] = {}
    pattern = re.compile(rf"<!-- {marker}:? ?([a-z ]*)-->\n((?:\|.*\n)+)")
    for name, block in pattern.findall(PAGE.read_text(encoding="utf-8")):
        lines = [[c.strip() for c in line.strip("|\n").split("|")] for line in block.splitlines()]
        found[name.strip()] = [dict(zip(lines[0], line, strict=True)) for line in lines[2:]]
    return found


EXAMPLES = tables("example")


def numbers(text: str) -> list[float]:
    return [float(part) for part in text.split(",")]


def amounts_hold(rows: list[Row], crosswalk: Draw) -> None:
    for row in rows:
        if row["pence"] == "refused":
            with pytest.raises((AmountNotUnderstood, AmountMissing)):
                read_amount(row["written"], unit=row["unit"])
            continue
        amount = read_amount(row["written"], unit=row["unit"])
        assert amount.pence == int(row["pence"])
        assert amount.rounding == Decimal(row["rounding moved (pence)"])


def eliminations_hold(rows: list[Row], crosswalk: Draw) -> None:
    plain = {"title": "x", "covers": "sa:a", "method": "people", "year": "2025-26"}
    plain |= {"kind": "revenue", "status": "budget", "unit": "thousands"}
    keys = ("id", "agency", "amount", "transfer_of")
    table = pd.DataFrame([plain | {key: row[key] for key in keys} for row in rows])
    found = reconcile(streams.read(table)).table
    for column, name in (("eliminated", "eliminated_pence"), ("final spend", "net_pence")):
        assert found[name].tolist() == [int(row[column]) * 100_000 for row in rows]


def movable_money_holds(rows: list[Row], crosswalk: Draw) -> None:
    plain = {"title": "x", "agency": "y", "covers": "sa:a", "method": "people", "year": "2025-26"}
    plain |= {"kind": "revenue", "status": "budget"}
    for row in rows:
        fields = {key: row[key] for key in ("amount", "ring_fenced", "entitlement", "committed")}
        fields |= {key: row[key] for key in ("committed_until", "next_decision")}
        purpose = {"ring_fence": "schools" if row["ring_fenced"] else ""}
        one = streams.read(pd.DataFrame([plain | fields | purpose | {"id": "s"}]))
        found = movable(one, on=dt.date.fromisoformat(row["on"])).loc["s"]
        assert found["movable_pence"] == 100 * int(row["movable"])
        assert found["free_from"] == row["free from"]


def methods_hold(rows: list[Row], crosswalk: Draw) -> None:
    """The ladder of the page is the ladder of the code."""
    assert {row["method"]: row["grade"] for row in rows} == streams.METHODS


def uses_hold(rows: list[Row], crosswalk: Draw) -> None:
    """Each row splits £1.00 over areas a, b and c by what is counted there."""
    areas = pd.Index(["a", "b", "c"], name="sa", dtype="str")
    use = pd.DataFrame({"visits": [1.0, 2, 1], "stays": [0.0, 1, 0], "homes": [3.0, 0, 1]}, areas)
    people, households = pd.Series([10.0, 20, 20], areas), pd.Series([5.0, 5, 10], areas)
    plain = {"id": "s", "title": "x", "agency": "y", "amount": "1", "year": "2025-26"}
    plain |= {"kind": "revenue", "status": "budget"}
    for row in rows:
        fields = {key: row[key] for key in ("method", "use", "covers")}
        prepared = prepare(
            streams.read(pd.DataFrame([plain | fields])),
            covers={},
            people=people,
            inside=pd.Series(True, areas),
            tolerance=0.0,
            households=households,
            use=use,
        )
        book = prepared.ledger(scores=None, need_weight=0.5, neediest_per_head=3.0)
        assert book.pence[0].tolist() == numbers(row["pence"])


def deflators_hold(rows: list[Row], crosswalk: Draw) -> None:
    for row in rows:
        found = real_terms(10_000, from_year=row["from"], to_year=row["to"])
        assert found.pence.tolist() == [int(row["100 pounds become (pence)"])]
        assert found.estimated == (row["estimated"] == "yes")


def largest_remainders_hold(rows: list[Row], crosswalk: Draw) -> None:
    for row in rows:
        parts = largest_remainder(int(row["total (pence)"]), numbers(row["weights"]))
        assert parts.tolist() == numbers(row["parts (pence)"])


def need_holds(rows: list[Row], crosswalk: Draw) -> None:
    index = pd.Index(list("abc"), name="sa")
    scores = pd.Series([10.0, 20.0, 30.0], index)
    for row in rows:
        share = need_weighted(
            pd.Series(numbers(row["people"]), index),
            scores,
            need_weight=float(row["need weight"]),
            neediest_per_head=3.0,
        )
        assert share.round(4).tolist() == numbers(row["shares"])


def cover_holds(rows: list[Row], crosswalk: Draw) -> None:
    codes = [row["area"] for row in rows]
    people = pd.Series([float(r["people"]) for r in rows], pd.Index(codes, name="sa"))
    shares = {r["area"]: float(r["share in w1"]) for r in rows}
    walk = crosswalk({a: {"w1": s, "w2": 1 - s} for a, s in shares.items()})
    stream = {"id": "x", "title": "x", "agency": "x", "amount": "1.00", "covers": "wd:w1"}
    stream |= {"method": "people", "year": "2018", "kind": "revenue", "status": "budget"}
    book = apportion(
        streams.read(pd.DataFrame([stream])),
        covers={"wd": walk},
        people=people,
        scores=None,
        need_weight=0.0,
        neediest_per_head=1.0,
        inside=people > 0,
        tolerance=0.02,
    )
    assert book.by_area().tolist() == [int(row["pence"]) for row in rows]


def hold(cells: dict[str, int]) -> Ledger:
    pence = np.array([list(cells.values())], dtype=np.int64)
    frame = pd.DataFrame({"amount_pence": pence.sum(axis=1)}, index=pd.Index(["x"], name="stream"))
    areas = pd.Index(list(cells), name="sa", dtype="str")
    nothing = np.zeros(1, np.int64)
    return Ledger(frame, areas, pence, nothing, np.ones(len(cells), bool), pd.DataFrame())


def level_holds(rows: list[Row], crosswalk: Draw) -> None:
    walk = crosswalk({"a": {"w1": 1, "w2": 1}, "b": {"w2": 1}}, masses={"a": 3})
    level = hold({"a": 100, "b": 7}).at(walk, tolerance=0.02)
    found: dict[str, Any] = level.by_area().to_dict()
    found |= {"outside": level.outside[0], "pot": level.total}
    assert found == {row["where"]: int(row["pence"]) for row in rows}


def overlap_holds(rows: list[Row], crosswalk: Draw) -> None:
    walk = crosswalk({"a": {"p": 1, "q": 1}}, masses={"a": 1.0}, outside=np.zeros(1))
    level = hold({"a": 101}).at(walk, tolerance=0.02)
    assert level.counted_in_each is not None
    assert level.pence[0].tolist() == [int(row["held once"]) for row in rows]
    assert level.counted_in_each[0].tolist() == [int(row["counted in each"]) for row in rows]


def column(rows: list[Row], name: str) -> pd.Series:
    index = pd.Index([f"a{i}" for i in range(len(rows))], name="sa", dtype="str")
    return pd.Series([float(row[name]) for row in rows], index)


def water_filling_holds(rows: list[Row], crosswalk: Draw) -> None:
    floor, ceiling = column(rows, "floor"), column(rows, "ceiling")
    shared = rules.water_filling(column(rows, "need"), total=1000, floor=floor, ceiling=ceiling)
    assert shared.amounts.tolist() == pytest.approx(column(rows, "amount").tolist())


def damping_holds(rows: list[Row], crosswalk: Draw) -> None:
    baseline, target = column(rows, "baseline"), column(rows, "target")
    shared = rules.floor_damping(baseline, target, floor=0.02)
    assert shared.parameter == pytest.approx(0.6)
    assert shared.amounts.tolist() == pytest.approx(column(rows, "amount").tolist())
    with pytest.raises(FloorTooHigh) as caught:
        rules.floor_damping(baseline, target, floor=0.051)
    assert caught.value.nearest == pytest.approx(0.05)


def taper_holds(rows: list[Row], crosswalk: Draw) -> None:
    baseline, target = column(rows, "baseline"), column(rows, "target")
    shared = rules.growth_taper(baseline, target, least_growth=0.03)
    assert shared.amounts.round(4).tolist() == column(rows, "amount").tolist()


def convergence_holds(rows: list[Row], crosswalk: Draw) -> None:
    baseline, target = column(rows, "baseline"), column(rows, "target")
    for name, cap in (("year 1", None), ("year 1 with an 11 % cap", 0.11)):
        path = convergence(baseline, target, growth=0.05, cap=cap)
        assert path.amounts[1].tolist() == pytest.approx(column(rows, name).tolist())


def viable_holds(rows: list[Row], crosswalk: Draw) -> None:
    shared = rules.minimum_viable(column(rows, "need"), total=950, minimum=100)
    assert shared.amounts.tolist() == pytest.approx(column(rows, "amount").tolist())


def raking_holds(rows: list[Row], crosswalk: Draw) -> None:
    seed = pd.DataFrame([numbers(row["seed"]) for row in rows])
    raked = rake(seed, rows=pd.Series([120, 180, 210]), columns=pd.Series([150, 160, 200]))
    assert raked.round(4).to_numpy().tolist() == [numbers(row["raked"]) for row in rows]


def weighted_people_hold(rows: list[Row], crosswalk: Draw) -> None:
    people = pd.DataFrame({band: column(rows, band) for band in ("young", "old")})
    table = weighted_population(
        people,
        age_cost={"young": 1, "old": 4},
        need=column(rows, "need"),
        area_cost=column(rows, "area cost"),
    )
    found = table["weighted_people"].round(4).tolist()
    assert found == column(rows, "weighted people").tolist()
    assert table["index"].round(4).tolist() == column(rows, "index").tolist()


def together_holds(rows: list[Row], crosswalk: Draw) -> None:
    choices = {"rule": "damping", "floor": -10, "ceiling": 14, "unit": "per cent"}
    baseline, need = column(rows, "baseline"), column(rows, "need")
    shared = share_out(choices, baseline=baseline, need=need, total=1050)
    assert shared.amounts.round(4).tolist() == column(rows, "amount").tolist()


def prevention_holds(rows: list[Row], crosswalk: Draw) -> None:
    raw = prevention_file.read("falls").model_dump(by_alias=True)
    given = {
        "eligible.share": 0.5,
        "reach.rate": 0.2,
        "cost.per_person": 100,
        "cost.per_year": 1000,
        "cost.once": 500,
        "avoided.per_person": 0.5,
        "avoided.reduction": 0.2,
        "avoided.unit_cost": 2000,
        "avoided.cashable": 0.3,
        "method.optimism_effect": 0,
        "method.optimism_cost": 0,
    }
    for part in ("cost", "avoided"):
        raw[part] = [raw[part][0]]
    for key, new in given.items():
        part, name = key.split(".")
        entry = raw[part][0] if part in ("cost", "avoided") else raw[part]
        entry[name] = entry[name] | {"value": new, "low": new, "high": new}
    raw["avoided"][0] |= {"lag_years": 1, "lasts_years": 2, "cashable_after": 2}
    raw["reach"]["build_up"] = [0.5, 1.0]
    raw["method"]["horizon_years"] = len(rows)
    people = pd.Series([600.0, 400.0], pd.Index(["a", "b"], name="sa", dtype="str"))
    done = appraise(prevention_file.parse(raw, where="page"), people)
    money = done.by_year().groupby("year")[["paid_pence", "saved_pence", "cashable_pence"]].sum()
    assert done.reached.tolist() == column(rows, "reached").tolist()
    for name, heading in zip(money, ("paid", "saved", "cash"), strict=True):
        assert money[name].tolist() == column(rows, f"{heading} (pence)").tolist()


def concentration_holds(rows: list[Row], crosswalk: Draw) -> None:
    people, a_head = column(rows, "people"), column(rows, "a head")
    deprived = pd.Series(range(len(rows), 0, -1), people.index)
    index = concentration_index(people * a_head, people, deprived)
    assert round(index.value, 4) == float(rows[0]["concentration index"])
    slope = slope_index(people * a_head, people, deprived).slope
    assert round(slope.value, 4) == float(rows[0]["slope index"])


def risk_holds(rows: list[Row], crosswalk: Draw) -> None:
    for row in rows:
        people = float(row["people"])
        cv = float(row["standard deviation (pounds)"]) / float(row["mean (pounds)"])
        assert f"{100 * cv:.2f}" == row["CV (%)"]
        k = round(cv * people**0.5, 1)
        assert k == float(row["k"])
        assert float(adviser_measures.variation(people, k=k)) == pytest.approx(cv, rel=0.01)


def pool_holds(rows: list[Row], crosswalk: Draw) -> None:
    for row in rows:
        people = adviser_measures.smallest_pool(float(row["k"]), overspend=0.05, chance=0.05)
        assert people == pytest.approx(float(row["people"]), rel=0.002)


def target_holds(rows: list[Row], crosswalk: Draw) -> None:
    need, pence = column(rows, "need"), column(rows, "amount (pence)").astype("int64")
    streams_ = pd.DataFrame({"theme": ["t"], "grade": ["A"], "amount_pence": [pence.sum()]}, ["s"])
    nothing = np.zeros(1, np.int64)
    areas = pd.Index(need.index.astype("str"), name="wd")
    level = Level(streams_, areas, pence.to_numpy()[None], nothing, nothing, None, pd.DataFrame())
    found = resources(
        level,
        people=pd.Series(100.0, areas),
        need=pd.Series(need.to_numpy(), areas),
        need_weight=1.0,
        neediest_per_head=4.0,
    )
    table = found.table[found.table["theme"] == "t"]
    assert table["target_pence"].tolist() == column(rows, "target (pence)").tolist()
    assert table["to_target_pence"].tolist() == column(rows, "missing (pence)").tolist()
    assert table["pair"].tolist() == [row["pair"] for row in rows]


CHECKS: dict[str, Callable[[list[Row], Draw], None]] = {
    "amounts": amounts_hold,
    "eliminations": eliminations_hold,
    "movable": movable_money_holds,
    "methods": methods_hold,
    "uses": uses_hold,
    "deflators": deflators_hold,
    "largest remainder": largest_remainders_hold,
    "need": need_holds,
    "cover": cover_holds,
    "level": level_holds,
    "overlap": overlap_holds,
    "water filling": water_filling_holds,
    "damping": damping_holds,
    "taper": taper_holds,
    "convergence": convergence_holds,
    "viable": viable_holds,
    "raking": raking_holds,
    "weighted people": weighted_people_hold,
    "together": together_holds,
    "prevention": prevention_holds,
    "concentration": concentration_holds,
    "risk": risk_holds,
    "pool": pool_holds,
    "target": target_holds,
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_on_the_page_holds(name: str, crosswalk: Draw) -> None:
    assert EXAMPLES[name], "the table is empty"
    CHECKS[name](EXAMPLES[name], crosswalk)


def test_every_check_has_its_example_on_the_page() -> None:
    assert set(EXAMPLES) == set(CHECKS)


def test_the_columns_on_the_page_are_the_columns_that_are_read() -> None:
    (rows,) = tables("columns").values()
    needed = {row["column"] for row in rows if row["needed"] == "yes"}
    assert needed == set(streams.NEEDED)
    read = [name.removesuffix("_pence") for name in streams.COLUMNS]
    assert {row["column"] for row in rows} == {*read, "id", "unit"} - {"rounding", "row"}
