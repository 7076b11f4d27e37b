"""Commands for boundaries: convert figures between layers, say how layers fit, check and repair.

In: layers, points, rasters and tables as files. Out: files and what was left over.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from commands.common import Code, reports_faults, show, spinner

commands = typer.Typer()

# Options that several of these commands share.
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
Layer = Annotated[str | None, typer.Option(help="Layer of the file, if it holds several.")]
Crs = Annotated[str | None, typer.Option(help="Coordinate system, if the file states none.")]


@commands.command()
@reports_faults
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

    with spinner("Weighing"):
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


@commands.command()
@reports_faults
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
    disclosure: Annotated[
        list[str] | None,
        typer.Option(help="COLUMN:RULE, such as stays:hospital-records: small counts are hidden."),
    ] = None,
) -> None:
    """Carry counts and rates from the sources of CROSSWALK to its targets."""
    from boundaries.crosswalk import Crosswalk
    from data import disclosing, exchange

    secret = dict(disclosing.split(text) for text in disclosure or [])
    table, done, left_out = exchange.convert(
        Crosswalk.read(walk),
        values,
        code=code,
        counts=count or [],
        rates=[exchange.split_rate(text) for text in rate or []],
        rules=exchange.Rules(uncovered, overlap, tolerance, unknown, secret),
    )
    exchange.write_table(table, out)
    exchange.write_books(done, out.with_suffix(".json"))
    if left_out:
        typer.echo(f"{left_out:,} rows of {values} are of other areas and were left out.")
    for name, found in done.items():
        typer.echo(f"{name}: {found.reconciliation.sentence()}")
    typer.echo(f"Wrote {len(table):,} areas of {table.index.name} to {out}")


@commands.command()
@reports_faults
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

    with spinner("Measuring the fit"):
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


@commands.command()
@reports_faults
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

    with spinner("Looking"):
        found = reports.check(LayerFile(layer_file, code, layer, crs), expected=expected)
    typer.echo(found.sentence())
    show(found.table, out)
    if not found.clean:
        raise typer.Exit(2)


@commands.command()
@reports_faults
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

    with spinner("Mending"):
        done = reports.mend(
            LayerFile(layer_file, code, layer, crs),
            out,
            fill_gaps=fill_gaps,
            cut_overlaps=cut_overlaps,
            tolerance_m2=tolerance_m2,
        )
    typer.echo(done.sentence())
    show(done.changes, changes)
    typer.echo(f"Wrote {out}")
