"""Reads the rules by which small counts are hidden, one for each kind of source.

In: `parameters/disclosure.toml`. Out: frozen rules by id, each with its reference.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from geo.errors import Faults
from indices.errors import DisclosureRuleFault

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

RULES = Path(__file__).parent / "parameters" / "disclosure.toml"


class Rule(BaseModel):
    """How counts of one source may be shown."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(min_length=1)]
    title: str
    reference: str
    # From 0 or 1 on: a range that began higher would let small parts give a hidden total away.
    hide: tuple[Annotated[int, Field(ge=0, le=1)], Annotated[int, Field(ge=1)]] | None = None
    round_to: Annotated[int, Field(ge=1)] = 1
    candidates: Annotated[int, Field(ge=2)] = 2

    def must_hide(self, counts: Floats) -> Bools:
        """Say which counts the rule does not let anyone see."""
        if self.hide is None:
            return np.zeros(len(counts), dtype=bool)
        return (counts >= self.hide[0]) & (counts <= self.hide[1])

    def rounded(self, counts: Floats) -> Floats:
        """Round counts to the nearest multiple, halves upwards."""
        return np.floor(counts / self.round_to + 0.5) * self.round_to

    def behind(self, shown: Floats) -> tuple[Floats, Floats]:
        """Return the least and the greatest count that is shown as this figure."""
        least = np.maximum(shown - self.round_to // 2, 0.0)
        greatest = shown + (self.round_to - 1) // 2
        if self.hide is not None:
            above = shown > self.hide[0]
            least = np.where(above, np.maximum(least, self.hide[1] + 1.0), least)
            greatest = np.where(above, greatest, np.minimum(greatest, max(self.hide[0] - 1.0, 0)))
        return least, np.maximum(greatest, least)


@cache
def rules(path: Path = RULES) -> dict[str, Rule]:
    """Return the disclosure rules by id.

    Raises
    ------
    DisclosureRuleFault
        The file has an unknown key, a wrong value or an id used twice.
    """
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    faults = Faults(path.name)
    found: dict[str, Rule] = {}
    for position, entry in enumerate(raw.get("rules", [])):
        try:
            rule = Rule.model_validate(entry)
        except ValidationError as problem:
            for error in problem.errors():
                key = ".".join(str(part) for part in error["loc"])
                faults.add(
                    DisclosureRuleFault(
                        path.name, found=[f"rules.{position}.{key}"], detail=error["msg"]
                    )
                )
            continue
        if rule.id in found:
            faults.add(DisclosureRuleFault(path.name, found=[rule.id], detail="an id used twice"))
        found[rule.id] = rule
    faults.raise_any()
    return found


def rule(id: str) -> Rule:
    """Return one disclosure rule by its id."""
    known = rules()
    if id not in known:
        raise DisclosureRuleFault("rule", found=[id], detail=f"known are {', '.join(known)}")
    return known[id]
