"""What all commands have in common: options, faults as sentences, progress and tables.

In: what a command found. Out: standard output says what went in, what came out and what was left
over; progress and errors go to standard error.
"""

from __future__ import annotations

import functools
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

Code = Annotated[str, typer.Option(help="Column of the codes.")]


def reports_faults(command: Callable[..., None]) -> Callable[..., None]:
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


def say(written: Written) -> None:
    """Say what went in and what was left over, and where the file is."""
    for sentence in written.sentences:
        typer.echo(sentence)
    typer.echo(f"Wrote {len(written.table):,} rows to {written.path}")


def show(table: pd.DataFrame, out: Path | None, *, most: int = 20) -> None:
    """Print the first rows of a table, and write it whole where a file is named."""
    from data import exchange

    if len(table):
        typer.echo(table.head(most).to_string(index=False))
    if len(table) > most:
        typer.echo(f"... and {len(table) - most:,} more rows")
    if out is not None:
        exchange.write_table(table, out, index=False)
        typer.echo(f"Wrote {out}")


def place_folder(place: str) -> Path:
    """Return the folder of a place; the demo place is built the first time it is asked for."""
    if place != DEMO or Path(place).is_dir():
        return Path(place).absolute()
    from data import demo as demo_place

    with spinner("Building the fictional demo place (once)"):
        return demo_place.cached()


def title_of(name: str, *, fictional: bool) -> str:
    """Name a place, and say so where it is fictional."""
    return f"{name} (a fictional place)" if fictional else name


@contextmanager
def spinner(title: str) -> Iterator[None]:
    """Show on standard error that one thing is being done."""
    with progress_bar() as progress:
        progress(title, 0, 1)
        yield


@contextmanager
def progress_bar() -> Iterator[Progress]:
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
