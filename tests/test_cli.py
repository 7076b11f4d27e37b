"""The command line: what it prints, what it writes, and how it ends."""

from __future__ import annotations

import json
import os
import re
import runpy
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import cli

ROOT = Path(__file__).resolve().parent.parent
DRAWN = runpy.run_path(str(ROOT / "tests" / "data" / "conftest.py"))
POT = "£1,342.97"


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return DRAWN["write_package"](tmp_path_factory.mktemp("drawn") / "grid")


@pytest.fixture
def package(drawn: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(drawn, tmp_path / "grid"))


def call(*arguments: object) -> Result:
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


# -------------------------------------------------------------------------------------- run


def test_run_ends_with_a_line_for_each_level_that_adds_up(package: Path, tmp_path: Path) -> None:
    done = call("run", package, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.stderr
    lines = done.stdout.strip().splitlines()
    assert lines[0] == "Gridley (a fictional place)"
    assert [line.split(":")[0] for line in lines[-4:]] == ["sq", "wd", "dist", "lep"]
    for line in lines[-4:]:
        assert re.search(r"\+ outside £[\d,.]+ \+ place-wide -£7.03 = pot £1,342.97\.", line)
    assert done.stderr == ""


def test_run_writes_everything_it_says(package: Path, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    done = call("run", package, "--out", out)
    assert done.exit_code == 0, done.stderr
    files = [path for path in out.rglob("*") if path.is_file()]
    assert f"Wrote {len(files)} files to {out}" in done.stdout
    assert {"index.csv", "ledger.csv", "map.html", "manifest.json"} <= {p.name for p in files}


def test_run_says_what_each_step_took_in_gave_out_and_left(package: Path, tmp_path: Path) -> None:
    text = call("run", package, "--out", tmp_path / "out").stdout
    assert "1,408 residents in 16 base areas (sq); 996 in the 12 areas inside Gridley" in text
    assert "sq to dist" in text
    assert "412 lie outside (4 sources)" in text
    assert f"4 streams with {POT} went in (-£7.03 of it income)" in text


def test_settings_of_need_are_taken_and_recorded(package: Path, tmp_path: Path) -> None:
    done = call(
        "run", package, "--out", tmp_path / "out",
        "--need-weight", 0.9, "--neediest-per-head", 7,
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["parameters"]["need_weight"] == 0.9
    assert manifest["parameters"]["neediest_per_head"] == 7


def test_a_second_run_replaces_the_first(package: Path, tmp_path: Path) -> None:
    for _ in range(2):
        assert call("run", package, "--out", tmp_path / "out").exit_code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["grid", "out"]


# -------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("name", "old", "new", "shown"),
    [
        ("place.toml", 'file = "wd.gpkg"', 'file = "wards.gpkg"', "wards.gpkg"),
        ("place.toml", 'code = "wd"', 'code = "WD25CD"', "WD25CD"),
        ("base.csv", "0102,23", "0101,23", "0101"),
        ("base.csv", "0102,23", ",23", "line 3"),
        ("base.csv", "0102,23", "102,23", "leading zeros"),
        ("domains.csv", "0101,1,", "0101,,", "0101"),
        ("streams.csv", "100.00", "a lot", "a lot"),
        ("streams.csv", "100.00", "", "parks"),
        ("streams.csv", "fees exceed costs", "", "fees"),
        ("streams.csv", "gp:G1", "gp:G7", "gp:G7"),
    ],
)
def test_a_fault_ends_with_its_sentence_on_standard_error_and_writes_nothing(
    package: Path, tmp_path: Path, name: str, old: str, new: str, shown: str
) -> None:
    text = (package / name).read_text()
    assert old in text
    (package / name).write_text(text.replace(old, new, 1))
    done = call("run", package, "--out", tmp_path / "out")
    assert done.exit_code == 1
    assert done.stdout == ""
    assert done.stderr.startswith("Error: ")
    assert shown in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["grid"]


def test_several_faults_are_printed_together(package: Path, tmp_path: Path) -> None:
    for name, old, new in (("base.csv", "0102,23", "0102,x"), ("streams.csv", "100.00", "y")):
        (package / name).write_text((package / name).read_text().replace(old, new, 1))
    done = call("run", package, "--out", tmp_path / "out")
    assert done.exit_code == 1
    assert "2 faults" in done.stderr
    assert "base.csv" in done.stderr
    assert "streams.csv" in done.stderr


def test_a_folder_with_other_content_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    done = call("run", tmp_path / "nowhere", "--out", tmp_path)
    assert done.exit_code == 1
    assert "mine.txt" in done.stderr


def test_a_place_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    done = call("run", tmp_path / "nowhere", "--out", tmp_path / "out")
    assert done.exit_code == 1
    assert "place.toml" in done.stderr


@pytest.mark.slow
def test_the_command_itself_prints_no_traceback(package: Path, tmp_path: Path) -> None:
    (package / "base.csv").unlink()
    done = subprocess.run(
        [sys.executable, "-m", "cli", "run", str(package), "--out", str(tmp_path / "out")],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 1
    assert "base.csv" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


# ------------------------------------------------------------------------------------- demo


@pytest.mark.slow
def test_demo_writes_a_package_that_runs(tmp_path: Path) -> None:
    built = call("demo", tmp_path / "demo")
    assert built.exit_code == 0, built.stderr
    assert "fictional" in built.stdout
    done = call("run", tmp_path / "demo", "--out", tmp_path / "out")
    assert done.exit_code == 0, done.stderr
    assert "(a fictional place)" in done.stdout.splitlines()[0]


def test_demo_refuses_a_folder_with_content(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    done = call("demo", tmp_path)
    assert done.exit_code == 1
    assert "mine.txt" in done.stderr
    assert (tmp_path / "mine.txt").read_text() == "mine"


# ------------------------------------------------------------------------------------ serve


def test_a_taken_port_is_said_at_once(package: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        done = call("serve", package, "--port", other.getsockname()[1], "--no-browser")
    assert done.exit_code == 1
    assert "--port" in done.stderr


def test_serve_needs_a_place(tmp_path: Path) -> None:
    done = call("serve", tmp_path, "--port", 0, "--no-browser")
    assert done.exit_code == 1
    assert "place.toml" in done.stderr


@pytest.mark.slow
def test_serve_answers_on_this_machine_and_says_where(package: Path, tmp_path: Path) -> None:
    """The real server, started from another folder, on a port that was free."""
    log = tmp_path / "log.txt"
    with log.open("w") as output:
        server = subprocess.Popen(
            [
                sys.executable, "-c", "import cli; cli.app()",
                "serve", str(package), "--port", "0", "--no-browser",
            ],
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
    try:
        address = wait_for_address(server, log)
        assert address.startswith("http://127.0.0.1:")
        assert "Gridley (a fictional place) is open at" in log.read_text()
        with urllib.request.urlopen(f"{address}/health", timeout=60) as answer:
            health = json.load(answer)
        assert health["status"] == "ok"
        assert (health["place"], health["place_ready"]) == ("grid", True)
    finally:
        server.terminate()
        server.wait(timeout=60)


def wait_for_address(server: subprocess.Popen[bytes], log: Path) -> str:
    """Wait until the server says where it is; it may take long on a busy machine."""
    for _ in range(1200):
        found = re.search(r"http://\S+", log.read_text())
        if found:
            return found[0]
        assert server.poll() is None, log.read_text()
        time.sleep(0.1)
    raise AssertionError(log.read_text())


def test_help_answers_without_the_heavy_libraries() -> None:
    code = (
        "import sys, cli; from typer.testing import CliRunner; "
        "CliRunner().invoke(cli.app, ['--help']); "
        "print(sorted({'geopandas', 'pandas', 'shapely', 'streamlit'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout.strip() == "[]"
