"""The door for scripts: the command `commonground`.

In: folders and options. Out: files, and on standard output what went in, what came out and what
was left over; progress and errors go to standard error. A fault of the input ends a command with
exit code 1 and a sentence that says what to do, never with a traceback.

Heavy imports stand inside the commands, so that `--help` answers at once.
"""

from __future__ import annotations

import functools
import os
import threading
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import pandas as pd

    from data.indexing import Written
    from data.run import Progress

DEMO = "demo"
ROOT = Path(__file__).resolve().parent

# Options that several commands share.
SourceCode = Annotated[str, typer.Option(help="Column of the codes in SOURCE.")]
TargetCode = Annotated[str, typer.Option(help="Column of the codes in TARGET.")]
SourceLayer = Annotated[str | None, typer.Option(help="Layer of SOURCE, if it holds several.")]
TargetLayer = Annotated[str | None, typer.Option(help="Layer of TARGET, if it holds several.")]
By = Annotated[str, typer.Option(help="area, points, raster or best-fit.")]
Points = Annotated[
    Path | None, typer.Option(help="Points: CSV or Parquet with x, y in EPSG:27700, or a layer.")
]
PointsWeight = Annotated[str | None, typer.Option(help="Column that weighs points (default 1).")]
PointsCode = Annotated[
    str | None, typer.Option(help="Column of the source's code: one point a source (best-fit).")
]
Raster = Annotated[Path | None, typer.Option(help="Raster whose pixels count people or homes.")]
Dask = Annotated[str | None, typer.Option(help="tcp://... of a Dask scheduler, or `local`.")]
Code = Annotated[str, typer.Option(help="Column of the codes.")]
Layer = Annotated[str | None, typer.Option(help="Layer of the file, if it holds several.")]
Crs = Annotated[str | None, typer.Option(help="Coordinate system, if the file states none.")]

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Reconcile boundaries, map needs and share public money across small areas.",
)


def _reports_faults(command: Callable[..., None]) -> Callable[..., None]:
    """Turn an error of Common Ground into its sentence on standard error and exit code 1."""

    @functools.wraps(command)
    def guarded(*args: Any, **options: Any) -> None:
        from geo.errors import CommonGroundError

        try:
            command(*args, **options)
        except CommonGroundError as error:
            typer.echo(f"Error: {error}", err=True)
            raise typer.Exit(1) from None

    return guarded


@app.command()
@_reports_faults
def demo(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="New folder, or an earlier demo.")],
    seed: Annotated[int | None, typer.Option(help="Another seed gives another place.")] = None,
) -> None:
    """Write the place package of the fictional demo place to DIR."""
    from data import demo as demo_place

    options = {} if seed is None else {"seed": seed}
    with _spinner("Building the fictional demo place"):
        built = demo_place.build(folder, **options)
    typer.echo(f"Wrote the fictional demo place to {built}")


@app.command()
@_reports_faults
def run(
    place: Annotated[str, typer.Argument(help="Folder of a place package, or `demo`.")],
    out: Annotated[Path, typer.Option(help="Folder for the results; an earlier run is replaced.")],
    need_weight: Annotated[
        float | None, typer.Option(min=0, max=1, help="Part of the money that follows need.")
    ] = None,
    neediest_per_head: Annotated[
        float | None,
        typer.Option(min=1, help="Times as much a head the neediest area gets as the least needy."),
    ] = None,
) -> None:
    """Go the whole way for PLACE and write index, ledger, levels, crosswalks, map and manifest."""
    from data import folders
    from data import place as places
    from data import run as runs
    from data.write import is_earlier_run

    folders.check(out, replaceable=is_earlier_run)
    folder = _place_folder(place)
    with _progress() as progress:
        progress("reading the place", 0, 1)
        loaded = places.load(folder)
        result = runs.run(
            loaded,
            need_weight=need_weight,
            neediest_per_head=neediest_per_head,
            progress=progress,
        )
        progress("writing", 0, 1)
        written = runs.write(result, out)
    typer.echo(_title(loaded.name, fictional=loaded.fictional))
    for step in result.steps:
        if step.kind != "level":
            typer.echo(step.sentence)
    files = sum(1 for path in written.rglob("*") if path.is_file())
    typer.echo(f"Wrote {files} files to {written}")
    for step in result.steps:
        if step.kind == "level":
            typer.echo(step.sentence)


@app.command()
@_reports_faults
def serve(
    place: Annotated[str, typer.Argument(help="Folder of a place package, or `demo`.")] = DEMO,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 8501,
    browser: Annotated[bool, typer.Option(help="Open a browser when the pages are ready.")] = True,
) -> None:
    """Open the pages on PLACE in a browser on this machine."""
    from data import server, settings

    folder = _place_folder(place)
    chosen = settings.read(folder).place
    listener = server.listen(host, port)
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{listener.getsockname()[1]}"
    # The application reads these when it is imported, and Streamlit its config.toml from the
    # working folder.
    os.environ["COMMONGROUND_PLACE"] = str(folder)
    os.environ["STREAMLIT_SERVER_ADDRESS"] = host
    os.environ["STREAMLIT_SERVER_PORT"] = str(listener.getsockname()[1])
    os.chdir(ROOT)
    title = _title(chosen.name, fictional=chosen.fictional)

    def ready() -> None:
        typer.echo(f"{title} is open at {address} (Ctrl+C ends it)")
        if browser and server.can_show_a_browser():
            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()

    if not server.serve(listener, ready):
        raise typer.Exit(3)


@app.command()
@_reports_faults
def crosswalk(
    source: Annotated[Path, typer.Argument(help="File of the layer to carry figures from.")],
    target: Annotated[Path, typer.Argument(help="File of the layer to carry them to.")],
    source_code: SourceCode,
    target_code: TargetCode,
    out: Annotated[Path, typer.Option(help="CSV (with a .json beside it) or Parquet.")],
    source_layer: SourceLayer = None,
    target_layer: TargetLayer = None,
    by: By = "area",
    points: Points = None,
    points_weight: PointsWeight = None,
    points_code: PointsCode = None,
    raster: Raster = None,
    dask: Dask = None,
) -> None:
    """Say which share of each SOURCE area falls in each TARGET area, and write the table."""
    from data import exchange
    from data.sources import LayerFile

    with _spinner("Weighing"):
        walk = exchange.crosswalk(
            LayerFile(source, source_code, source_layer),
            LayerFile(target, target_code, target_layer),
            exchange.weighing(by, points, points_weight, points_code, raster, dask),
        )
        exchange.write_crosswalk(walk, out)
    typer.echo(repr(walk))
    for sentence in exchange.left_over(walk):
        typer.echo(sentence)
    typer.echo(f"Wrote {out}")


@app.command()
@_reports_faults
def convert(
    walk: Annotated[Path, typer.Argument(metavar="CROSSWALK", help="What `crosswalk` wrote.")],
    values: Annotated[Path, typer.Argument(help="CSV with a row for each source area.")],
    code: Code,
    out: Annotated[Path, typer.Option(help="CSV by target area, with a .json of what was left.")],
    count: Annotated[list[str] | None, typer.Option(help="Column that adds up.")] = None,
    rate: Annotated[list[str] | None, typer.Option(help="RATE:DENOMINATOR, two columns.")] = None,
    uncovered: Annotated[
        str, typer.Option(help="Amounts in no target: report them as outside, or raise.")
    ] = "report",
    unknown: Annotated[
        str, typer.Option(help="Rows of other areas: leave them out and report, or raise.")
    ] = "report",
    overlap: Annotated[
        str, typer.Option(help="Overlapping targets: refuse, share-out or count-in-each.")
    ] = "refuse",
    tolerance: Annotated[
        float, typer.Option(min=0, max=1, help="Shortfall up to which a source is rescaled.")
    ] = 0.0,
) -> None:
    """Carry counts and rates from the sources of CROSSWALK to its targets."""
    from boundaries.crosswalk import Crosswalk
    from data import exchange

    table, done, left_out = exchange.convert(
        Crosswalk.read(walk),
        values,
        code=code,
        counts=count or [],
        rates=[exchange.split_rate(text) for text in rate or []],
        rules=exchange.Rules(uncovered, overlap, tolerance, unknown),
    )
    exchange.write_table(table, out)
    exchange.write_books(done, out.with_suffix(".json"))
    if left_out:
        typer.echo(f"{left_out:,} rows of {values} are of other areas and were left out.")
    for name, found in done.items():
        typer.echo(f"{name}: {found.reconciliation.sentence()}")
    typer.echo(f"Wrote {len(table):,} areas of {table.index.name} to {out}")


@app.command()
@_reports_faults
def fit(
    first: Annotated[Path, typer.Argument(help="A layer, or the folder of a place.")],
    second: Annotated[Path | None, typer.Argument(help="Another layer.")] = None,
    source_code: SourceCode = "code",
    target_code: TargetCode = "code",
    source_layer: SourceLayer = None,
    target_layer: TargetLayer = None,
    by: By = "area",
    points: Points = None,
    points_weight: PointsWeight = None,
    raster: Raster = None,
    sliver: Annotated[
        float, typer.Option(min=0, max=0.49, help="Part of an area below which a piece is none.")
    ] = 0.01,
    out: Annotated[Path | None, typer.Option(help="CSV, a row for each area or pair.")] = None,
) -> None:
    """Say how well two layers fit each other, both ways, or all levels of a place."""
    from data import exchange, reports
    from data.sources import LayerFile

    with _spinner("Measuring the fit"):
        if second is None:
            report = reports.fit_place(first, sliver=sliver)
        else:
            report = reports.fit_layers(
                LayerFile(first, source_code, source_layer),
                LayerFile(second, target_code, target_layer),
                exchange.weighing(by, points, points_weight, None, raster, None),
                sliver=sliver,
            )
    for sentence in report.sentences:
        typer.echo(sentence)
    if out is not None:
        for path in report.write(out):
            typer.echo(f"Wrote {path}")


@app.command()
@_reports_faults
def check(
    layer_file: Annotated[Path, typer.Argument(metavar="LAYER", help="File of a layer.")],
    code: Code,
    layer: Layer = None,
    crs: Crs = None,
    expected: Annotated[
        Path | None, typer.Option(help="CSV whose first column lists the codes there should be.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="CSV, a row for each finding.")] = None,
) -> None:
    """Look for everything that commonly is wrong with a layer; nothing is changed.

    Ends with exit code 2 if something was found.
    """
    from data import reports
    from data.sources import LayerFile

    with _spinner("Looking"):
        found = reports.check(LayerFile(layer_file, code, layer, crs), expected=expected)
    typer.echo(found.sentence())
    _show(found.table, out)
    if not found.clean:
        raise typer.Exit(2)


@app.command()
@_reports_faults
def repair(
    layer_file: Annotated[Path, typer.Argument(metavar="LAYER", help="File of a layer.")],
    code: Code,
    out: Annotated[Path, typer.Option(help="The mended layer: .gpkg, .geojson, .parquet, .fgb.")],
    layer: Layer = None,
    crs: Crs = None,
    fill_gaps: Annotated[bool, typer.Option(help="Give surrounded land to a neighbour.")] = False,
    cut_overlaps: Annotated[bool, typer.Option(help="Give shared land to one area.")] = False,
    tolerance_m2: Annotated[
        float | None, typer.Option(min=0, help="Square metres an area may gain or lose by that.")
    ] = None,
    changes: Annotated[Path | None, typer.Option(help="CSV, a row for each change.")] = None,
) -> None:
    """Mend a layer, say what was changed, and look again at the result."""
    from data import reports
    from data.sources import LayerFile

    with _spinner("Mending"):
        done = reports.mend(
            LayerFile(layer_file, code, layer, crs),
            out,
            fill_gaps=fill_gaps,
            cut_overlaps=cut_overlaps,
            tolerance_m2=tolerance_m2,
        )
    typer.echo(done.sentence())
    _show(done.changes, changes)
    typer.echo(f"Wrote {out}")


@app.command()
@_reports_faults
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

    _say(
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


@app.command()
@_reports_faults
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

    _say(
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


@app.command()
@_reports_faults
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
) -> None:
    """Say how certain the rank of each area is: interval, chance of the worst tenth, sentence."""
    from data import indexing

    _say(
        indexing.doubt_file(
            definition,
            table,
            code=code,
            from_=from_,
            out=out,
            draws=draws,
            level=level,
            seed=seed,
        )
    )


def _say(written: Written) -> None:
    """Say what went in and what was left over, and where the file is."""
    for sentence in written.sentences:
        typer.echo(sentence)
    typer.echo(f"Wrote {len(written.table):,} rows to {written.path}")


def _show(table: pd.DataFrame, out: Path | None, *, most: int = 20) -> None:
    """Print the first rows of a table, and write it whole where a file is named."""
    from data import exchange

    if len(table):
        typer.echo(table.head(most).to_string(index=False))
    if len(table) > most:
        typer.echo(f"... and {len(table) - most:,} more rows")
    if out is not None:
        exchange.write_table(table, out, index=False)
        typer.echo(f"Wrote {out}")


def _place_folder(place: str) -> Path:
    """Return the folder of a place; the demo place is built the first time it is asked for."""
    if place != DEMO or Path(place).is_dir():
        return Path(place).absolute()
    from data import demo as demo_place

    with _spinner("Building the fictional demo place (once)"):
        return demo_place.cached()


def _title(name: str, *, fictional: bool) -> str:
    return f"{name} (a fictional place)" if fictional else name


@contextmanager
def _spinner(title: str) -> Iterator[None]:
    with _progress() as progress:
        progress(title, 0, 1)
        yield


@contextmanager
def _progress() -> Iterator[Progress]:
    """Show on standard error what is being done; nothing where that is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bars:
        task = bars.add_task("", total=None)

        def show(title: str, done: int, total: int) -> None:
            bars.update(task, description=title, completed=done, total=total)

        yield show


if __name__ == "__main__":
    app()
