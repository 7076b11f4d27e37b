"""A place of squares with two measures, four programmes and two lines that are recorded."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from data import masking, place, run

MEASURES = """
[[indicators]]
id = "damp"
title = "Damp homes"
unit = "%"
file = "damp.csv"
numerator = "damp"
denominator = "homes"
per = 100
theme = "homes"
source = "Counted for tests"
date = "2025-01-01"
definition = "Homes with damp walls, of all homes."
[[indicators]]
id = "trees"
title = "Trees"
unit = "trees"
kind = "score"
file = "damp.csv"
value = "trees"
direction = "low is worse"
theme = "streets"
source = "Counted for tests"
date = "2025-01-01"
[programmes]
file = "programmes.csv"
"""
PROGRAMMES = """id,title,lead,theme,role,importance,covers,amount,ends
P1,Warm homes,Town council,homes,operational,critical,sq:a00;sq:a01,1000.00,
P2,Dry walls,Town council,homes,operational,desirable,sq:a01,,2099-12-31
P3,Old one,Town council,homes,operational,desirable,town:T,50.00,2001-01-01
P4,Play,Youth trust,children,operational,desirable,town:T,12.84,
"""


@pytest.fixture(scope="module")
def rich(make_place: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The squares with two measures, four programmes and two lines that are recorded."""
    folder = make_place(tmp_path_factory.mktemp("rich") / "rich", id="rich", name="Richton")
    settings = (folder / "place.toml").read_text()
    settings = settings.replace("[need]", MEASURES + "[need]")
    (folder / "place.toml").write_text(settings)
    (folder / "programmes.csv").write_text(PROGRAMMES)
    rows = [f"a{n:02d},{n + 20},100,{n * 10}" for n in range(16)]
    (folder / "damp.csv").write_text("code,damp,homes,trees\n" + "\n".join(rows) + "\n")
    base = (folder / "base.csv").read_text().splitlines()
    base = [base[0] + ",visits,students", *(f"{line},{n + 1},{90 if n == 5 else 1}"
                                            for n, line in enumerate(base[1:]))]  # fmt: skip
    (folder / "base.csv").write_text("\n".join(base) + "\n")
    streams = (folder / "streams.csv").read_text().splitlines()
    head = streams[0] + ",theme,use"
    themes = {"care": ",care,", "parks": ",streets,", "clinic": ",care,", "fees": ",streets,"}
    lines = [line + themes[line.split(",")[0]] for line in streams[1:]]
    lines.append("baths,Baths,Town council,7800.00,,town:T,recorded,town,2025-26,revenue,outturn,"
                 "Till,,baths,visits")  # fmt: skip
    (folder / "streams.csv").write_text("\n".join([head, *lines]) + "\n")
    return folder


@pytest.fixture(scope="module")
def result(rich: Path) -> run.Result:
    return run.run(place.load(rich))


@pytest.fixture
def open_rich(rich: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COMMONGROUND_PLACE", str(rich))
    return rich


@pytest.fixture(scope="module")
def secret(rich: Path, tmp_path_factory: pytest.TempPathFactory) -> run.Result:
    """The same place, where visits to the baths may not be shown below eight."""
    folder = shutil.copytree(rich, tmp_path_factory.mktemp("secret") / "secret")
    base = pd.read_csv(folder / "base.csv", dtype={"code": "str"})
    base[["code", "visits"]].to_csv(folder / "use.csv", index=False)
    base.drop(columns="visits").to_csv(folder / "base.csv", index=False)
    text = (folder / "place.toml").read_text()
    rule = '[use]\nfile = "use.csv"\ndisclosure = { visits = "hospital-records" }\n[need]'
    (folder / "place.toml").write_text(text.replace("[need]", rule))
    return masking.public(run.run(place.load(folder)))
