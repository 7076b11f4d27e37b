"""The advice on levels in sentences that a board member can read without a glossary.

In: `Advice`. Out: sentences in the order in which one would tell it: what the money is, which
levels are not possible and why, what forces each step up from the lowest, who should lead, what
each level costs, from how many people an area would be worth it, and what would change the advice.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from budgets.adviser import (
    BORDERS,
    BY_LAW,
    NOBODY,
    NOT_THEIRS,
    REACH,
    RESERVE,
    SCALE,
    SPILLOVER,
    Advice,
    Judged,
)
from budgets.adviser_measures import smallest_pool
from budgets.adviser_services import Services
from budgets.phrases import above, listed, money, people, short

# What each parameter is called when it changes the advice.
PLAIN = {
    "chance": "the chance of overspending that one accepts",
    "overspend": "the overspend that one can bear",
    "common_shock": "what strikes every area in the same year",
    "reserve_counts": "how much of a reserve counts as a cost",
    "fixed": "what it costs to run one area",
    "excess": "the part of the budget that running it may cost",
    "contained": "how much of the use must be within the area",
    "crossing": "what it costs to settle use in other areas",
    "tailoring": "what closer fit to local need is worth",
    "fit": "how well borders must fit",
    "reach": "how many of the people a level must reach",
    "recorded": "how much of the money must be recorded",
    "close": "how close two costs are taken to be equal",
    "k": "how much one person's yearly bill varies",
    "unit_people": "how many people one unit serves",
    "unit_cost": "what one unit costs",
}
SHORT = {
    RESERVE: "the risk of a bad year",
    SCALE: "running costs",
    SPILLOVER: "use across borders",
    BORDERS: "borders that do not fit",
}
SHARES = {
    "chance", "overspend", "common_shock", "reserve_counts", "excess", "contained", "crossing",
    "tailoring", "fit", "reach", "recorded", "close",
}  # fmt: skip
# Below this share, differences in need between areas are not worth a word.
SEEN_BETWEEN = 0.005


def sentences(advice: Advice, *, place: str, titles: Mapping[str, str] | None = None) -> list[str]:
    """Say the advice for one service; `place` is the name of the place, `titles` that of levels."""
    said = [_head(advice, place, titles or {})]
    if advice.case.service is not None and not advice.case.service.divisible:
        return [*said, "It serves the agency as a whole, so there is nothing to hold elsewhere."]
    if advice.budget <= 0:
        placed = "It does not fall here" if advice.case.pounds.any() else "It cannot be placed"
        return [*said, f"{placed} in any neighbourhood, so no level can be advised."]
    said += _not_possible(advice)
    said += _climb(advice)
    said += _lead(advice)
    said += _costs(advice)
    said += _break_even(advice)
    said += _hard_facts(advice)
    said += _not_known(advice)
    return [*said, _sensitivity(advice)]


def headline(advice: Advice) -> str:
    """Say the advice in one line, without reasons."""
    lead, say = advice.lead, advice.say
    if lead is None:
        return f"{advice.case.title}: no advice."
    line = f"{advice.case.title}: lead at {_title(lead)}"
    if say is not None:
        line += f", with a say for {_title(say)}"
    where = "as today" if lead.facts.site.id == advice.case.today else "a change from today"
    return f"{line} ({where}).{_from_below(advice)}"


def _from_below(advice: Advice) -> str:
    """Name in a few words what forced the step up from the lowest possible level."""
    lowest = next((judged for judged in advice.levels if judged.possible), None)
    if lowest is None or lowest is advice.lead or not lowest.forces:
        return ""
    return f" Up from {_title(lowest)} because of {listed([SHORT[f] for f in lowest.forces])}."


def assumptions(advices: Iterable[Advice], services: Services) -> list[str]:
    """Name every assumption of our own that was used, once, with its unit and reason."""
    said: dict[str, None] = {}
    for advice in advices:
        for name in advice.values:
            parameter = services.parameter(advice.case.service, name)
            if parameter is None or parameter.status != "own":
                continue
            own = getattr(advice.case.service, name, None) is not None
            of = f", {advice.case.service.title}" if own and advice.case.service else ""
            plain = PLAIN[name][0].upper() + PLAIN[name][1:]
            said[f"{plain}{of}: {parameter.sentence()}."] = None
    return list(said)


def _head(advice: Advice, place: str, titles: Mapping[str, str]) -> str:
    case = advice.case
    known = {judged.facts.site.id: _title(judged) for judged in advice.levels}
    today = known.get(case.today) or short(titles.get(case.today, case.today))
    held = f"held today by {listed(case.agencies)} (level: {today})"
    budget = f"{money(advice.budget)} a year falls in {place}"
    if advice.budget <= 0:
        whole = money(int(case.streams["amount_pence"].sum()) / 100)
        budget = f"{whole} a year is for the whole of {place}"
        if case.pounds.any():
            budget = f"of {whole} a year nothing falls in {place}"
    income = ""
    if case.income_pence:
        income = f" Income of {money(-case.income_pence / 100)} follows it and is not counted."
    return f"{case.title}: {budget}, {held}.{income}"


def _not_possible(advice: Advice) -> list[str]:
    reasons: dict[str, list[str]] = {}
    for judged in advice.levels:
        if not judged.excluded:
            continue
        # The first reason is enough: a body that is not there needs no second.
        reasons.setdefault(_why_not(advice, judged), []).append(_title(judged))
    return [f"Not possible: {listed(titles)}, because {why}." for why, titles in reasons.items()]


def _why_not(advice: Advice, judged: Judged) -> str:
    facts, service = judged.facts, advice.case.service
    reason = judged.excluded[0]
    if reason == NOBODY:
        return "nobody there can answer for money"
    if reason == NOT_THEIRS:
        return "the bodies there may not hold money of this kind"
    if reason == BY_LAW and service is not None and service.duty is not None:
        return (
            f"this money stays with {service.duty.holder} by law or by its terms "
            f"({service.duty.reference})"
        )
    if reason == REACH:
        return f"only {facts.reached:.0%} of the people it is for live there"
    return f"{facts.twice:.0%} of the people belong to two of its areas at once"


def _climb(advice: Advice) -> list[str]:
    """Name what forces each step up, from the lowest possible level to the lead."""
    said = []
    for judged in advice.levels:
        if judged is advice.lead:
            break
        if not judged.possible:
            continue
        for force in judged.forces:
            said.append(f"{_site(judged)}: {_why_up(advice, judged, force)}")
    return said


def _why_up(advice: Advice, judged: Judged, force: str) -> str:
    facts, values = judged.facts, advice.values
    several = len(facts.people) > 1
    if force == RESERVE:
        return (
            f"step up, because the yearly bill{' of an average area' if several else ''} would go "
            f"more than {values['overspend']:.0%} over budget in "
            f"{above(judged.chance, values['chance'])} of years by chance alone "
            f"({values['chance']:.0%} is the limit). To be safe, "
            f"{'its areas together' if several else 'it'} would have to hold back "
            f"{money(judged.reserve)}.{_smallest(advice)}"
        )
    if force == SCALE:
        share = (judged.running + judged.idle) / advice.budget
        idle = ""
        if judged.idle > 0:
            idle = (
                f", {money(judged.idle)} of it for units that are not fully used "
                f"(spare capacity {judged.idle_share:.0%})"
            )
        return (
            f"step up, because running it {'in so many areas' if several else 'there'} would cost "
            f"{money(judged.running + judged.idle)} a year{idle}. That is "
            f"{above(share, values['excess'])} of the money, and {values['excess']:.0%} is the "
            f"limit."
        )
    if force == SPILLOVER:
        return (
            f"step up, because only {facts.contained:.0%} of what residents use is in their own "
            f"area ({values['contained']:.0%} is wanted). Settling the rest would cost about "
            f"{money(judged.spillover)} a year."
        )
    today = next(_title(j) for j in advice.levels if j.facts.site.id == advice.case.today)
    assert force == BORDERS
    return (
        f"step up or act jointly, because its borders do not fit those of today's level ({today}): "
        f"{facts.fit:.0%} of the people are in areas that match, {values['fit']:.0%} is wanted."
    )


def _smallest(advice: Advice) -> str:
    values = advice.values
    enough = smallest_pool(
        values["k"],
        overspend=values["overspend"],
        chance=values["chance"],
        common_shock=values["common_shock"],
    )
    if math.isinf(enough):
        return " No population would be large enough."
    return f" About {people(enough)} people would be enough."


def _lead(advice: Advice) -> list[str]:
    lead, say = advice.lead, advice.say
    if lead is None:
        return ["No level is possible besides a change of law, of bodies or of borders."]
    where = _site(lead)
    today = lead.facts.site.id == advice.case.today
    possible = [judged for judged in advice.levels if judged.possible]
    if len(possible) == 1:
        what = f"Lead: {where}. It is the only level that is possible"
        said = [f"{what}, and holds it today." if today else f"{what}."]
    elif advice.stands:
        what = f"Lead: {where}. Nothing forces a step up from there"
        said = [f"{what}; it holds the money today." if today else f"{what}."]
    else:
        said = [f"Lead: {where}, the cheapest that is possible; every level has a drawback."]
    for force in lead.forces:
        why = _why_up(advice, lead, force).removeprefix("step up, because ")
        why = why.removeprefix("step up or act jointly, because ")
        said.append(f"What speaks against {_title(lead)}: {why}")
    if say is not None:
        said.append(_say(advice, lead, say))
    return said + _cheaper(advice)


def _say(advice: Advice, lead: Judged, say: Judged) -> str:
    """Say why another level should have a say: it is as good, or closer but not worth its cost."""
    gap = say.cost - lead.cost
    other = _title(say)
    heard = "give that level a say in how the money is used"
    if abs(gap) > advice.values["close"] * advice.budget:
        return (
            f"Lead here, say there: {other} could hold it too and is closer to people, but would "
            f"cost {money(gap)} a year more than it brings; {heard}."
        )
    near = f"comes within {money(abs(gap))} a year"
    stays = ", so it stays" if lead.facts.site.id == advice.case.today else ""
    return f"Lead here, say there: {other} {near}, which is too close to call{stays}; {heard}."


def _cheaper(advice: Advice) -> list[str]:
    """Say where another level would cost less although the lead is nearer to people."""
    lead = advice.lead
    assert lead is not None
    others = [j for j in advice.levels if j.possible and j is not lead and j is not advice.say]
    if not others:
        return []
    best = min(others, key=lambda judged: judged.cost)
    gap = lead.cost - best.cost
    if gap <= 0:
        return []
    against = " and a step up would be needed there too" if best.forces else ""
    return [
        f"On cost alone {_title(best)} would be {money(gap)} a year better, but it is "
        f"further from people{against}."
        if best.facts.typical > lead.facts.typical
        else f"On cost alone {_title(best)} would be {money(gap)} a year better; what stands above "
        f"speaks against it."
    ]


def _costs(advice: Advice) -> list[str]:
    said = []
    for judged in advice.levels:
        if not judged.possible:
            continue
        parts = []
        if judged.reserve:
            parts.append(f"{money(judged.reserve)} held back against a bad year")
        parts.append(f"{money(judged.running)} to run it")
        if judged.idle:
            parts.append(f"{money(judged.idle)} for units not fully used")
        if judged.spillover:
            parts.append(f"{money(judged.spillover)} to settle use elsewhere")
        joined = " (if the money of the neighbours joins it)" if judged.facts.joined else ""
        gain = ""
        if judged.facts.between >= SEEN_BETWEEN:
            gain = (
                f", less {money(judged.tailoring)} for closer fit to need "
                f"({judged.facts.between:.0%} of the differences in need lie between its areas)"
            )
        said.append(
            f"Cost of {_title(judged)} a year{joined}: {listed(parts)}{gain}; "
            f"{money(judged.cost)} in all."
        )
    return said


def _break_even(advice: Advice) -> list[str]:
    lowest = next((judged for judged in advice.levels if judged.possible), None)
    if lowest is None or not lowest.facts.between >= SEEN_BETWEEN:
        return []
    title = _title(lowest)
    if math.isinf(lowest.break_even):
        return [f"No number of people would make an area like those of {title} worth its cost."]
    enough, have = people(lowest.break_even), people(lowest.facts.typical)
    return [f"An area of {title} is worth its cost from about {enough} people; it has {have}."]


def _hard_facts(advice: Advice) -> list[str]:
    case, values = advice.case, advice.values
    said = []
    duty = case.service.duty if case.service is not None else None
    moved = advice.lead is not None and advice.lead.facts.site.id != case.today
    if duty is not None and moved:
        said.append(f"By law {duty.holder} stays answerable ({duty.reference}).")
    # Of what falls here, as much is tied as of the whole.
    here = advice.budget / float(case.pounds.sum())
    for purpose, pence in case.ring_fences.items():
        said.append(
            f"{money(here * pence / 100)} of it is tied to one purpose ({purpose}) at any level."
        )
    if case.recorded < values["recorded"] and (moved or advice.say is not None):
        said.append(
            f"{f'Only {case.recorded:.0%}' if case.recorded >= 0.005 else 'None'} of the money is "
            f"recorded where it is used: record use before budgets are split, or they rest on "
            f"assumption."
        )
    return said


def _not_known(advice: Advice) -> list[str]:
    said = []
    case = advice.case
    if case.service is None:
        said.append(
            "No figures are known for this kind of service: chance and units are left out, and "
            "what holds for every service is used."
        )
    if all(math.isnan(judged.facts.contained) for judged in advice.levels):
        said.append("Where people use it is not known, so use across borders is left out.")
    if all(math.isnan(judged.facts.between) for judged in advice.levels):
        said.append("Need is not known, so closer fit to need is left out.")
    return said


def _sensitivity(advice: Advice) -> str:
    changed = advice.sensitivity[advice.sensitivity["changed"]]
    titles = {judged.facts.site.id: _title(judged) for judged in advice.levels}
    if changed.empty:
        return "No single assumption, taken to either end of its range, changes this advice."
    parts = [
        f"{_set_at(str(row['parameter']), float(row['value']))} "
        f"({titles.get(str(row['lead']), 'no level')})"
        for _, row in changed.iterrows()
    ]
    return f"Another assumption would change the lead: {'; '.join(parts)}."


def _set_at(name: str, value: float) -> str:
    shown = f"{value * 100:.3g}%" if name in SHARES else f"{value:,g}"
    return f"{PLAIN[name]} at {shown}"


def _title(judged: Judged) -> str:
    """Name a level without what stands in brackets behind it: `Wards (May 2025)` is Wards."""
    return short(judged.facts.site.title)


def _site(judged: Judged) -> str:
    count, each = len(judged.facts.people), people(judged.facts.typical)
    if count == 1:
        return f"{_title(judged)} (one area of {each} people)"
    return f"{_title(judged)} ({count:,} areas of about {each} people)"
