"""The documentation of the place package and the schema it describes list the same keys."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from data import settings

DOC = Path(__file__).resolve().parents[2] / "docs" / "place-package.md"
SECTIONS = {
    "## `[place]`": settings.PlaceSettings,
    "## `[base]`": settings.BaseSettings,
    "## `[[layers]]`": settings.LayerSettings,
    "`[layers.crosswalk]` says": settings.CrosswalkSettings,
    "## `[blocks]`": settings.BlocksSettings,
    "## `[postcodes]`": settings.PostcodesSettings,
    "## `[[indicators]]`": settings.IndicatorSettings,
    "## `[index]`": settings.IndexSettings,
    "## `[change]`": settings.ChangeSettings,
    "## `[streams]`": settings.StreamsSettings,
    "## `[use]`": settings.UseSettings,
    "## `[series]`": settings.SeriesSettings,
    "## `[programmes]`": settings.ProgrammesSettings,
    "## `[flows]`": settings.FlowsSettings,
    "## `[need]`": settings.NeedSettings,
}


def documented(heading: str) -> set[str]:
    text = DOC.read_text(encoding="utf-8")
    assert heading in text
    section = text.split(heading, 1)[1]
    section = re.split(r"^## |^`\[layers\.", section, maxsplit=1, flags=re.MULTILINE)[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return {key for row in rows for key in re.findall(r"`([a-z_]+)`", row)}


@pytest.mark.parametrize(("heading", "model"), SECTIONS.items(), ids=SECTIONS)
def test_every_key_of_the_schema_is_documented_and_no_other(heading: str, model: type) -> None:
    fields = model.model_fields  # type: ignore[attr-defined]
    keys = {field.alias or name for name, field in fields.items()}
    nested = {"crosswalk", "nests_in"}  # tables of their own, described below the layer's keys
    assert documented(heading) == keys - nested
