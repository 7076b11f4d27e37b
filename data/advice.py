"""Advice on levels for one place: who holds what today, and which level suits which service.

In: a `Result`, and for a scenario its `Allocation`. Out: `Report`: sentences for a board and the
tables behind them, to be written as CSV or XLSX.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from budgets import adviser, adviser_facts, adviser_words
from budgets import levels as budget_levels
from budgets.adviser import Advice
from budgets.adviser_services import Services, load
from budgets.money import format_pounds
from budgets.phrases import listed
from data import sheets
from data.errors import UnknownChoice
from data.run import Result
from data.scenarios import Allocation
from data.settings import LayerSettings


@dataclass(frozen=True, eq=False)
class Report:
    """Sentences, and tables by the ending of the file that each is written to ('' is the first)."""

    sentences: tuple[str, ...]
    tables: dict[str, pd.DataFrame]

    def write(self, out: Path) -> list[Path]:
        """Write the first table to `out` and the others beside it, as CSV or XLSX."""
        sheets.check_writable(out)
        return [
            sheets.write(table, out.with_name(f"{out.stem}{end}{out.suffix}"))
            for end, table in self.tables.items()
        ]


def levels(
    result: Result,
    *,
    service: str | None = None,
    suppose: Sequence[str] = (),
    parameters: str | Path | None = None,
    allocation: Allocation | None = None,
) -> Report:
    """Say who holds how much at which level, and at which level each service is best held.

    Parameters
    ----------
    service
        Words of a service: only those whose name holds them are advised on, in full. Without it
        every service is said in a line.
    suppose
        Levels to be treated as if a body of the right kind answered for money there.
    parameters
        File of service parameters instead of the one that is shipped.
    allocation
        A scenario that was applied: who holds what is then said for it beside today.

    Raises
    ------
    UnknownChoice
        A level or service that is not there.
    """
    place = result.place
    check_levels("--suppose", suppose, result)
    services = load(parameters)
    advices = _advise(result, services, suppose)
    if service is not None:
        wanted = service.strip().lower()
        chosen = [one for one in advices if wanted in one.case.title.lower()]
        if not chosen:
            known = ", ".join(dict.fromkeys(one.case.title for one in advices))
            raise UnknownChoice("--service", found=[service], detail=f"there are {known}")
        advices = chosen
    held, holding = _held(result, allocation)
    said = [*holding, *_supposed(suppose, result)]
    titles = {layer.id: layer.title for layer in place.settings.layers}
    full = {
        id(one): adviser_words.sentences(one, place=place.name, titles=titles) for one in advices
    }
    if service is None:
        said += [adviser_words.headline(one) for one in advices]
        said.append("Name a service with --service to read the reasons and the pounds behind it.")
    else:
        for one in advices:
            said += full[id(one)]
    own = adviser_words.assumptions(advices, services)
    said.append(
        f"{len(own)} of the figures behind this are assumptions of our own; "
        + ("all are listed with --out." if service is None else "they are:")
    )
    said += own if service is not None else []
    tables = {
        "": pd.concat([one.to_frame() for one in advices], ignore_index=True),
        "-held": held,
        "-sentences": _long((one.case.title, full[id(one)]) for one in advices),
        "-sensitivity": pd.concat(
            [one.sensitivity.assign(service=one.case.title) for one in advices], ignore_index=True
        ),
        "-assumptions": pd.DataFrame({"assumption": own}, dtype="str"),
    }
    return Report(tuple(said), tables)


def _advise(result: Result, services: Services, suppose: Sequence[str]) -> list[Advice]:
    place = result.place
    base = adviser_facts.base_of(
        result.ledger,
        people=place.people,
        scores=None if result.index is None else result.index.scores,
        flows=place.flows,
        tolerance=place.tolerance,
    )
    advices = []
    for case in adviser_facts.cases(result.ledger, services, base, crosswalks=result.crosswalks):
        bodies = {layer.id: layer.body for layer in place.settings.layers}
        kind = bodies.get(case.today, "")
        if case.service is not None and case.service.held_by:
            kind = case.service.held_by[0]
        sites = []
        for layer in result.levels:
            known = place.settings.layer(layer)
            body = known.body
            if layer in suppose:
                body = kind or body
            sites.append(adviser_facts.Site(layer, known.title, body))
        facts = adviser_facts.level_facts(case, sites, result.crosswalks, base)
        advices.append(adviser.advise(case, facts, services))
    return advices


def _held(result: Result, allocation: Allocation | None) -> tuple[pd.DataFrame, list[str]]:
    """Return who holds what today, in the scenario beside it if there is one, and sentences."""
    settings = result.place.settings
    keys = ["level", "agency"]
    table = budget_levels.held(result.ledger.streams)
    said = _holding(table, settings.layers, "today")
    if allocation is not None:
        then = allocation.outcome.held
        names = {"held_pence": "scenario_held_pence", "devolved_pence": "scenario_devolved_pence"}
        table = table.merge(then.rename(columns=names), on=keys, how="outer", sort=False)
        amounts = [column for column in table.columns if column not in keys]
        table[amounts] = table[amounts].fillna(0).astype("int64")
        said += _holding(
            then, settings.layers, f'in the scenario "{allocation.outcome.scenario.head.title}"'
        )
    return table, said


def _holding(table: pd.DataFrame, layers: Iterable[LayerSettings], when: str) -> list[str]:
    titles = {layer.id: layer.title for layer in layers}
    said = []
    for key, rows in table.groupby("level", sort=False):
        level = str(key)
        own, given = int(rows["held_pence"].sum()), int(rows["devolved_pence"].sum())
        agencies = listed(list(dict.fromkeys(rows["agency"])))
        devolved = f", and {format_pounds(given)} devolved to it" if given else ""
        title = titles.get(level, level)
        said.append(f"Held at {title} {when}: {format_pounds(own)}{devolved} ({agencies}).")
    total = int(table[["held_pence", "devolved_pence"]].to_numpy().sum())
    said.append(f"Together {when}: {format_pounds(total)}; every pound has one holder.")
    return said


def _supposed(suppose: Sequence[str], result: Result) -> list[str]:
    return [
        f"Supposed: a body of the right kind answers for money at "
        f"{result.place.settings.layer(layer).title}."
        for layer in suppose
    ]


def check_levels(option: str, named: Sequence[str], result: Result) -> None:
    """Raise `UnknownChoice` for levels that the place does not have."""
    unknown = [layer for layer in named if layer not in result.levels]
    if unknown:
        detail = "there are " + ", ".join(result.levels)
        raise UnknownChoice(option, found=unknown, detail=detail)


def _long(parts: Iterable[tuple[str, list[str]]]) -> pd.DataFrame:
    rows = [(title, sentence) for title, lines in parts for sentence in lines]
    return pd.DataFrame(rows, columns=["service", "sentence"], dtype="str")
