"""Commands that advise: which level should hold what, and where money and need do not meet.

In: the folder of a place package. Out: sentences a board can read, and the tables behind them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.common import place_folder, progress_bar, reports_faults, title_of

if TYPE_CHECKING:
    from data.advice import Report
    from data.run import Result
    from data.scenarios import Allocation

commands = typer.Typer()

PlaceFolder = Annotated[str, typer.Argument(help="Folder of a place package, or `demo`.")]
Out = Annotated[
    Path | None, typer.Option(help="CSV or XLSX; further tables are written beside it.")
]

Scenario = Annotated[
    Path | None, typer.Option(help="TOML or JSON: what it changes is said beside today.")
]


@commands.command()
@reports_faults
def levels(
    place: PlaceFolder,
    service: Annotated[
        str | None, typer.Option(help="Words of a service: all reasons and pounds for it.")
    ] = None,
    suppose: Annotated[
        list[str] | None,
        typer.Option(help="A level at which somebody is supposed to answer for money; repeatable."),
    ] = None,
    scenario: Scenario = None,
    parameters: Annotated[
        Path | None, typer.Option(help="TOML of service parameters instead of those shipped.")
    ] = None,
    out: Out = None,
) -> None:
    """Say who holds how much at which level of PLACE, and which level suits which service."""
    from data import advice

    result, allocation = _applied(place, scenario, out)
    _tell(
        result,
        advice.levels(
            result,
            service=service,
            suppose=suppose or [],
            parameters=parameters,
            allocation=allocation,
        ),
        out,
    )


@commands.command()
@reports_faults
def mismatch(
    place: PlaceFolder,
    level: Annotated[
        str | None, typer.Option(help="Layer id; by default the level with the most areas.")
    ] = None,
    theme: Annotated[str | None, typer.Option(help="Only this theme.")] = None,
    on: Annotated[
        str | None, typer.Option(help="Programmes that run on this date, 2026-04-01; else today.")
    ] = None,
    scenario: Scenario = None,
    out: Out = None,
    map: Annotated[
        Path | None, typer.Option(help="HTML: a map of how many programmes are at work where.")
    ] = None,
) -> None:
    """Set money and programmes of PLACE against need: gaps, overlaps, what closing one takes."""
    from data import advice_map, advice_mismatch

    day = advice_mismatch.day(on)
    result, allocation = _applied(place, scenario, out)
    report = advice_mismatch.mismatches(
        result, level=level, theme=theme, on=day, allocation=allocation
    )
    _tell(result, report, out)
    if map is not None:
        typer.echo(f"Wrote {advice_map.write(result, map, level=level, theme=theme, on=day)}")


def _tell(result: Result, report: Report, out: Path | None) -> None:
    typer.echo(title_of(result.place.name, fictional=result.place.fictional))
    for sentence in report.sentences:
        typer.echo(sentence)
    if out is not None:
        for path in report.write(out):
            typer.echo(f"Wrote {path}")


def _applied(
    place: str, scenario: Path | None, out: Path | None
) -> tuple[Result, Allocation | None]:
    """Go the whole way for a place, and apply a scenario; what cannot be written is told first."""
    from data import place as places
    from data import run as runs
    from data import scenarios, sheets

    if out is not None:
        sheets.check_writable(out)
    chosen = None if scenario is None else scenarios.read(scenario)[0]
    with progress_bar() as progress:
        progress("reading the place", 0, 1)
        result = runs.run(places.load(place_folder(place)), progress=progress)
    return result, None if chosen is None else scenarios.allocate(result, chosen, draws=0)
