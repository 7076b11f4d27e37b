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
    areas: Annotated[
        int | None,
        typer.Option(min=1, help="Areas of the edition, where the definition does not say."),
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
            areas=areas,
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
    scores: Annotated[
        Path | None,
        typer.Option(help="Table of domain scores, for the average score of --domain."),
    ] = None,
    areas: Annotated[
        int | None,
        typer.Option(min=1, help="Areas of the edition, where INDEX is a part with its ranks."),
    ] = None,
    unplaced: Annotated[
        str, typer.Option(help="Areas in no higher one: raise an error, or report and leave out.")
    ] = "raise",
    partial: Annotated[
        str,
        typer.Option(help="Higher areas partly in INDEX: raise an error, or report the part."),
    ] = "raise",
) -> None:
    """Summarise an index for higher areas: five measures and the rank of each."""
    from data import summarising

    say(
        summarising.summarise_file(
            built,
            lookup,
            code=code,
            to=to,
            population=population,
            population_column=population_column,
            out=out,
            how=summarising.How(domain, scores, areas, unplaced, partial),
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


@commands.command()
@reports_faults
def change(
    earlier: Annotated[Path, typer.Argument(help="Table of the earlier edition.")],
    later: Annotated[Path, typer.Argument(help="Table of the later edition.")],
    definition: Annotated[str, typer.Option(help="What the earlier one is built by: imd2019.")],
    code: Code,
    out: Annotated[Path, typer.Option(help="CSV (plain or .csv.gz) or XLSX, a row an area.")],
    later_definition: Annotated[
        str | None, typer.Option(help="What the later one is built by; the same where absent.")
    ] = None,
    later_code: Annotated[
        str | None, typer.Option(help="Column of its codes; the same where absent.")
    ] = None,
    lookup: Annotated[
        Path | None, typer.Option(help="Official table of changes between the two vintages.")
    ] = None,
    from_: Annotated[
        str, typer.Option("--from", help="What the columns hold: ranks, scores or indicators.")
    ] = "ranks",
    later_from: Annotated[
        str | None, typer.Option(help="What the later columns hold; the same where absent.")
    ] = None,
    people: Annotated[
        Path | None, typer.Option(help="People by earlier area, for merged areas.")
    ] = None,
    people_column: Annotated[str, typer.Option(help="Their column.")] = "people",
    later_people: Annotated[
        Path | None, typer.Option(help="People by later area, for split and redrawn areas.")
    ] = None,
    later_people_column: Annotated[str, typer.Option(help="Their column.")] = "people",
    fixed_goalposts: Annotated[
        bool, typer.Option(help="Rebuild both from indicators with the same goalposts.")
    ] = False,
    draws: Annotated[int, typer.Option(min=1, help="How often both are drawn.")] = 1000,
    level: Annotated[float, typer.Option(help="Share of the draws in the interval.")] = 0.95,
    seed: Annotated[int, typer.Option(help="Another seed gives other draws.")] = 20_250_301,
) -> None:
    """Compare two editions on today's areas: only changes larger than the doubt are flagged."""
    from data import changes

    before = changes.Edition(earlier, definition, code, from_, people, people_column)
    after = changes.Edition(
        later,
        later_definition or definition,
        later_code or code,
        later_from or from_,
        later_people,
        later_people_column,
    )
    say(
        changes.change_file(
            before,
            after,
            lookup=lookup,
            out=out,
            fixed=fixed_goalposts,
            draws=draws,
            level=level,
            seed=seed,
        )
    )


@commands.command()
@reports_faults
def trends(
    source: Annotated[
        str, typer.Argument(metavar="PLACE|TABLE", help="A place, or a table of figures by year.")
    ],
    out: Annotated[Path, typer.Option(help="Full list for officers, CSV or XLSX.")],
    measures: Annotated[
        Path | None, typer.Option(help="TOML file of what a table measures.")
    ] = None,
    contributions: Annotated[
        Path | None, typer.Option(help="Table of what services do about the measures.")
    ] = None,
    code: Annotated[str, typer.Option(help="Column of the codes of a table.")] = "code",
    year: Annotated[str, typer.Option(help="Column of the years of a table.")] = "year",
    board: Annotated[
        Path | None, typer.Option(help="Also write the exception list: red flags only.")
    ] = None,
    anomalies: Annotated[
        Path | None, typer.Option(help="Also write the figures set aside, with the reason.")
    ] = None,
    years: Annotated[
        Path | None, typer.Option(help="Also write every year with its interval and its chart.")
    ] = None,
) -> None:
    """Follow measures over years: trend, target, gap, red flags with who does what, anomalies."""
    from commands.common import place_folder
    from data import trends as following

    where = (
        place_folder(source)
        if measures is None
        else following.Source(Path(source), measures, contributions, code, year)
    )
    say(following.trends_file(where, out=out, beside=following.Beside(board, anomalies, years)))


@commands.command()
@reports_faults
def profile(
    place: Annotated[str, typer.Argument(help="Folder of a place, or `demo`.")],
    area: Annotated[str | None, typer.Option(help="Code of an area of a level.")] = None,
    level: Annotated[str | None, typer.Option(help="Layer id of that level.")] = None,
    shape: Annotated[Path | None, typer.Option(help="A drawn area, GeoJSON.")] = None,
    codes: Annotated[
        str | None, typer.Option(help="Output areas or small areas put together: A,B,C.")
    ] = None,
    postcodes: Annotated[Path | None, typer.Option(help="File with a postcode a line.")] = None,
    around: Annotated[str | None, typer.Option(help="A postcode, or EAST,NORTH.")] = None,
    radius: Annotated[float | None, typer.Option(help="Metres around that spot.")] = None,
    name: Annotated[str, typer.Option(help="What to call an area of one's own.")] = "Our area",
    out: Annotated[
        Path | None, typer.Option(help="CSV, XLSX (the figures) or JSON (everything).")
    ] = None,
) -> None:
    """Describe one area in full: figures beside other places, how sure, similar areas, its type."""
    from commands.common import place_folder, spinner
    from data import place as places
    from data import profile_files as files
    from data.profiling import prepare

    question = files.Question(area, level, shape, codes, postcodes, around, radius, name)
    question.check()
    if out is not None:
        files.check_writable(out)
    found = places.load(place_folder(place))
    with spinner(f"Preparing {found.name}"):
        answer = files.ask(prepare(found), question)
    for line in files.screen(answer, title=found.name, fictional=found.fictional):
        typer.echo(line)
    if out is not None:
        typer.echo(f"Wrote {files.write(answer, out, place=found.id)}")
