"""Commands for prevention and for need: what an intervention pays, and the NHS need index.

In: a place and the file of an intervention, or the published file of practices. Out: tables by
area, agency and year, and the way from money to outcome in sentences.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from commands.common import place_folder, reports_faults, show, spinner, title_of

commands = typer.Typer()


@commands.command()
@reports_faults
def prevention(
    place: Annotated[str, typer.Argument(help="Folder of a place package, or `demo`.")],
    file: Annotated[
        str,
        typer.Argument(help="TOML file of an intervention, or falls, homelessness, warm-homes."),
    ],
    out: Annotated[Path, typer.Option(help="Folder for the results; an earlier one is replaced.")],
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Move an assumption; may be repeated."),
    ] = None,
    draws: Annotated[int, typer.Option(help="How often the assumptions are drawn.")] = 5_000,
    seed: Annotated[int, typer.Option(help="Another seed gives other draws.")] = 20_251_122,
) -> None:
    """Say who pays for an intervention in PLACE, who saves, what is cash, and when it pays back."""
    from data import folders
    from data import place as places
    from data import prevention as work

    folders.check(out, replaceable=work.is_earlier)
    folder = place_folder(place)
    with spinner("Appraising the intervention"):
        loaded = places.load(folder)
        found = work.prevent(loaded, file, moved=set_ or (), draws=draws, seed=seed)
        work.write(found, out)
    typer.echo(title_of(loaded.name, fictional=loaded.fictional))
    for sentence in found.sentences:
        typer.echo(sentence)
    typer.echo(f"Wrote {len(work.OUTPUTS)} files to {out}")


@commands.command("need-index")
@reports_faults
def need_index(
    practices: Annotated[Path, typer.Argument(help="The NHS file of weighted practices (CSV).")],
    by: Annotated[str, typer.Option(help="Compare each icb or district with the whole.")] = "icb",
    measure: Annotated[
        str, typer.Option(help="Which weighted population, such as `primary medical care`.")
    ] = "core services",
    out: Annotated[Path | None, typer.Option(help="CSV with a row a part.")] = None,
) -> None:
    """Say how needy the registered people of each ICB or district are against the whole."""
    from budgets.need_practices import read_practices

    found = read_practices(practices)
    table = found.need_index(measure, by=by)
    people = found.people.people
    typer.echo(
        f"{len(people):,} practices, {people.sum():,.0f} registered people (not residents: use "
        "shares and indices, never pounds a resident); every weighted population adds up to them."
    )
    show(table.reset_index(), out)


@commands.command("per-person")
@reports_faults
def per_person(
    place: Annotated[str, typer.Argument(help="Folder of a place package, or `demo`.")],
    level: Annotated[str, typer.Option(help="Id of a level, such as wd25.")],
    purposes: Annotated[
        Path | None, typer.Option(help="TOML file of your own: who each service is there for.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="CSV with a row for each area, basis and kind.")
    ] = None,
) -> None:
    """Read the money of PLACE per person, each service by the people it is there for."""
    from budgets.need_population import read_purposes
    from data import per_person as work
    from data import place as places
    from data import run as runs

    rules = read_purposes(purposes)
    folder = place_folder(place)
    with spinner("Reading money per person"):
        loaded = places.load(folder)
        found = work.money_per_person(runs.run(loaded), level, purposes=rules)
    typer.echo(title_of(loaded.name, fictional=loaded.fictional))
    for sentence in found.sentences:
        typer.echo(sentence)
    show(found.table, out)


@commands.command("weighted-people")
@reports_faults
def weighted_people(
    place: Annotated[str, typer.Argument(help="Folder of a place package, or `demo`.")],
    formula: Annotated[str, typer.Argument(help="TOML file of a funding formula, or care.")],
    out: Annotated[Path | None, typer.Option(help="CSV with a row a base area.")] = None,
) -> None:
    """Count the people of PLACE by age, need and area cost, and say what each area gets a head."""
    from data import place as places
    from data import run as runs
    from data import weighing

    folder = place_folder(place)
    with spinner("Weighing people"):
        loaded = places.load(folder)
        table, sentences = weighing.weigh(runs.run(loaded), formula)
    typer.echo(title_of(loaded.name, fictional=loaded.fictional))
    for sentence in sentences:
        typer.echo(sentence)
    show(table, out)
