"""The commands `levels` and `mismatch` on a drawn place: what they print, write and refuse."""

from __future__ import annotations

import runpy
import shutil
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

import cli

# Each test goes the whole way through the demo place: together too long for `make test`.
pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
DRAWN = runpy.run_path(str(ROOT / "tests" / "data" / "conftest.py"))
REGISTER = """\
id,title,lead,theme,role,importance,covers,amount,ends
P1,=HYPERLINK(1),Council,homes,operational,critical,wd:W1,1000,2027-03-31
P2,Repairs,Trust,homes,operational,desirable,dist:D1,,
"""


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = DRAWN["write_package"](tmp_path_factory.mktemp("drawn") / "grid")
    toml = folder / "place.toml"
    text = toml.read_text(encoding="utf-8")
    text = text.replace('id = "dist"\n', 'id = "dist"\nbody = "district council"\n', 1)
    text = text.replace("[need]\n", '[programmes]\nfile = "programmes.csv"\n[need]\n', 1)
    toml.write_text(text, encoding="utf-8")
    (folder / "programmes.csv").write_text(REGISTER, encoding="utf-8")
    return folder


@pytest.fixture
def package(drawn: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(drawn, tmp_path / "grid"))


def call(*arguments: object) -> Result:
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


def test_levels_says_who_holds_what_and_a_line_for_each_service(package: Path) -> None:
    done = call("levels", package)
    assert done.exit_code == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "Gridley (a fictional place)"
    assert "Held at Consortium today: £999.99 (NHS)." in lines
    assert "Together today: £1,342.97; every pound has one holder." in lines
    assert any(line.startswith("Parks: lead at District (as today)") for line in lines)


def test_levels_writes_every_level_of_every_service(package: Path, tmp_path: Path) -> None:
    out = tmp_path / "out" / "levels.csv"
    done = call("levels", package, "--out", out)
    assert done.exit_code == 0, done.stderr
    table = pd.read_csv(out)
    assert set(table["service"]) == {"Parks", "Care", "Clinics"}
    assert set(table["level"]) == {"sq", "wd", "dist", "lep"}
    ends = ["", "-held", "-sentences", "-sensitivity", "-assumptions"]
    names = {path.name for path in out.parent.iterdir()}
    assert names == {f"levels{end}.csv" for end in ends}
    own = pd.read_csv(out.with_name("levels-assumptions.csv"))
    assert own["assumption"].str.contains("our own assumption").all()


def test_levels_explains_one_service_and_supposes_a_body(package: Path) -> None:
    done = call("levels", package, "--service", "parks", "--suppose", "wd")
    assert done.exit_code == 0, done.stderr
    assert "Supposed: a body of the right kind answers for money at Wards." in done.stdout
    assert "Cost of Wards a year" in done.stdout
    assert "our own assumption" in done.stdout


def test_mismatch_prints_what_cannot_be_ranked_and_writes_tables_and_a_map(
    package: Path, tmp_path: Path
) -> None:
    out, html = tmp_path / "m.xlsx", tmp_path / "m.html"
    done = call(
        "mismatch", package, "--level", "wd", "--on", "2026-04-01", "--out", out, "--map", html
    )
    assert done.exit_code == 0, done.stderr
    assert "so that nothing is ranked" in done.stdout
    assert "Homes: in Area W1 2 programmes are at work" in done.stdout
    assert out.is_file()
    assert "Programmes at work" in html.read_text(encoding="utf-8")


def test_a_title_that_begins_like_a_formula_is_not_one_in_the_file(
    package: Path, tmp_path: Path
) -> None:
    register = package / "programmes.csv"
    text = register.read_text(encoding="utf-8").replace("P1,", "=P1,", 1)
    register.write_text(text, encoding="utf-8")
    out = tmp_path / "m.csv"
    done = call("mismatch", package, "--level", "wd", "--on", "2026-04-01", "--out", out)
    assert done.exit_code == 0, done.stderr
    written = (tmp_path / "m-matrix.csv").read_text(encoding="utf-8")
    assert ",=P1" not in written
    assert "=P1" in written


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["levels", "PLACE", "--suppose", "moon"], "moon"),
        (["levels", "PLACE", "--service", "magic"], "there are Parks, Care, Clinics"),
        (["levels", "PLACE", "--parameters", "no.toml"], "no.toml"),
        (["levels", "PLACE", "--out", "levels.doc"], "levels.doc"),
        (["mismatch", "PLACE", "--level", "moon"], "there are sq, wd, dist, lep"),
        (["mismatch", "PLACE", "--theme", "magic"], "magic"),
        (["mismatch", "PLACE", "--on", "1/4/2026"], "2026-04-01"),
        (["mismatch", "nowhere"], "nowhere"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(
    package: Path, arguments: list[str], message: str
) -> None:
    done = call(*(str(package) if part == "PLACE" else part for part in arguments))
    assert done.exit_code == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_register_with_faults_is_refused_with_its_rows(package: Path) -> None:
    register = package / "programmes.csv"
    text = register.read_text(encoding="utf-8").replace("critical", "vital")
    register.write_text(text, encoding="utf-8")
    done = call("mismatch", package)
    assert done.exit_code == 1
    assert "row 2 (P1): vital" in done.stderr
