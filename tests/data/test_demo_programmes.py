"""The demo place's programmes and use flows, and advice on it from end to end."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from data import advice, advice_mismatch, place, run
from data.run import Result

DAY = dt.date(2026, 4, 1)


@pytest.fixture(scope="module")
def folder(demo_place: Path) -> Path:
    return demo_place


@pytest.fixture(scope="module")
def result(folder: Path) -> Result:
    return run.run(place.load(folder))


@pytest.mark.slow
def test_visits_to_the_gp_flow_to_the_practice_of_each_household(
    folder: Path, result: Result
) -> None:
    households = pd.read_parquet(folder / "tables" / "households.parquet")
    flows = result.place.flows
    assert flows is not None
    uses = flows.groupby("service")["uses"].sum()
    assert uses["Prescribing and primary care"] == households["visits"].sum()
    assert uses["Hospital care"] == households["stays"].sum()
    assert uses["Libraries and archives"] == households["people"].sum()
    gp = flows[flows["service"] == "Prescribing and primary care"]
    practices = pd.read_csv(folder / "tables" / "practices.csv")
    assert gp["to_code"].nunique() <= len(practices)
    # What households register with is known: the flow from one small area is a sum over them.
    code = gp["from_code"].iloc[0]
    of_area = households[households["sa21"] == code]
    assert gp[gp["from_code"] == code]["uses"].sum() == of_area["visits"].sum()


@pytest.mark.slow
def test_every_programme_covers_areas_of_the_place_and_one_has_ended(result: Result) -> None:
    register = result.place.programmes
    assert register is not None
    assert len(register) == 15
    assert set(register["role"]) == {"strategic", "operational", "consultative"}
    assert set(register["importance"]) == {"critical", "desirable", "peripheral"}
    report = advice_mismatch.mismatches(result, on=DAY)
    assert "14 programmes and partnerships run on 1 April 2026; 1 has ended." in report.sentences
    assert report.tables["-matrix"]["programmes"].sum() == 14


@pytest.mark.slow
def test_the_two_enterprise_partnerships_overlap_where_their_programmes_do(result: Result) -> None:
    report = advice_mismatch.mismatches(result, level="wd25", theme="work and income", on=DAY)
    both = report.tables["-overlaps"]
    assert (both["ids"].str.contains("P04") & both["ids"].str.contains("P05")).any()
    assert (both["twice"] <= 1 + 1e-9).all()


@pytest.mark.slow
def test_every_level_and_service_of_the_demo_place_is_judged(result: Result) -> None:
    report = advice.levels(result)
    held = report.tables["-held"]
    assert held["held_pence"].sum() == result.pot_pence
    table = report.tables[""]
    judged = table.groupby("service")["level"].nunique()
    assert judged["Adult social care"] == len(result.levels)
    leads = table[table["advice"] == "lead"].set_index("service")
    # A ward's bill for care swings far too much; the town council's own fund stays with it.
    assert leads.loc["Adult social care", "level"] in ("lad25", "cty25")
    assert leads.loc["Town hall, park and allotments", "level"] == "forum25"
    assert leads.loc["Response and investigation", "level"] == "pol24"
    wards = table[table["level"] == "wd25"].set_index("service")
    assert "reserve" in wards.loc["Adult social care", "step_up"]
    assert wards.loc["Prescribing and primary care", "self_contained"] < 0.8
    parts = table[["reserve_pounds", "running_pounds", "idle_pounds", "spillover_pounds"]].sum(
        axis=1
    )
    gap = parts - table["tailoring_pounds"] - table["cost_pounds"]
    assert gap.abs().max() < 0.05


@pytest.mark.slow
def test_money_by_assumption_is_never_ranked_in_the_demo_place(result: Result) -> None:
    report = advice_mismatch.mismatches(result, level="sa21", on=DAY)
    table = report.tables[""]
    safety = table[table["theme"] == "safety"]
    assert safety["target_pence"].isna().all()
    assert safety["money_class"].isna().all()
    homes = table[table["theme"] == "homes"]
    shown = homes["target_pence"].notna()
    assert shown.any()
    assert not (homes["note"].eq("not shown: small counts") & shown).any()
