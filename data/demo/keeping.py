"""Where the demo place is put: into a folder of choice, or once into the home folder.

In: a folder, a seed. Out: the folder, in which the place appears whole or not at all. The
generator itself is imported only when something has to be built.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path

from data import folders
from data.errors import UnusableFolder
from data.home import home
from data.settings import FILE

SEED = 20260
GENERATOR = 8  # raised whenever the same seed gives another place


def build(folder: str | Path, *, seed: int = SEED) -> Path:
    """Build the demo place in a folder and return the folder.

    Parameters
    ----------
    folder
        A folder that is empty or not there yet, or holds an earlier demo place.
    seed
        The same seed gives the same place; another one gives another place of the same kind.

    Raises
    ------
    OutputExists
        The folder holds something else.
    UnusableFolder
        It is a file, or cannot be written.
    """
    target = Path(folder)
    folders.check(target, replaceable=_is_demo)
    from data.demo import builder

    world = builder.invent(seed)
    with folders.whole(target, replaceable=_is_demo) as draft:
        builder.write(world, draft, seed=seed)
    return target


def cached(*, seed: int = SEED) -> Path:
    """Return the demo place in the home folder, built the first time it is asked for.

    Two processes that ask at once may both build; the first to finish wins and the other takes
    what it finds, which is the same.

    Raises
    ------
    UnusableFolder
        The home folder cannot be written.
    """
    target = home() / "demo" / f"{GENERATOR}-{seed}"
    if (target / FILE).is_file():
        return target
    from data.demo import builder

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}-"))
        draft.chmod(0o755)
    except OSError as error:
        raise UnusableFolder(str(target), detail=str(error)) from error
    try:
        builder.write(builder.invent(seed), draft, seed=seed)
        with contextlib.suppress(OSError):  # a full folder is never replaced: the other won
            draft.rename(target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    if not (target / FILE).is_file():
        raise UnusableFolder(str(target), detail="the demo place could not be put there")
    return target


def _is_demo(folder: Path) -> bool:
    """Say whether a folder holds a demo place that may be replaced."""
    toml = folder / FILE
    return toml.is_file() and "demo generator of Common Ground" in toml.read_text(encoding="utf-8")
