"""The door for scripts: the command `commonground`.

In: folders and options. Out: files, and on standard output what went in, what came out and what
was left over; progress and errors go to standard error. A fault of the input ends a command with
exit code 1 and a sentence that says what to do, never with a traceback.

Heavy imports stand inside the commands, so that `--help` answers at once.
"""

from __future__ import annotations

import functools
import os
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from data.run import Progress

DEMO = "demo"
ROOT = Path(__file__).resolve().parent

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
    from data import settings

    folder = _place_folder(place)
    chosen = settings.read(folder).place
    listener = _listen(host, port)
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
        if browser and _can_show_a_browser():
            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()

    if not _run_server(listener, ready):
        raise typer.Exit(3)


def _listen(host: str, port: int) -> socket.socket:
    """Bind the port before anything heavy is loaded, so that a taken one is said at once."""
    from data.errors import PortNotFree

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    try:
        if os.name != "nt":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise PortNotFree(f"{host}:{port}", detail=error.strerror or str(error)) from None
    return listener


def _run_server(listener: socket.socket, ready: Callable[[], None]) -> bool:
    """Serve until told to stop; False if the application did not start."""
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets=sockets)
            if self.started:
                ready()

    # Streamlit keeps messages uncompressed: on one machine compressing costs more than it saves.
    settings = uvicorn.Config(
        "app:app", log_level="warning", access_log=False, ws_per_message_deflate=False
    )
    server = Server(settings)
    server.run(sockets=[listener])
    return bool(server.started)


def _can_show_a_browser() -> bool:
    if sys.platform in ("darwin", "win32"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


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
