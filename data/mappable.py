"""What a map of a place can show beside need, people and money.

In: a `Result`. Out: `offers`, one `Offer` a figure with all that a reader must know of it; nothing
is computed. `data.mapped.values` makes the figures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from budgets import honesty, mismatch
from data.run import Result
from indices.indicators import Indicator

Kind = Literal["score", "measure", "distance", "pounds", "pounds a person", "number"]
DOMAIN, MEASURE, DISTANCE, THEME = "domain", "measure", "distance", "theme"
RECORDED, PROGRAMMES, MONEY_OF = "recorded", "programmes", "programme-money"
ALL = mismatch.ALL_THEMES
GROUPS = {
    DOMAIN: "Kinds of deprivation",
    MEASURE: "Measures",
    DISTANCE: "Money against need",
    RECORDED: "Money a person",
    THEME: "Money a person",
    PROGRAMMES: "Programmes",
    MONEY_OF: "Programmes",
}


@dataclass(frozen=True)
class Offer:
    """One figure that can be shown, and what it is.

    `worse` says which end is the deprived one: "high", "low" or "" where neither is.
    """

    id: str
    title: str
    kind: Kind
    unit: str
    definition: str
    source: str
    vintage: str
    worse: Literal["high", "low", ""] = ""

    @property
    def group(self) -> str:
        """What kind of figure it is, in words."""
        return GROUPS[self.id.partition(".")[0]]


def offers(result: Result) -> dict[str, Offer]:
    """Return what can be shown of a place by id, in reading order; nothing is computed."""
    found = [*_domains(result), *_measures(result), *_of_money(result), *_of_programmes(result)]
    return {offer.id: offer for offer in found}


# -- what there is ---------------------------------------------------------------------------------


def _domains(result: Result) -> list[Offer]:
    if result.index is None:
        return []
    definition = result.index.definition
    return [
        Offer(
            f"{DOMAIN}.{domain.id}",
            domain.title,
            "score",
            "score from 0 to 100",
            f"One of the {len(definition.domains)} kinds of deprivation that need is made of; it "
            f"counts for {domain.weight:.1%} of it. A higher score means more need.",
            f"{definition.title}; {definition.reference}",
            definition.edition,
            "high",
        )
        for domain in definition.domains
    ]


def _measures(result: Result) -> list[Offer]:
    found = []
    ends: dict[str, Literal["high", "low", ""]] = {"high is worse": "high", "low is worse": "low"}
    for item in result.place.settings.indicators:
        whole = Indicator.model_validate(item.as_indicator(result.place.base_layer))
        words = [part for part in (whole.definition or f"{whole.title}.", whole.note) if part]
        found.append(
            Offer(
                f"{MEASURE}.{whole.id}",
                whole.title,
                "measure",
                whole.unit,
                " ".join(words),
                whole.source,
                whole.date,
                ends.get(whole.direction, ""),
            )
        )
    return found


def _of_money(result: Result) -> list[Offer]:
    streams = result.ledger.streams
    source = f"{len(streams)} lines of public money, each with its own source on the Budget page"
    years = " and ".join(sorted({str(year) for year in streams["year"] if str(year).strip()}))
    facts = (source, years or "not stated")
    falls = np.abs(result.ledger.pence).sum(axis=1) > 0
    themes = [str(theme) for theme in dict.fromkeys(streams["theme"][falls]) if theme]
    found = []
    if result.index is not None:
        for theme in (ALL, *themes):
            only = None if theme == ALL else streams["theme"] == theme
            if theme != ALL and not honesty.recorded(result.ledger, only=only).rankable:
                continue
            what = "All money" if theme == ALL else _capital(theme)
            words = (
                f"By how much the recorded money ({theme}) of an area is above or below what need "
                "calls for. Nought is the target. Only money that is recorded where people live "
                "or use a service is compared."
            )
            title, unit = f"{what}: distance from target", "% above or below target"
            found.append(Offer(f"{DISTANCE}.{theme}", title, "distance", unit, words, *facts))
    each: Kind = "pounds a person"
    if streams["grade"].isin(honesty.RECORDED).any():
        words = "Money that is recorded where people live or use a service, divided by the people."
        found.append(Offer(RECORDED, "Recorded money a person", each, each, words, *facts))
    for theme in themes:
        words = (
            f"The money for {theme} that falls to the people here, divided by how many they are."
        )
        title = f"{_capital(theme)}: money a person"
        found.append(Offer(f"{THEME}.{theme}", title, each, each, words, *facts))
    return found


def _of_programmes(result: Result) -> list[Offer]:
    register = result.place.programmes
    if register is None:
        return []
    sources = [str(source) for source in dict.fromkeys(register["source"]) if source]
    facts = ("; ".join(sources[:3]) or "the place's register of programmes", "today")
    words = (
        "Programmes and partnerships that reach at least a tenth of the people here and have not "
        "ended."
    )
    ids = {PROGRAMMES: "Programmes at work"}
    ids |= {f"{PROGRAMMES}.{name}": f"Programmes at work: {name}" for name in register["theme"]}
    found = [Offer(id, title, "number", "programmes", words, *facts) for id, title in ids.items()]
    words = (
        "The money that leads state for their programmes, spread evenly over the people each one "
        "covers. It is not added to the budget, where the same pounds may stand as a line."
    )
    found.append(Offer(MONEY_OF, "Money of programmes", "pounds", "pounds", words, *facts))
    return found


def _capital(theme: str) -> str:
    return theme[:1].upper() + theme[1:]
