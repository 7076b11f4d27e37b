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

commands = typer.Typer()

PlaceFolder = Annotated[str, typer.Argument(help="Folder of a place package, or `demo`.")]
Out = Annotated[
    Path | None, typer.Option(help="CSV or XLSX; further tables are written beside it.")
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
    scenario: Annotated[
        Path | None, typer.Option(help="TOML or JSON: who holds what in it, beside today.")
    ] = None,
    parameters: Annotated[
        Path | None, typer.Option(help="TOML of service parameters instead of those shipped.")
    ] = None,
    out: Out = None,
) -> None:
    """Say who holds how much at which level of PLACE, and which level suits which service."""
    from data import advice, scenarios, sheets

    if out is not None:
        sheets.check_writable(out)
    chosen = None if scenario is None else scenarios.read(scenario)[0]
    result = _run(place)
    allocation = None if chosen is None else scenarios.allocate(result, chosen, draws=0)
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
    out: Out = None,
    map: Annotated[
        Path | None, typer.Option(help="HTML: a map of how many programmes are at work where.")
    ] = None,
) -> None:
    """Set money and programmes of PLACE against need: gaps, overlaps, what closing one takes."""
    from data import advice_map, advice_mismatch, sheets

    day = advice_mismatch.day(on)
    if out is not None:
        sheets.check_writable(out)
    result = _run(place)
    _tell(result, advice_mismatch.mismatches(result, level=level, theme=theme, on=day), out)
    if map is not None:
        typer.echo(f"Wrote {advice_map.write(result, map, level=level, theme=theme, on=day)}")


def _tell(result: Result, report: Report, out: Path | None) -> None:
    typer.echo(title_of(result.place.name, fictional=result.place.fictional))
    for sentence in report.sentences:
        typer.echo(sentence)
    if out is not None:
        for path in report.write(out):
            typer.echo(f"Wrote {path}")


def _run(place: str) -> Result:
    from data import place as places
    from data import run as runs

    with progress_bar() as progress:
        progress("reading the place", 0, 1)
        return runs.run(places.load(place_folder(place)), progress=progress)
