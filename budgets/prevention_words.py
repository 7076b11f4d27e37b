"""The logic of an intervention, from money to outcome, as a chain of sentences.

In: an `Appraisal` and its `Value`. Out: sentences in which every assumption can be seen.
"""

from __future__ import annotations

import math

from budgets.money import format_pounds
from budgets.prevention import PEOPLE, Appraisal
from budgets.prevention_file import Avoided, Cost, Figure, evidence
from budgets.prevention_value import LEVEL, Interval, Value

NEEDIEST = 3


def chain(appraisal: Appraisal, value: Value) -> tuple[str, ...]:
    """Tell the way from money to outcome: pay, reach, effect, saving, cash, worth."""
    file = appraisal.intervention
    head = file.intervention
    said = []
    if head.illustrative:
        said.append(
            f"{head.title}: an illustration. Its figures are assumptions of our own, not evidence."
        )
    said += [_pays(appraisal, cost) for cost in file.cost]
    said += _reaches(appraisal)
    for item in file.avoided:
        said += _avoids(appraisal, item)
    said.append(_corrected(appraisal))
    said += _hands(appraisal)
    said += _worth(appraisal, value)
    return tuple(said)


def _pays(appraisal: Appraisal, cost: Cost) -> str:
    item = next(i for i in appraisal.items if i.kind == "cost" and i.id == cost.id)
    parts = [
        f"{_money(figure.value)} {words}{_range(figure, money=True)}"
        for figure, words in (
            (cost.per_person, f"for each {appraisal.intervention.eligible.one} reached"),
            (cost.per_year, "a year"),
            (cost.once, "once"),
        )
        if figure is not None
    ]
    years = len(appraisal.intervention.reach.build_up)
    return (
        f"Money: {cost.payer} pays {' and '.join(parts)} for {cost.what}, "
        f"{format_pounds(int(item.pence.sum()), whole=True)} over {_years(years)}."
    )


def _reaches(appraisal: Appraisal) -> list[str]:
    file, eligible = appraisal.intervention, appraisal.eligible
    whole = float(eligible.sum())
    most = eligible.sort_values(ascending=False, kind="stable").head(NEEDIEST)
    first = appraisal.reached[: len(file.reach.build_up)]
    who = "the same people every year" if file.reach.again else "new people every year"
    where = ", ".join(f"{code} ({n:,.0f})" for code, n in most.items())
    people = (
        f"People: {whole:,.0f} {file.eligible.group} are eligible "
        f"({_part(file.eligible.share)} of {file.eligible.counted_in}); most live in {where}."
    )
    reach = (
        f"Reach: {_part(file.reach.rate)} of them in a full year, {who}: "
        f"{', '.join(f'{n:,.0f}' for n in first)} in years 1 to {len(first)}."
    )
    return [people, reach]


def _avoids(appraisal: Appraisal, item: Avoided) -> list[str]:
    line = next(i for i in appraisal.items if i.kind != "cost" and i.id == item.id)
    start = "at once" if item.lag_years == 0 else f"{_years(item.lag_years)} later"
    effect = (
        f"Effect: without it one of them has {item.per_person.value:g} {item.what} a year"
        f"{_range(item.per_person)}; among those reached {_part(item.reduction)} are avoided, "
        f"{start}, for {_years(item.lasts_years)}."
    )
    events, pounds = float(line.events.sum()), format_pounds(int(line.pence.sum()), whole=True)
    unit = f"{_money(item.unit_cost.value)} each{_range(item.unit_cost, money=True)}"
    over = f"over {_years(appraisal.years)}"
    if item.kind == "health":
        worth = f"Outcome: {events:,.1f} {item.what} fewer {over}, worth {unit} to people: {pounds}"
        return [effect, f"{worth}. No budget holds this money."]
    assert item.cashable is not None  # the file has been checked
    cash = format_pounds(int(line.cash.sum()), whole=True)
    when = f", from year {item.cashable_after + 1} on" if item.cashable_after else ""
    return [
        effect,
        f"Outcome: {events:,.1f} {item.what} fewer {over}, at {unit} to {item.saves}: {pounds}.",
        f"Cash: {_part(item.cashable)} of that can leave the budget of {item.saves}{when}: {cash}.",
    ]


def _corrected(appraisal: Appraisal) -> str:
    file = appraisal.intervention
    grade = file.intervention.evidence_grade
    method = file.method
    return (
        f"Optimism: the evidence is of grade {grade} of 6 ({evidence()[grade]['words']}), so the "
        f"figures above take effects {method.optimism_effect.value:.0%} lower and costs "
        f"{method.optimism_cost.value:.0%} higher than hoped."
    )


def _hands(appraisal: Appraisal) -> list[str]:
    """Say whose pocket the money leaves and whose it reaches."""
    table = appraisal.by_agency().drop(index=PEOPLE, errors="ignore")
    said = []
    for agency, row in table.iterrows():
        net = int(row["net_pence"])
        words = "is better off by" if net >= 0 else "is worse off by"
        said.append(
            f"Who: {agency} pays {_whole(row['paid_pence'])}, saves {_whole(row['saved_pence'])} "
            f"({_whole(row['cashable_pence'])} of it cash) and {words} {_whole(abs(net))}."
        )
    return said


def _worth(appraisal: Appraisal, value: Value) -> list[str]:
    method = appraisal.intervention.method
    level = f"{LEVEL:.0%} of {value.draws:,} draws"
    worth = (
        f"Worth today: {_money(value.npv.value)} ({_between(value.npv)} in {level}), above nought "
        f"in {value.chance['npv']:.0%} of them; in the agencies' money alone "
        f"{_money(value.npv_money.value)} ({_between(value.npv_money)}), in cash "
        f"{_money(value.npv_cash.value)} ({_between(value.npv_cash)})."
    )
    rates = f"{method.discount_rate.value:.2%} a year, {method.health_discount_rate.value:.2%}"
    prices = appraisal.intervention.intervention.price_base
    said = [worth, f"Discount: {rates} for health; prices of {prices}, real."]
    for name, interval, chance in (
        ("savings", value.payback, value.chance_paid_back),
        ("cash", value.payback_cash, value.chance_paid_back_cash),
    ):
        said.append(
            f"Pay-back by {name}: {_when(interval.value, appraisal.years)} (between "
            f"{_when(interval.low, appraisal.years)} and {_when(interval.high, appraisal.years)}); "
            f"it happens in {chance:.0%} of the draws."
        )
    return said


def _part(figure: Figure) -> str:
    return f"{figure.value * 100:.4g} %{_range(figure, percent=True)}"


def _range(figure: Figure, *, money: bool = False, percent: bool = False) -> str:
    if figure.low == figure.high:
        return ""
    low, high = f"{figure.low:g}", f"{figure.high:g}"
    if money:
        low, high = _money(figure.low), _money(figure.high)
    if percent:
        low, high = f"{figure.low * 100:.4g} %", f"{figure.high * 100:.4g} %"
    return f" ({low} to {high})"


def _between(interval: Interval) -> str:
    return f"{_money(interval.low)} to {_money(interval.high)}"


def _money(pounds: float) -> str:
    whole = abs(pounds) >= 1000 or float(pounds).is_integer()
    return format_pounds(round(pounds * 100), whole=whole)


def _whole(pence: int) -> str:
    return format_pounds(int(pence), whole=True)


def _when(year: float, years: int) -> str:
    return f"not within {_years(years)}" if math.isinf(year) else f"year {year:.0f}"


def _years(n: int) -> str:
    return f"{n} year" if n == 1 else f"{n} years"
