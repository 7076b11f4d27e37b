"""What the entries of a scenario are called on screen: titles for ids, everyday words for keys.

In: a result and entries as plain values. Out: plain text; whoever shows it escapes it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from budgets.money import format_pounds, read_amount
from budgets.scenario import Outcome, Step
from budgets.scenario_books import EVERYTHING
from data import choosing_entries
from data.choosing_repair import written
from data.run import Result
from pages.shared import figures

PARTS: Final = {
    "change": ("Growth and cuts", "A line of money, or all of a theme, grows or is cut."),
    "join": ("Money joined", "Lines of several agencies become one budget, or are planned as one."),
    "share": ("Shared out anew", "Money that can move follows need, people or limits."),
    "devolve": ("Who holds it", "A part of the money is decided nearer to where it is spent."),
}
ADD: Final = {
    "change": "Add growth or a cut",
    "join": "Join money",
    "share": "Share money anew",
    "devolve": "Devolve money",
}
RULES: Final = {
    "proportional": "At once, as far as limits allow",
    "damping": "Part of the way, with a floor for all",
    "taper": "A growth for all, less for those above their share",
    "convergence": "Only new money, nobody is cut",
    "raking": "Several lines together, each keeps its sum",
}
LIMITS: Final = {
    "floor": "No area less than",
    "ceiling": "No area more than",
    "fixed": "Each area gets first",
    "minimum": "Smallest amount worth having",
    "match": "At most, for each pound of its own",
    "growth": "Growth",
    "far_growth": "Growth far above the share",
    "cap": "No area grows by more than",
    "per_cent": "The change",
    "amount": "The change",
}
UNITS: Final = {"per cent": "% of today", "per head": "£ a person", "pounds": "£ an area"}
WAYS: Final = {
    "pooled": "Pooled",
    "aligned": "Aligned",
    "delegated": "Delegated",
    "separate": "Separate",
}
WAYS_SAID: Final = {
    "pooled": "One host holds it, the risk is shared, and a pound may be spent wherever the pot "
    "reaches.",
    "aligned": "Planned together; each owner keeps its own money and decides on it.",
    "delegated": "Another agency decides under an agreement; the owner still answers for it.",
    "separate": "It stays where it is.",
}
BY: Final = {"need": "Need", "people": "People", "current": "As today"}
_WORD = re.compile(r"[A-Za-z0-9_\-]+")


@dataclass(frozen=True)
class Titles:
    """What ids of a place are called."""

    result: Result

    @cached_property
    def lines(self) -> dict[str, str]:
        """Titles of lines of money by id, with the agency where two are called alike."""
        streams = self.result.ledger.streams
        alike = streams["title"].duplicated(keep=False)
        rows = zip(streams.index, streams["title"], streams["agency"], alike, strict=True)
        return {
            str(id): f"{title}, {agency}" if twice else str(title)
            for id, title, agency, twice in rows
        }

    @cached_property
    def levels(self) -> dict[str, str]:
        """Titles of levels by id."""
        return figures.level_titles(self.result)

    @cached_property
    def areas(self) -> dict[str, str]:
        """Names of small areas by code."""
        names = self.result.layers[self.result.place.base_layer]["name"]
        return {str(code): str(name) for code, name in names.items()}

    def of(self, name: str) -> str:
        """Return what a choice is about, in words."""
        if name == EVERYTHING:
            return "All lines of money"
        kind, _, rest = name.partition(":")
        if kind == "stream" and rest in self.lines:
            return self.lines[rest]
        if kind in ("pot", "theme") and rest:
            return rest
        return self.lines.get(name, name)

    def step(self, step: Step) -> str:
        """Return what an entry did, with titles and names for ids and codes."""
        title = self.of(step.of)
        sentence = step.sentence
        if step.kind == "change" and sentence.startswith(step.of):
            sentence = title + sentence[len(step.of) :]
        elif step.kind in ("share", "devolve"):
            sentence = sentence.replace(f" of {step.of} ", f" of {title} ", 1)
        head, marker, lines = sentence.partition("Income follows its service: ")
        named = {code: f"{name} ({code})" for code, name in self.areas.items()}
        head = _WORD.sub(lambda found: named.get(found[0], found[0]), head)
        return head + marker + _WORD.sub(lambda found: self.lines.get(found[0], found[0]), lines)


def entry(titles: Titles, part: str, held: Mapping[str, Any]) -> tuple[str, str]:
    """Return what an entry says: a title and a line about how."""
    makers = {"change": _change, "join": _join, "share": _share, "devolve": _devolve}
    return makers[part](titles, held)


def _change(titles: Titles, held: Mapping[str, Any]) -> tuple[str, str]:
    if "per_cent" in held:
        up, much = held["per_cent"] >= 0, f"{abs(held['per_cent']):g} %"
    else:
        pence = read_amount(held["amount"]).pence
        up, much = pence >= 0, format_pounds(abs(pence))
    if much in ("0 %", format_pounds(0)):
        return f"{titles.of(held['of'])} stays as it is so far", held["reason"]
    return f"{titles.of(held['of'])} {'grows' if up else 'is cut'} by {much}", held["reason"]


def _join(titles: Titles, held: Mapping[str, Any]) -> tuple[str, str]:
    way = WAYS[held["as"]].lower()
    lines = [titles.lines.get(id, id) for id in held["stream"]]
    name = held.get("pot") or (f"held by {held['host']}" if "host" in held else "")
    title = f"{len(lines)} line{'s' if len(lines) > 1 else ''} {way}"
    return title + (f": {name}" if name else ""), "; ".join(lines)


def _share(titles: Titles, held: Mapping[str, Any]) -> tuple[str, str]:
    by = {"need": "by need", "people": "by head", "current": "as today"}[held["by"]]
    parts = []
    if held["by"] == "need":
        if "need_weight" in held:
            parts.append(f"{held['need_weight']:.0%} follows need")
        if "neediest_per_head" in held:
            parts.append(f"the neediest gets {held['neediest_per_head']:g} times a head")
        if "measure" in held:
            parts.append(f"need by {str(held['measure']).replace('_', ' ')}")
    parts.append(RULES[held.get("rule", "proportional")].lower())
    unit = held.get("unit", "pounds")
    for key, words in (("floor", "at least"), ("ceiling", "at most")):
        if key in held:
            each = " an area" if unit == "pounds" else ""
            parts.append(f"{words} {written(held[key], unit)}{each}")
    if "fixed" in held:
        parts.append(f"{written(held['fixed'], 'pounds')} to each area first")
    if "minimum" in held:
        parts.append(f"no area less than {written(held['minimum'], 'pounds')} unless nothing")
    if "match" in held:
        parts.append(f"at most {held['match']:g} for each pound of {titles.of(held['match_with'])}")
    for key, words in (("growth", "growth"), ("far_growth", "far above"), ("cap", "at most")):
        if key in held:
            parts.append(f"{words} {choosing_entries.written(held[key])} % a year")
    if "yearly" in held:
        years = len(held["yearly"])
        growth = choosing_entries.written(held["yearly"])
        parts.append(f"over {years} year{'s' if years > 1 else ''}, the sum {growth} % a year")
    return f"{titles.of(held['of'])}, shared {by}", "; ".join(parts)


def _devolve(titles: Titles, held: Mapping[str, Any]) -> tuple[str, str]:
    level = titles.levels.get(held["to"], held["to"])
    return (
        f"{100 * held['share']:.4g} % of {titles.of(held['of'])}",
        f"decided from then on by {level}",
    )


def steps(titles: Titles, outcome: Outcome) -> list[str]:
    """Return what each entry did, in the order in which it was done."""
    return [titles.step(step) for step in outcome.steps]
