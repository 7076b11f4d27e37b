"""A place whose counts may not be shown: the run keeps every penny and shows none that tells."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from cli import app
from data import masking
from data.place import load
from data.run import Result, rebudget, run

# Each test goes the whole way through the demo place: together too long for `make test`.
pytestmark = pytest.mark.slow

SMALL = "children_in_need"


@pytest.fixture(scope="module")
def place(demo_place: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo place, whose children in need are counted from records that hide small counts."""
    folder = tmp_path_factory.mktemp("place") / "demo"
    shutil.copytree(demo_place, folder)
    text = (folder / "place.toml").read_text(encoding="utf-8")
    rule = f'[use]\ndisclosure = {{ {SMALL} = "hospital-records" }}\n'
    assert "[use]\n" in text
    (folder / "place.toml").write_text(text.replace("[use]\n", rule), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def result(place: Path) -> Result:
    return run(load(place))


@pytest.fixture(scope="module")
def files(place: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out") / "run"
    done = CliRunner().invoke(app, ["run", str(place), "--out", str(out)])
    assert done.exit_code == 0, done.stderr
    assert "could point to a person" in done.stdout
    return out


def streams_of(result: Result) -> list[str]:
    return sorted(masking.flags_for(result.place, result.ledger))


def test_the_ledger_is_exact_and_what_is_shown_of_it_is_masked(result: Result) -> None:
    stream = streams_of(result)[0]
    assert result.masked is not None
    counts = result.place.use[SMALL].reindex(result.ledger.areas)
    row = result.ledger.streams.index.get_loc(stream)
    assert (
        result.ledger.pence[row].sum() + result.ledger.place_wide[row]
        == (result.ledger.streams.loc[stream, "amount_pence"])
    )
    small = counts.between(1, 7).to_numpy()
    assert small.any()
    assert result.masked[0].shown.loc[stream][small].isna().all()


def test_every_file_of_the_run_adds_up_and_hides_the_same_areas(
    result: Result, files: Path
) -> None:
    pot = result.pot_pence
    ledger = pd.read_csv(files / "ledger.csv", dtype={"area_code": str})
    assert ledger["amount_pence"].sum() == pot
    assert (ledger["area_code"] == "not-shown").any()
    amounts = result.ledger.streams["amount_pence"]
    assert (
        ledger.groupby("stream")["amount_pence"].sum().to_dict() == amounts[amounts != 0].to_dict()
    )
    counts = result.place.use[SMALL]
    small = set(counts.index[counts.between(1, 7)])
    for stream in streams_of(result):
        assert not small & set(ledger.loc[ledger["stream"] == stream, "area_code"])
    for layer in result.levels:
        table = pd.read_csv(files / "levels" / f"{layer}.csv", dtype={"area_code": str})
        assert table["amount_pence"].sum() == pot, layer
        assert set(table["flag"].dropna()) <= {"hidden", "rounded"}
    base = pd.read_csv(
        files / "levels" / f"{result.place.base_layer}.csv", dtype={"area_code": str}
    ).set_index("area_code")
    assert base.loc[sorted(small), "amount_pence"].isna().all()
    second = pd.read_csv(files / "second_method.csv", dtype={"area_code": str})
    second = second.set_index("area_code").loc[sorted(small)]
    assert second[[name for name in second if name.endswith("_pence")]].isna().all(axis=None)


def test_no_area_of_any_file_gives_the_hidden_total_of_its_streams(
    result: Result, files: Path
) -> None:
    # An area's sum over all streams less its streams in the ledger would be the hidden stream.
    ledger = pd.read_csv(files / "ledger.csv", dtype={"area_code": str})
    base = pd.read_csv(
        files / "levels" / f"{result.place.base_layer}.csv", dtype={"area_code": str}
    ).set_index("area_code")["amount_pence"]
    known = ledger.groupby("area_code")["amount_pence"].sum()
    both = base.dropna().index.intersection(known.index).drop("not-shown")
    assert len(both) > 10
    assert (base[both] == known[both]).all()


def test_another_setting_of_need_masks_anew(result: Result) -> None:
    again = rebudget(result, need_weight=0.9)
    assert again.masked is not None
    said = [step for step in again.steps if "could point to a person" in str(step)]
    assert len(said) == 1
    table = again.level_tables[result.place.base_layer]
    hidden = (table["flag"] == "hidden").to_numpy()
    assert table["amount_pence"].isna().to_numpy()[hidden].all()
    assert np.isnan(table["pence_per_person"].to_numpy(dtype=float)[hidden]).all()


def test_pages_are_given_only_what_may_be_shown_and_it_adds_up(result: Result) -> None:
    seen = masking.public(result)
    counts = result.place.use[SMALL].reindex(result.ledger.areas)
    small = counts.between(1, 7).to_numpy()
    assert seen.pot_pence == result.pot_pence
    for stream in streams_of(result):
        row = result.ledger.streams.index.get_loc(stream)
        assert (seen.ledger.pence[row][small] == 0).all()
    for layer, level in seen.levels.items():
        assert level.total == result.pot_pence
        assert result.masked is not None
        hidden = (result.masked[1][layer].flag == "hidden").to_numpy()
        assert (level.pence[hidden] == 0).all()
    # Setting need again from what is shown begins with the exact split all the same.
    again = masking.public(rebudget(seen, need_weight=result.need_weight))
    assert (again.ledger.pence == seen.ledger.pence).all()


def test_a_place_without_a_rule_shows_all(demo_place: Path) -> None:
    plain = load(demo_place)
    made = run(plain)
    assert masking.flags_for(plain, made.ledger) == {}
    assert masking.public(made) is made


def test_an_unknown_rule_or_column_is_named(place: Path, tmp_path: Path) -> None:
    folder = tmp_path / "wrong"
    shutil.copytree(place, folder)
    text = (folder / "place.toml").read_text(encoding="utf-8")
    for old, new, word in (
        ("hospital-records", "secret", "hospital-records, local-records"),
        (SMALL, "nobody", "nobody"),
    ):
        (folder / "place.toml").write_text(text.replace(old, new), encoding="utf-8")
        done = CliRunner().invoke(app, ["run", str(folder), "--out", str(tmp_path / "out")])
        assert done.exit_code == 1
        assert word in done.stderr


def test_the_parts_of_an_amount_that_is_not_shown_are_not_shown_either(
    result: Result, files: Path
) -> None:
    parts = ["recorded_pence", "assumed_pence", "spent_here_pence"]
    for layer in result.levels:
        path = files / "levels" / f"{layer}.csv"
        table = pd.read_csv(path, dtype={"area_code": str}).set_index("area_code")
        areas = table.iloc[: len(result.levels[layer].areas)]
        kept = areas["flag"].isna()
        assert areas.loc[~kept, parts].isna().all(axis=None), layer
        assert (areas.loc[kept, parts].sum(axis=1) == areas.loc[kept, "amount_pence"]).all(), layer
