"""Folders that appear whole or not at all.

In: the folder somebody asked for. Out: a draft beside it that takes its name once it is complete;
after a fault nothing half-written is left.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from data.errors import OutputExists, UnusableFolder


@contextmanager
def whole(folder: Path, *, replaceable: Callable[[Path], bool] = lambda _: False) -> Iterator[Path]:
    """Yield a draft folder and give it the name `folder` when the block ends without an error.

    A folder that is not there or empty is taken. One with content is replaced if `replaceable`
    says so of it, and refused otherwise, before anything is computed.

    Raises
    ------
    OutputExists
        The folder holds something that must not be replaced.
    UnusableFolder
        It is a file, or cannot be written.
    """
    folder = Path(folder).absolute()
    check(folder, replaceable=replaceable)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
        draft.chmod(0o755)
    except OSError as error:
        raise UnusableFolder(str(folder), detail=str(error)) from error
    try:
        yield draft
        check(folder, replaceable=replaceable)
        _swap(draft, folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def check(folder: Path, *, replaceable: Callable[[Path], bool] = lambda _: False) -> None:
    """Refuse a folder whose content must not be replaced."""
    if folder.exists() and not folder.is_dir():
        raise UnusableFolder(str(folder), detail="it is a file")
    if not folder.is_dir():
        return
    names = sorted(path.name for path in folder.iterdir())
    if names and not replaceable(folder):
        raise OutputExists(str(folder), found=names)


def _swap(draft: Path, folder: Path) -> None:
    """Put the draft in the folder's place; the old content goes only when the new one stands."""
    old = draft.with_name(draft.name + ".old")
    if folder.exists():
        folder.rename(old)
    try:
        draft.rename(folder)
    except OSError:
        if old.exists():
            old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
