"""What a browser needs before a page runs: files that never change, and where to connect.

In: requests that Streamlit or our own routes answer. Out: the same answers. Files whose address
changes with their content are answered from memory: Streamlit reads each anew, in pieces, with a
thread a piece, and of the ninety that a first visit asks for that takes a third of a second. And
the front page says where its server is, which a browser else finds out by two rounds of trials.
"""

from __future__ import annotations

import gzip
import json
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import streamlit as st
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config

MOST_BYTES = 64_000_000  # of all kept answers; those asked for last stay
LARGEST = 8_000_000  # of one
TEXTS = {b"application/javascript", b"text/javascript", b"text/css", b"application/json"}
LEAST_PACKED = 1_000  # bytes; below that the headers weigh more
PARTLY = {b"range", b"if-range", b"if-none-match", b"if-modified-since"}  # asks for no whole file
BEFORE = "<head>"
# What stands for a part that is still to come would pulse at sixty pictures a second: on a small
# machine they take from the time in which the part itself would come.
STILL = '[data-testid="stSkeleton"]{animation:none !important}'
PAGES = ("/", "/area", "/map", "/budget", "/account")


@dataclass
class Answer:
    """An answer as it was given: its headers and its body."""

    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    whole: bool = False  # all of it came, and it may be kept
    parts: list[bytes] = field(default_factory=list)
    lasting: bool = False

    def hear(self, message: Message) -> None:
        """Take down the next part of an answer, if it is one that never changes."""
        if message["type"] == "http.response.start":
            self.headers = list(message.get("headers", ()))
            named = {name.lower(): value for name, value in self.headers}
            self.lasting = message["status"] == 200 and b"set-cookie" not in named
            self.lasting &= b"immutable" in named.get(b"cache-control", b"")
        elif self.lasting and message["type"] == "http.response.body":
            self.parts.append(message.get("body", b""))
            self.lasting = sum(map(len, self.parts)) <= LARGEST
            if self.lasting and not message.get("more_body", False):
                self.body, self.whole = b"".join(self.parts), True
                self.parts.clear()
        else:
            self.lasting = False

    def pack(self) -> None:
        """Compress the body of a text, if nobody has: scripts travel at a third of their size."""
        named = {name.lower(): value for name, value in self.headers}
        kind = named.get(b"content-type", b"").split(b";")[0].strip()
        if b"content-encoding" in named or kind not in TEXTS or len(self.body) < LEAST_PACKED:
            return
        self.body = gzip.compress(self.body, compresslevel=6, mtime=0)
        mine = {b"content-length", b"accept-ranges", b"etag", b"vary"}
        kept = [(name, value) for name, value in self.headers if name.lower() not in mine]
        told = {b"content-encoding": b"gzip", b"content-length": str(len(self.body)).encode()}
        # A tag names one form of a file; this form is no longer that which the tag was given to.
        told[b"vary"] = b"Accept-Encoding"
        if tag := named.get(b"etag"):
            told[b"etag"] = b"W/" + tag.removeprefix(b"W/")
        self.headers = kept + list(told.items())

    async def give(self, send: Send) -> None:
        """Give the answer once more."""
        await send({"type": "http.response.start", "status": 200, "headers": list(self.headers)})
        await send({"type": "http.response.body", "body": self.body})


class Kept:
    """Answers from memory what never changes, and lets everything else pass."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.answers: OrderedDict[tuple[str, bytes, bool], Answer] = OrderedDict()
        self.size = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = dict(scope.get("headers", ()))
        if scope["type"] != "http" or scope["method"] != "GET" or PARTLY & asked.keys():
            await self.app(scope, receive, send)
            return
        packed = b"gzip" in asked.get(b"accept-encoding", b"")
        about = (scope["path"], scope.get("query_string", b""), packed)
        if about in self.answers:
            self.answers.move_to_end(about)
            await self.answers[about].give(send)
            return
        answer = Answer()

        async def listening(message: Message) -> None:
            answer.hear(message)
            await send(message)

        await self.app(scope, receive, listening)
        if answer.whole and about not in self.answers:  # two browsers may have asked at once
            if packed:
                answer.pack()
            self.keep(about, answer)

    def keep(self, about: tuple[str, bytes, bool], answer: Answer) -> None:
        """Keep an answer, and drop those that nobody asked for the longest."""
        self.answers[about] = answer
        self.size += len(answer.body)
        while self.size > MOST_BYTES:
            self.size -= len(self.answers.popitem(last=False)[1].body)


def connecting() -> str:
    """Return the script that tells the front page where its server is: where it came from itself.

    Without it Streamlit's front page tries whether a server answers below the page's own address,
    then above it, with two requests each, before it opens its connection. What the server answers
    there about other sites is said here; the page asks for it once more while it connects.
    """
    told = {
        "allowedOrigins": list(config.get_option("client.allowedOrigins")),
        "useExternalAuthToken": False,
    }
    written = json.dumps(told).replace("<", "\\u003c")
    return (
        f'window.__streamlit={{BACKEND_BASE_URL:new URL(".",location).href,HOST_CONFIG:{written}}}'
    )


@cache
def front_page() -> str:
    """Return Streamlit's front page with `connecting` and `STILL` in it."""
    page = (Path(st.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    ours = f"<script>{connecting()}</script><style>{STILL}</style>"
    return page.replace(BEFORE, BEFORE + ours, 1)


async def front(request: Request) -> Response:
    """Serve the front page, with which every page begins."""
    return HTMLResponse(front_page(), headers={"Cache-Control": "no-cache"})
