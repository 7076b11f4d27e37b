"""Commands for indices of need: build one, summarise it for higher areas, question it.

In: a definition and tables of figures by area. Out: tables, and sentences about what went in.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from commands.common import Code, reports_faults, say

commands = typer.Typer()


@commands.command()
@reports_faults
def index(
    definition: Annotated[str, typer.Argument(help="Name such as imd2025, or a TOML file.")],
    table: Annotated[Path, typer.Argument(metavar="INPUT", help="CSV, XLSX or Parquet.")],
    code: Code,
    out: Annotated[Path, typer.Option(help="CSV (plain or .csv.gz) or XLSX, a row an area.")],
    from_: Annotated[
        str, typer.Option("--from", help="What the columns hold: ranks, scores or indicators.")
    ] = "ranks",
    published: Annotated[
        str | None,
        typer.Option(help="Column of published overall ranks, for a part of an edition."),
    ] = None,
    district: Annotated[
        str | None, typer.Option(help="Column of the district, for indicators that are shrunk.")
    ] = None,
) -> None:
    """Build an index from domain ranks, domain scores or indicators."""
    from data import indexing

    say(
        indexing.index_file(
            definition,
            table,
            code=code,
            from_=from_,
            out=out,
            published=published,
            district=district,
        )
    )


@commands.command()
@reports_faults
def summarise(
    built: Annotated[Path, typer.Argument(metavar="INDEX", help="What `index` wrote.")],
    lookup: Annotated[Path, typer.Option(help="Table that places each area in a higher one.")],
    code: Code,
    to: Annotated[str, typer.Option(help="Column of the lookup with the higher areas.")],
    population: Annotated[Path, typer.Option(help="Table of people by area.")],
    population_column: Annotated[str, typer.Option(help="Column of the people.")],
    out: Annotated[Path, typer.Option(help="CSV (plain or .csv.gz) or XLSX, a row a higher area.")],
    domain: Annotated[
        str | None, typer.Option(help="Summarise this domain by its rank, not the whole index.")
    ] = None,
) -> None:
    """Summarise an index for higher areas: five measures and the rank of each."""
    from data import indexing

    say(
        indexing.summarise_file(
            built,
            lookup,
            code=code,
            to=to,
            population=population,
            population_column=population_column,
            out=out,
            domain=domain,
        )
    )


@commands.command()
@reports_faults
def doubt(
    definition: Annotated[str, typer.Argument(help="Name such as imd2025, or a TOML file.")],
    table: Annotated[Path, typer.Argument(metavar="INPUT", help="CSV, XLSX or Parquet.")],
    code: Code,
    out: Annotated[Path, typer.Option(help="CSV (plain or .csv.gz) or XLSX, a row an area.")],
    from_: Annotated[
        str, typer.Option("--from", help="What the columns hold: ranks, scores or indicators.")
    ] = "ranks",
    draws: Annotated[int, typer.Option(min=1, help="How often the index is drawn.")] = 1000,
    level: Annotated[float, typer.Option(help="Share of the draws in the interval.")] = 0.95,
    seed: Annotated[int, typer.Option(help="Another seed gives other draws.")] = 20_250_301,
    district: Annotated[
        str | None, typer.Option(help="Column of the district, for indicators that are shrunk.")
    ] = None,
    sobol: Annotated[
        Path | None, typer.Option(help="Also write which choice moves the ranks: Sobol shares.")
    ] = None,
    sobol_runs: Annotated[
        int, typer.Option(help="Size of that sample, a power of two; drawn (choices + 2) times.")
    ] = 256,
    leave_one_out: Annotated[
        Path | None, typer.Option(help="Also write the ranks without each domain in turn.")
    ] = None,
) -> None:
    """Say how certain the rank of each area is: interval, chance of the worst tenth, sentence."""
    from data import doubting

    say(
        doubting.doubt_file(
            definition,
            table,
            code=code,
            from_=from_,
            out=out,
            district=district,
            asked=doubting.Asked(draws, level, seed, sobol, sobol_runs, leave_one_out),
        )
    )
