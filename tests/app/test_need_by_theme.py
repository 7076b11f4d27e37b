"""One measure of need for each theme: in the baseline, beside a second method, in mismatch."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from budgets.apportion import prepare
from budgets.errors import NothingToShareBy
from budgets.ledger import Level
from budgets.mismatch import resources
from budgets.need_errors import MeasureNotUsable, NoMeasure
from budgets.need_measures import Measure
from budgets.streams import read
from data import advice_mismatch, need_measures, place, run
from data.baseline_tables import second_method

AREAS = pd.Index(["a", "b", "c"], name="sa", dtype="str")
PEOPLE = pd.Series([10.0, 20.0, 20.0], AREAS)
SCORES = pd.Series([10.0, 20.0, 30.0], AREAS)
PUPILS = Measure("pupils", "clients", pd.Series([6.0, 3.0, 1.0], AREAS), ("schools",))
HEALTH = Measure("health", "indicator", pd.Series([3.0, 2.0, 1.0], AREAS), ("care",))


def streams(*rows: tuple[str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "id": [f"s{at}" for at, _ in enumerate(rows)],
            "title": "Line",
            "agency": "Town",
            "theme": [theme for theme, _ in rows],
            "amount": [amount for _, amount in rows],
            "unit": "pence",
            "covers": "sa:a;sa:b;sa:c",
            "method": "need",
            "year": "2025-26",
            "kind": "revenue",
            "status": "budget",
        }
    )
    return read(frame)


def shared(table: pd.DataFrame, *, weight: float, **measures: Measure) -> list[list[int]]:
    inside = pd.Series(True, AREAS)
    prepared = prepare(table, covers={}, people=PEOPLE, inside=inside, tolerance=0.0)
    ledger = prepared.ledger(
        scores=SCORES, need_weight=weight, neediest_per_head=3.0, measures=measures
    )
    found: list[list[int]] = ledger.pence.tolist()
    return found


def test_a_theme_follows_its_clients_and_the_others_the_index() -> None:
    found = shared(streams(("schools", "100"), ("roads", "110")), weight=1.0, schools=PUPILS)
    # Pupils 6, 3, 1 of 10; people by need 10 x 1, 20 x 2, 20 x 3 of 110.
    assert found == [[60, 30, 10], [10, 40, 60]]


def test_half_by_people_and_half_by_clients() -> None:
    found = shared(streams(("schools", "100")), weight=0.5, schools=PUPILS)
    # People 20, 40, 40 of 100; pupils 60, 30, 10; the middle of both.
    assert found == [[40, 35, 25]]


def test_a_rate_counts_a_head_as_far_as_the_neediest_counts_more() -> None:
    found = shared(streams(("care", "90")), weight=1.0, care=HEALTH)
    # A head 3, 2, 1: people 30, 40, 20 of 90.
    assert found == [[30, 40, 20]]


def test_lines_without_a_theme_follow_the_index_whatever_is_named() -> None:
    found = shared(streams(("", "110")), weight=1.0, schools=PUPILS)
    assert found == [[10, 40, 60]]


def test_money_that_is_to_follow_clients_where_there_are_none_is_refused() -> None:
    nobody = Measure("none", "clients", pd.Series(0.0, AREAS), ("schools",))
    with pytest.raises(NothingToShareBy):
        shared(streams(("schools", "100")), weight=0.5, schools=nobody)
    assert shared(streams(("schools", "100")), weight=0.0, schools=nobody) == [[20, 40, 40]]


def test_mismatch_sets_each_theme_against_its_own_need() -> None:
    table = streams(("schools", "100"), ("roads", "110")).assign(grade="A")
    level = Level(
        streams=table,
        areas=AREAS,
        pence=np.array([[20, 40, 40], [20, 40, 50]]),
        outside=np.zeros(2, np.int64),
        place_wide=np.zeros(2, np.int64),
        counted_in_each=None,
        moved=pd.DataFrame(),
    )
    found = resources(
        level, people=PEOPLE, need=SCORES, need_weight=1.0, measures={"schools": PUPILS}
    ).table
    schools, roads = (found[found["theme"] == theme] for theme in ("schools", "roads"))
    assert schools["target_pence"].tolist() == [60, 30, 10]
    assert schools["need"].tolist() == [0.6, 0.15, 0.05]
    assert schools["to_target_pence"].tolist() == [40, 0, 0]
    assert roads["target_pence"].tolist() == [10, 40, 60]
    assert roads["need"].tolist() == [10.0, 20.0, 30.0]


def with_measures(folder: Path, measures: str) -> Path:
    text = (folder / "place.toml").read_text(encoding="utf-8")
    (folder / "place.toml").write_text(f"{text}\n[need.measures]\n{measures}\n", encoding="utf-8")
    streams_file = folder / "streams.csv"
    frame = pd.read_csv(streams_file, dtype=str, keep_default_na=False)
    frame["theme"] = ["care", "parks", "care", ""]
    frame.to_csv(streams_file, index=False)
    return folder


def test_place_toml_names_the_measure_of_a_theme(
    make_place: Callable[..., Path], tmp_path: Path
) -> None:
    plain = run.run(place.load(with_measures(make_place(tmp_path / "plain"), "")))
    found = run.run(place.load(with_measures(make_place(tmp_path / "own"), 'care = "health"')))
    assert found.pot_pence == plain.pot_pence
    assert (found.ledger.pence[0] != plain.ledger.pence[0]).any()
    assert (found.ledger.pence[1:] == plain.ledger.pence[1:]).all()
    # Income counts for nothing in it now: all need of the line is the domain of health.
    assert found.index is not None
    health = found.index.domain_transformed["health"]
    town = [at for at in range(16) if at % 4 < 3]
    head = 1 + 2 * (health - health.min()) / (health.max() - health.min())
    people = np.array([100.0 + at for at in range(16)])
    by_need = people[town] * head.to_numpy()[town]
    share = 0.5 * people[town] / people[town].sum() + 0.5 * by_need / by_need.sum()
    assert np.abs(found.ledger.pence[0][town] - 120_000_007 * share).max() <= 1
    again = run.rebudget(found, need_weight=1.0)
    assert np.abs(again.ledger.pence[0][town] - 120_000_007 * by_need / by_need.sum()).max() <= 1
    assert (second_method(found).first.pence == found.ledger.pence).all()


def test_mismatch_of_a_place_says_by_what_a_theme_is_measured(
    make_place: Callable[..., Path], tmp_path: Path
) -> None:
    found = run.run(place.load(with_measures(make_place(tmp_path / "own"), 'care = "health"')))
    report = advice_mismatch.mismatches(found, level="wd", on=dt.date(2026, 4, 1))
    assert "Care is set against health, as place.toml says." in report.sentences
    table = report.tables[""]
    care, every = (table[table["theme"] == theme] for theme in ("care", "all themes"))
    assert (care["need"].to_numpy() != every["need"].to_numpy()).any()


@pytest.mark.parametrize(
    ("measures", "error"), [('care = "happiness"', NoMeasure), ('"care" = "theme"', None)]
)
def test_a_measure_that_is_not_there_is_refused(
    make_place: Callable[..., Path], tmp_path: Path, measures: str, error: Any
) -> None:
    loaded = place.load(with_measures(make_place(tmp_path / "own"), measures))
    if error is None:
        # No measure is of this theme: the general one, the index, stands in.
        found = run.run(loaded)
        own = need_measures.by_theme(loaded, found.index, found.prepared.people)
        assert own["care"].name == "index"
        return
    with pytest.raises(error):
        run.run(loaded)


def test_money_never_follows_counts_whose_small_ones_are_hidden(
    make_place: Callable[..., Path], tmp_path: Path
) -> None:
    folder = with_measures(make_place(tmp_path / "secret"), 'care = "clients"')
    codes = [f"a{at:02d}" for at in range(16)]
    rows = "".join(f"{code},{at + 1}\n" for at, code in enumerate(codes))
    (folder / "use.csv").write_text("code,clients\n" + rows)
    text = (folder / "place.toml").read_text(encoding="utf-8")
    head, tail = text.split("[need]")
    open_text = f'{head}[use]\nfile = "use.csv"\n[need]{tail}'
    (folder / "place.toml").write_text(open_text, encoding="utf-8")
    assert run.run(place.load(folder)).ledger.pence[0].sum() == 120_000_007
    secret = open_text.replace(
        'file = "use.csv"\n', 'file = "use.csv"\ndisclosure = { clients = "hospital-records" }\n'
    )
    (folder / "place.toml").write_text(secret, encoding="utf-8")
    with pytest.raises(MeasureNotUsable):
        run.run(place.load(folder))
