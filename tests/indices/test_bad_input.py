"""What is wrong with the figures of an index is named by the command, and nothing is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from cli import app

N = 40
CODES = [f"A{number:02d}" for number in range(N)]
Run = Callable[..., Result]


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def definition(counted: bool = True, direction: str = "high is worse") -> str:
    text = 'schema = 1\nid = "own"\ntitle = "Own"\nedition = "1"\nreference = "drawn"\n'
    for id, indicators in (("work", '"jobless", "lowpay"'), ("health", '"sick"')):
        text += f'[[domains]]\nid = "{id}"\ntitle = "{id}"\nweight = 0.5\n'
        text += f"indicators = [{indicators}]\n"
    for id in ("jobless", "lowpay", "sick"):
        text += f'[[indicators]]\nid = "{id}"\ntitle = "{id}"\nunit = "%"\nkind = "rate"\n'
        if counted:
            text += f'numerator = "{id}"\ndenominator = "people"\nper = 100\n'
        else:
            text += f'value = "{id}"\n'
        which = direction if id == "lowpay" else "high is worse"
        text += f'direction = "{which}"\nsource = "drawn"\nvintage = "sa"\ndate = 2024\n'
        text += 'theme = "drawn"\n'
    return text


@pytest.fixture
def counts() -> pd.DataFrame:
    random = np.random.default_rng(1)
    shared = random.integers(5, 60, N)
    return pd.DataFrame(
        {
            "code": CODES,
            "jobless": shared,
            "lowpay": shared + random.integers(0, 9, N),
            "sick": shared + random.integers(0, 9, N),
            "people": 100,
        }
    )


@pytest.fixture
def ranks(counts: pd.DataFrame) -> pd.DataFrame:
    table = counts[["jobless", "sick"]].rank(ascending=False, method="min").astype(int)
    return table.set_axis(["work", "health"], axis=1).assign(code=CODES)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run `index` on a table; a fault must leave no file."""

    def made(frame: pd.DataFrame, from_: str = "indicators", text: str = "") -> Result:
        (tmp_path / "own.toml").write_text(text or definition(), encoding="utf-8")
        frame.to_csv(tmp_path / "in.csv", index=False)
        done = call(
            "index", tmp_path / "own.toml", tmp_path / "in.csv", "--code", "code",
            "--from", from_, "--out", tmp_path / "out.csv",
        )  # fmt: skip
        assert (tmp_path / "out.csv").exists() == (done.exit_code == 0)
        assert done.exception is None or isinstance(done.exception, SystemExit)
        return done

    return made


def refused(done: Result, *words: str) -> None:
    assert done.exit_code == 1
    for word in words:
        assert word in done.stderr, done.stderr


def test_sound_figures_are_taken(run: Run, counts: pd.DataFrame, ranks: pd.DataFrame) -> None:
    for frame, from_ in (
        (counts, "indicators"),
        (ranks, "ranks"),
        (-ranks[["work", "health"]], "scores"),
    ):
        done = run(frame.assign(code=CODES), from_)
        assert done.exit_code == 0, done.stderr
        assert "Note" not in done.stdout


def test_an_indicator_that_runs_against_its_domain_is_reported(
    run: Run, counts: pd.DataFrame
) -> None:
    done = run(counts, text=definition(direction="low is worse"))
    assert done.exit_code == 0
    assert "indicator lowpay runs against the others of domain work" in done.stdout


@pytest.mark.parametrize("from_", ["indicators", "ranks", "scores"])
def test_a_domain_that_runs_against_the_others_is_reported(
    run: Run, counts: pd.DataFrame, ranks: pd.DataFrame, from_: str
) -> None:
    frame = {
        "indicators": counts.assign(sick=100 - counts["sick"]),
        "ranks": ranks.assign(health=np.argsort(np.argsort(counts["sick"])) + 1),
        "scores": ranks.assign(work=-ranks["work"]),
    }[from_]
    done = run(frame, from_)
    assert done.exit_code == 0, done.stderr
    assert "health runs against the other domains" in done.stdout


def test_constant_indicators_are_named_together(run: Run, counts: pd.DataFrame) -> None:
    refused(run(counts.assign(sick=7, lowpay=3)), "must differ", "lowpay", "sick")


def test_an_indicator_without_any_value_is_named(run: Run, counts: pd.DataFrame) -> None:
    refused(run(counts.assign(sick="")), "indicator sick", "a value somewhere")


def test_one_missing_value_is_named_with_its_area(run: Run, counts: pd.DataFrame) -> None:
    sick = counts["sick"].astype(object)
    sick[3] = ""
    refused(run(counts.assign(sick=sick)), "sick", "A03")


@pytest.mark.parametrize("from_", ["indicators", "ranks", "scores"])
def test_one_area_is_no_index(
    run: Run, counts: pd.DataFrame, ranks: pd.DataFrame, from_: str
) -> None:
    frame = counts if from_ == "indicators" else ranks.assign(work=1, health=1)
    refused(run(frame.head(1), from_), "two areas or more", "A00")


@pytest.mark.parametrize("from_", ["ranks", "scores"])
def test_a_domain_in_which_all_areas_tie_is_named(
    run: Run, ranks: pd.DataFrame, from_: str
) -> None:
    refused(run(ranks.assign(work=1), from_), "must differ", "work")
    refused(run(ranks.assign(work=1, health=1), from_), "work, health")


def test_areas_without_people_and_people_without_denominators_are_named(
    run: Run, counts: pd.DataFrame
) -> None:
    nobody = counts.copy()
    nobody.loc[[2, 5], "people"] = 0
    refused(run(nobody), "must not exceed", "A02", "A05")
    nobody.loc[[2, 5], ["jobless", "lowpay", "sick"]] = 0
    refused(run(nobody), "denominator above zero", "A02", "A05")


def test_a_numerator_above_its_denominator_is_named(run: Run, counts: pd.DataFrame) -> None:
    counts.loc[4, "sick"] = 101
    refused(run(counts), "sick", "A04: 101 of 100")


def test_shares_among_percentages_are_named(run: Run, counts: pd.DataFrame) -> None:
    mixed = counts.astype({"sick": float})
    mixed.loc[: N // 4, "sick"] /= 100
    refused(run(mixed, text=definition(counted=False)), "one scale", "A00 = ", "are above 1")
    mixed["sick"] = counts["sick"] / 100
    refused(run(mixed, text=definition(counted=False)), "no value is above 1")
    mixed["sick"] = counts["sick"].where(counts.index != 3, 140)
    refused(run(mixed, text=definition(counted=False)), "A03 = 140")


NO_RANKING = {
    "from nought": list(range(N)),
    "one missing": [*range(1, 20), *range(21, N + 2)],
    "dense": [1 + number // 2 for number in range(N)],
    "scores": [1.1 * number for number in range(1, N + 1)],
    "gap": [*range(1, N - 1), N, N],
    "text": [*range(1, N), "last"],
}


@pytest.mark.parametrize("kind", NO_RANKING)
def test_ranks_that_are_no_ranking_are_refused(run: Run, ranks: pd.DataFrame, kind: str) -> None:
    refused(run(ranks.assign(work=NO_RANKING[kind]), "ranks"), "work")


@pytest.mark.parametrize("ties", ["min", "average"])
def test_official_ties_are_fine(
    run: Run, counts: pd.DataFrame, ranks: pd.DataFrame, ties: str
) -> None:
    assert counts["jobless"].duplicated().any()
    tied = counts["jobless"].rank(ascending=False, method=ties)
    assert run(ranks.assign(work=tied), "ranks").exit_code == 0


def test_the_same_fault_is_named_by_doubt(tmp_path: Path, ranks: pd.DataFrame) -> None:
    (tmp_path / "own.toml").write_text(definition(), encoding="utf-8")
    ranks.assign(work=1).to_csv(tmp_path / "in.csv", index=False)
    done = call(
        "doubt", tmp_path / "own.toml", tmp_path / "in.csv", "--code", "code",
        "--out", tmp_path / "out.csv",
    )  # fmt: skip
    refused(done, "must differ", "work")
    assert not (tmp_path / "out.csv").exists()


OFFICIAL = ["income", "employment", "education", "health", "crime", "barriers", "living"]


@pytest.mark.parametrize(
    ("edition", "column", "code", "wrong"),
    [
        ("imd2025", "lsoa11_code", "E01000001", "lsoa11"),
        ("imd2019", "LSOA code (2021)", "E01000001", "lsoa21"),
        ("imd2010", "LSOA11CD", "E01000001", "lsoa11"),
        ("imd2019", "code", "E01033769", "E01033769"),
        ("imd2010", "code", "E01032483", "E01032483"),
        ("simd2016", "code", "E01000001", "E01000001"),
    ],
)
def test_codes_of_another_edition_are_refused(
    tmp_path: Path, edition: str, column: str, code: str, wrong: str
) -> None:
    frame = pd.DataFrame({column: [code], **dict.fromkeys(OFFICIAL, 5), "access": 5, "housing": 5})
    frame.to_csv(tmp_path / "in.csv", index=False)
    done = call(
        "index", edition, tmp_path / "in.csv", "--code", column, "--out", tmp_path / "out.csv"
    )
    refused(done, wrong, "another layer")
