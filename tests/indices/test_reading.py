"""Files of definitions as editors write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from indices.errors import DefinitionUnreadable, UnknownDefinition
from indices.reading import read_toml


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_the_mark_before_utf_8_is_no_part_of_a_file(tmp_path: Path, mark: bytes) -> None:
    path = tmp_path / "made.toml"
    path.write_bytes(mark + 'title = "Nähe"\n'.encode())
    assert read_toml(path) == {"title": "Nähe"}


def test_what_is_no_toml_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "made.toml"
    path.write_text("title = \n")
    with pytest.raises(DefinitionUnreadable, match=r"made\.toml.*line 1"):
        read_toml(path)
    path.write_bytes(b'title = "\xe4"\n')  # Latin-1
    with pytest.raises(DefinitionUnreadable, match=r"utf-8"):
        read_toml(path)


def test_a_file_that_is_not_there_is_named_with_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(UnknownDefinition, match=r"none\.toml.*those there are"):
        read_toml(tmp_path / "none.toml", detail="those there are")
