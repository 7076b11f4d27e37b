"""Commands for money: share it out by a scenario, compare two, check a scenario.

In: the folder of a place package and scenario files. Out: folders of results, tables and sentences.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.common import place_folder, progress_bar, reports_faults, show, title_of

if TYPE_CHECKING:
    from data.run import Result

commands = typer.Typer()
scenarios = typer.Typer(no_args_is_help=True, help="Check a scenario without applying it.")
commands.add_typer(scenarios, name="scenario")

PlaceFolder = Annotated[str, typer.Argument(help="Folder of a place package, or `demo`.")]


@commands.command()
@reports_faults
def allocate(
    place: PlaceFolder,
    out: Annotated[Path, typer.Option(help="Folder for the results; an earlier one is replaced.")],
    scenario: Annotated[
        Path | None,
        typer.Option(help="TOML or JSON, or the lock of an allocation to be made again."),
    ] = None,
    draws: Annotated[
        int | None,
        typer.Option(min=0, max=10_000, help="Ways of counting need for the interval; 0: none."),
    ] = None,
) -> None:
    """Share the money of PLACE out by a scenario: ledger, levels, who gains and who loses."""
    from budgets.doubtful import DRAWS
    from data import folders, scenario_files
    from data import scenarios as floor

    folders.check(out, replaceable=scenario_files.is_earlier)
    chosen, lock = (None, None) if scenario is None else floor.read(scenario)
    if draws is None:
        draws = DRAWS if lock is None else int(lock["parameters"]["draws"])
    result = _run(place, lock)
    with progress_bar() as progress:
        progress("sharing out", 0, 1)
        allocation = floor.allocate(result, chosen, draws=draws)
        progress("writing", 0, 1)
        written = scenario_files.write(allocation, out, lock=lock)
    typer.echo(title_of(result.place.name, fictional=result.place.fictional))
    typer.echo(_named(allocation.outcome.scenario))
    for sentence in allocation.sentences:
        typer.echo(sentence)
    if lock is not None:
        typer.echo("Made again from its lock: the same pence, bit for bit.")
    files = sum(1 for path in written.rglob("*") if path.is_file())
    typer.echo(f"Wrote {files} files to {written}")


@commands.command()
@reports_faults
def compare(
    a: Annotated[Path, typer.Argument(help="Folder of an allocation, or a scenario file.")],
    b: Annotated[Path, typer.Argument(help="Another one of the same kind.")],
    place: Annotated[
        str | None, typer.Option(help="The place, where two scenario files are compared.")
    ] = None,
    by: Annotated[str, typer.Option(help="area, stream, level or agency.")] = "area",
    out: Annotated[Path | None, typer.Option(help="CSV, every row of the comparison.")] = None,
) -> None:
    """Compare two allocations, or two scenarios on a place: what differs, in pence."""
    from data import scenario_compare

    with progress_bar() as progress:
        progress("comparing", 0, 1)
        result = None if place is None else _run(place, None)
        found = scenario_compare.compare(a, b, by=by, result=result)
    for sentence in found.sentences:
        typer.echo(sentence)
    show(found.largest_first(), None)
    if out is not None:
        show(found.table.reset_index(), out, most=0)


@scenarios.command()
@reports_faults
def validate(
    file: Annotated[Path, typer.Argument(help="TOML or JSON.")],
    place: Annotated[
        str | None, typer.Option(help="A place: then names and limits are checked on it too.")
    ] = None,
) -> None:
    """Check a scenario and say every fault at once; with a place, also that it can be applied."""
    from data import scenarios as floor

    chosen, _ = floor.read(file)
    typer.echo(_named(chosen))
    typer.echo(f"Hash of the document: {chosen.digest}")
    if place is None:
        typer.echo("The document is sound. Its names were not looked up: that needs --place.")
        return
    result = _run(place, None)
    allocation = floor.allocate(result, chosen, draws=0)
    for sentence in allocation.sentences:
        typer.echo(sentence)
    typer.echo(f"The scenario can be applied to {result.place.name}.")


def _run(place: str, lock: dict[str, object] | None) -> Result:
    """Go the whole way for a place, with the settings of need that a lock names."""
    from data import place as places
    from data import run as runs

    with progress_bar() as progress:
        progress("reading the place", 0, 1)
        loaded = places.load(place_folder(place))
        named = {} if lock is None else dict(lock["parameters"])  # type: ignore[call-overload]
        return runs.run(
            loaded,
            need_weight=named.get("need_weight"),
            neediest_per_head=named.get("neediest_per_head"),
            progress=progress,
        )


def _named(chosen: object) -> str:
    head = chosen.head  # type: ignore[attr-defined]
    signed = f", {head.status} by {head.by} on {head.on}" if head.by else f", {head.status}"
    return f"Scenario {head.id}: {head.title}{signed}"
