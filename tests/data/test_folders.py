"""A folder appears whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from data import errors, folders


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_folder_appears_when_it_is_complete(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    with folders.whole(out) as draft:
        (draft / "a.txt").write_text("a")
        assert not out.exists()
    assert names(out) == ["a.txt"]
    assert names(out.parent) == ["out"]


def test_after_a_fault_nothing_is_left(tmp_path: Path) -> None:
    def fails() -> None:
        with folders.whole(tmp_path / "out") as draft:
            (draft / "a.txt").write_text("a")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    assert names(tmp_path) == []


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with folders.whole(tmp_path / "out") as draft:
        (draft / "a.txt").write_text("a")
    assert names(tmp_path / "out") == ["a.txt"]


def test_content_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(errors.OutputExists) as caught, folders.whole(tmp_path):
        pytest.fail("the block must not begin")
    assert caught.value.found == ("mine.txt",)


def test_content_that_appears_meanwhile_is_refused_too(tmp_path: Path) -> None:
    out = tmp_path / "out"

    def somebody_else_writes() -> None:
        with folders.whole(out):
            out.mkdir()
            (out / "mine.txt").write_text("mine")

    with pytest.raises(errors.OutputExists):
        somebody_else_writes()
    assert names(out) == ["mine.txt"]
    assert names(tmp_path) == ["out"]


def test_replaceable_content_is_replaced_whole(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "old.txt").write_text("old")
    with folders.whole(out, replaceable=lambda _: True) as draft:
        (draft / "new.txt").write_text("new")
    assert names(out) == ["new.txt"]
    assert names(tmp_path) == ["out"]


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("file")
    with pytest.raises(errors.UnusableFolder), folders.whole(tmp_path / "out"):
        pytest.fail("the block must not begin")
