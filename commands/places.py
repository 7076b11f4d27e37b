"""Commands for a whole place: build the demo place, run a place, open it in the browser.

In: the folder of a place package. Out: a folder of results, or pages served on this machine.
"""

from __future__ import annotations

import getpass
import os
import threading
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from commands.common import DEMO, place_folder, progress_bar, reports_faults, spinner, title_of

ROOT = Path(__file__).resolve().parent.parent

commands = typer.Typer()


@commands.command()
@reports_faults
def demo(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="New folder, or an earlier demo.")],
    seed: Annotated[int | None, typer.Option(help="Another seed gives another place.")] = None,
) -> None:
    """Write the place package of the fictional demo place to DIR."""
    from data import demo as demo_place

    options = {} if seed is None else {"seed": seed}
    with spinner("Building the fictional demo place"):
        built = demo_place.build(folder, **options)
    typer.echo(f"Wrote the fictional demo place to {built}")


@commands.command()
@reports_faults
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
    prices: Annotated[
        str | None, typer.Option(help="Year in whose prices the lines are shown too, like 2022-23.")
    ] = None,
) -> None:
    """Go the whole way for PLACE and write index, ledger, levels, crosswalks, map and manifest."""
    from data import folders
    from data import place as places
    from data import run as runs
    from data.write import is_earlier_run

    folders.check(out, replaceable=is_earlier_run)
    folder = place_folder(place)
    with progress_bar() as progress:
        progress("reading the place", 0, 1)
        loaded = places.load(folder)
        result = runs.run(
            loaded,
            need_weight=need_weight,
            neediest_per_head=neediest_per_head,
            progress=progress,
        )
        progress("writing", 0, 1)
        written = runs.write(result, out, prices_of=prices)
    typer.echo(title_of(loaded.name, fictional=loaded.fictional))
    for step in result.steps:
        if step.kind != "level":
            typer.echo(step.sentence)
    if prices is not None:
        from budgets.prices import in_prices_of

        for sentence in in_prices_of(result.ledger.streams, prices)[1]:
            typer.echo(sentence)
    files = sum(1 for path in written.rglob("*") if path.is_file())
    typer.echo(f"Wrote {files} files to {written}")
    for step in result.steps:
        if step.kind == "level":
            typer.echo(step.sentence)


@commands.command()
@reports_faults
def serve(
    place: Annotated[str, typer.Argument(help="Folder of a place package, or `demo`.")] = DEMO,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 8501,
    browser: Annotated[bool, typer.Option(help="Open a browser when the pages are ready.")] = True,
    user: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            envvar="COMMONGROUND_USER",
            help="Who sits at this machine: what they type is kept under this name.",
        ),
    ] = "",
    role: Annotated[
        str,
        typer.Option(
            help="What they are in PLACE: viewer, forum, board, commissioner or steward. Without "
            "it they are what `store appoint` made them; without --user it is the user of this "
            "machine."
        ),
    ] = "",
    processes: Annotated[
        int,
        typer.Option(
            min=1,
            max=64,
            help="Server processes: one for each core that many visitors should share. Each reads "
            "the place for itself.",
        ),
    ] = 1,
) -> None:
    """Open the pages on PLACE in a browser on this machine."""
    from data import processes as group
    from data import server, settings, staffing

    folder = place_folder(place)
    chosen = settings.read(folder).place
    user = user.strip() or (getpass.getuser() if role else "")
    seated = f"{user} is " if user else ""
    if user:
        seated += staffing.seat(chosen.id, chosen.name, person=user, role=role, host=host)
    listener = server.listen(host, port)
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{listener.getsockname()[1]}"
    # The application reads these when it is imported, and Streamlit its config.toml from the
    # working folder.
    os.environ["COMMONGROUND_PLACE"] = str(folder)
    os.environ["COMMONGROUND_USER"] = user
    os.environ["STREAMLIT_SERVER_ADDRESS"] = host
    os.environ["STREAMLIT_SERVER_PORT"] = str(listener.getsockname()[1])
    os.chdir(ROOT)
    title = title_of(chosen.name, fictional=chosen.fictional)

    def ready() -> None:
        typer.echo(f"{title} is open at {address} (Ctrl+C ends it)")
        if seated:
            typer.echo(seated)
        if browser and server.can_show_a_browser():
            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()

    started = (
        server.serve(listener, ready) if processes == 1 else group.serve(listener, processes, ready)
    )
    if not started:
        raise typer.Exit(3)
