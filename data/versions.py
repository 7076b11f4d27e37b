"""What a page needs to name, write and read versions of scenarios.

In: ids and numbers, titles, texts. Out: `id~number` for a link, an id made of a title, a scenario
document under another name, and lines of money as a text that can be kept.
"""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Collection

import pandas as pd

from budgets import scenario
from budgets.scenario import Scenario
from geo import cells
from geo.errors import CommonGroundError

_LONGEST = 60


def address_of(identifier: str, number: int) -> str:
    """Return how a link names a version, such as `care~3`."""
    return f"{identifier}~{number}"


def read_address(text: str) -> tuple[str, int | None]:
    """Return the id and the number that a link names; without a number, the last version."""
    identifier, _, number = text.partition("~")
    return identifier, int(number) if re.fullmatch(r"[1-9][0-9]{0,8}", number) else None


def id_of(title: str, taken: Collection[str] = ()) -> str:
    """Return an id in plain letters for a title, another one than those that are taken."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    made = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_LONGEST].strip("-") or "scenario"
    others = (f"{made}-{number}" for number in range(2, len(taken) + 3))
    return made if made not in taken else next(name for name in others if name not in taken)


def renamed(text: str, *, identifier: str, title: str, by: str = "") -> str:
    """Return a scenario under another id and title, as a draft; "" is one that changes nothing.

    Its status belongs to the store, so that the text of a version never has to change.

    Raises
    ------
    CommonGroundError
        The text is no scenario.
    """
    found = scenario.parse(text) if text.strip() else scenario.as_it_is()
    values = found.to_dict()
    head = {key: value for key, value in values["scenario"].items() if key != "on"}
    head |= {"id": identifier, "title": title, "status": "draft"} | ({"by": by} if by else {})
    return Scenario.model_validate(values | {"scenario": head}).to_toml()


def as_if_saved(text: str, like: str) -> str:
    """Return a scenario with the id, status and author of another, so that the rest compares.

    Raises
    ------
    CommonGroundError
        One of them is no scenario.
    """
    given = {"id", "status", "by"}
    mine = (scenario.parse(text) if text.strip() else scenario.as_it_is()).to_dict()
    theirs = scenario.parse(like).to_dict()["scenario"]
    head = {key: theirs[key] for key in theirs if key in given}
    head |= {key: value for key, value in mine["scenario"].items() if key not in given}
    return Scenario.model_validate(mine | {"scenario": head}).to_toml()


def title_of(text: str) -> str:
    """Return the title that a scenario text gives itself, "" where it is none."""
    try:
        return scenario.parse(text).head.title if text.strip() else ""
    except CommonGroundError:
        return ""


def lines_as_csv(text: str) -> str:
    """Return kept lines of money as a file for a spreadsheet, in which no text is a formula."""
    found = lines_of_text(text)
    return "" if found is None else cells.neutralise(found).to_csv(index=False)


def lines_as_text(lines: pd.DataFrame | None) -> str:
    """Return lines of money as CSV, "" for none: every cell is a text already."""
    return "" if lines is None else lines.to_csv(index=False, lineterminator="\n")


def lines_of_text(text: str) -> pd.DataFrame | None:
    """Return the lines of money that `lines_as_text` wrote, cell by cell as they were."""
    if not text:
        return None
    return pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
