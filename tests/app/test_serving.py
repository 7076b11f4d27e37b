"""What a browser gets before a page runs: answers from memory, and the front page's script."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from typing import Any

import pytest

from pages.shared import serving

FOR_EVER = [(b"cache-control", b"public, max-age=9, immutable"), (b"x-made", b"here")]


class Files:
    """An application that serves what it is told, in two pieces, and counts how often."""

    def __init__(self, body: bytes, headers: Any = FOR_EVER, status: int = 200) -> None:
        self.body, self.headers, self.status, self.asked = body, headers, status, 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked += 1
        head = {"type": "http.response.start", "status": self.status, "headers": self.headers}
        await send(head)
        half = len(self.body) // 2
        await send({"type": "http.response.body", "body": self.body[:half], "more_body": True})
        await send({"type": "http.response.body", "body": self.body[half:]})


def ask(app: Any, path: str = "/a.js", method: str = "GET", query: bytes = b"",
        headers: Any = ()) -> tuple[int, dict[bytes, bytes], bytes]:  # fmt: skip
    """Ask an application as a server would."""
    heard: list[Any] = []

    async def send(message: Any) -> None:
        heard.append(message)

    scope = {"type": "http", "method": method, "path": path, "query_string": query,
             "headers": list(headers)}  # fmt: skip
    asyncio.run(app(scope, None, send))
    body = b"".join(part["body"] for part in heard[1:])
    return heard[0]["status"], dict(heard[0]["headers"]), body


def test_a_file_that_never_changes_is_read_once_and_given_as_it_was() -> None:
    files = Files(b"some script")
    kept = serving.Kept(files)
    first, second = ask(kept), ask(kept)
    assert first == second == (200, dict(FOR_EVER), b"some script")
    assert files.asked == 1


@pytest.mark.parametrize(
    "other",
    [
        {"path": "/b.js"},
        {"query": b"v=2"},
        {"method": "HEAD"},
        {"headers": [(b"range", b"bytes=0-3")]},
        {"headers": [(b"if-none-match", b'"x"')]},
        {"headers": [(b"accept-encoding", b"gzip, br")]},
    ],
)
def test_another_address_part_or_coding_is_not_taken_for_the_same(other: dict[str, Any]) -> None:
    files = Files(b"some script")
    kept = serving.Kept(files)
    ask(kept)
    ask(kept, **other)
    assert files.asked == 2


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([(b"cache-control", b"no-cache")], 200),
        ([], 200),
        (FOR_EVER, 404),
        ([*FOR_EVER, (b"set-cookie", b"who=me")], 200),
    ],
)
def test_what_may_change_or_is_for_one_visitor_is_asked_for_each_time(
    headers: Any, status: int
) -> None:
    files = Files(b"a page", headers, status)
    kept = serving.Kept(files)
    assert [ask(kept)[2], ask(kept)[2]] == [b"a page", b"a page"]
    assert files.asked == 2


GZIP = [(b"accept-encoding", b"gzip, br")]
SCRIPT = [*FOR_EVER, (b"content-type", b"text/javascript; charset=utf-8"), (b"etag", b'"one"')]


def test_who_reads_compressed_scripts_gets_them_so_from_the_second_time_on() -> None:
    files = Files(b"let a = 1;\n" * 500, [*SCRIPT, (b"content-length", b"5500")])
    kept = serving.Kept(files)
    assert ask(kept, headers=GZIP)[2] == files.body
    status, headers, body = ask(kept, headers=GZIP)
    assert status == 200
    assert gzip.decompress(body) == files.body
    assert len(body) < len(files.body) / 10
    assert headers[b"content-encoding"] == b"gzip"
    assert headers[b"content-length"] == str(len(body)).encode()
    assert headers[b"vary"] == b"Accept-Encoding"
    assert headers[b"etag"] == b'W/"one"'
    assert headers[b"cache-control"] == FOR_EVER[0][1]
    ask(kept)
    plain = ask(kept)  # another browser does not
    assert plain[2] == files.body
    assert b"content-encoding" not in plain[1]
    assert files.asked == 2


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"short", SCRIPT),
        (b"a picture" * 500, [*FOR_EVER, (b"content-type", b"image/png")]),
        (b"packed by others" * 500, [*SCRIPT, (b"content-encoding", b"br")]),
        (b"nobody knows what" * 500, FOR_EVER),
    ],
)
def test_what_would_gain_nothing_is_given_as_it_was(body: bytes, headers: Any) -> None:
    kept = serving.Kept(Files(body, headers))
    assert ask(kept, headers=GZIP) == ask(kept, headers=GZIP) == (200, dict(headers), body)


def test_the_memory_is_bounded_and_the_file_asked_for_last_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(serving, "MOST_BYTES", 25)
    monkeypatch.setattr(serving, "LARGEST", 10)
    files = Files(b"0123456789")
    kept = serving.Kept(files)
    for path in ("/1", "/2", "/1", "/3"):
        ask(kept, path)
    assert files.asked == 3
    assert kept.size == 20
    ask(kept, "/1")
    assert files.asked == 3
    ask(kept, "/2")
    assert files.asked == 4
    files.body = b"01234567890"
    assert [ask(kept, "/4")[2], ask(kept, "/4")[2]] == [files.body, files.body]
    assert files.asked == 6


def test_the_front_page_is_streamlits_with_one_script_and_one_rule_more(server: Any) -> None:
    whole = server.get("/elsewhere")[2].decode()
    ours = re.compile(
        r"<script>window\.__streamlit=.*?</script><style>\[data-testid=\"stSkeleton\"\]\{.*?</style>"
    )
    assert not ours.search(whole)
    for path in ("/", "/map", "/area", "/budget", "/account"):
        status, headers, body = server.get(path)
        assert status == 200
        assert headers["cache-control"] == "no-cache"
        assert headers["content-type"].startswith("text/html")
        assert ours.sub("", body.decode(), count=1) == whole


def test_what_the_front_page_is_told_is_what_the_server_would_answer(server: Any) -> None:
    told = re.search(r"HOST_CONFIG:(\{.*?\})\}", server.get("/map")[2].decode())
    assert told is not None
    answered = json.loads(server.get("/_stcore/host-config")[2])
    assert json.loads(told[1]).items() <= answered.items()
