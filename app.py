"""The door for people: the Streamlit application with its routes, headers and start-up.

In: HTTP requests on one machine. Out: the pages (`pages/menu.py`), open shapes, our own scripts
and Leaflet from its package, the state of health, and figures for a monitor. Nothing that is a
figure of a place leaves by a route of its own: values, drawings and budgets travel only inside a
session.

`streamlit run app.py` finds `app` by itself; `commonground serve` runs the same. The place to open
comes from `COMMONGROUND_PLACE` (a folder), or is the fictional demo place.
"""

from __future__ import annotations

import base64
import gc
import hashlib
import importlib
import logging
import os
import pkgutil
import re
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import streamlit as st
import xstatic.pkg.leaflet as leaflet
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from data import front
from pages.shared import acts, scripts, serving, theme

log = logging.getLogger("commonground")
HERE = Path(__file__).resolve().parent
FOR_EVER = "public, max-age=31536000, immutable"
PLACE_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,80}")
PAGES = [page.strip("/") for page in serving.PAGES]
MAPPED = ("map", "budget", "area")  # pages with a live map
TOLD = ("area", "account")  # pages that tell of an area
SHAPE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,80}-[0-9a-f]{12}\.json")

STARTED = time.time()
COUNTS: Counter[tuple[str, str]] = Counter()  # (part of the site, status) -> answers
STATE: dict[str, Any] = {"place": "", "place_ready": False, "sessions": 0, "script_errors": 0}


def installed_version() -> str:
    """Return the version of the installed package, or "unknown" in a bare checkout."""
    try:
        return version("common-ground")
    except PackageNotFoundError:
        return "unknown"


# -- routes --------------------------------------------------------------------------------------


class Scripts(StaticFiles):
    """Static files that a browser keeps for ever when their address carries a hash (`?v=...`)."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        named = b"v=" in scope.get("query_string", b"")
        response.headers["Cache-Control"] = FOR_EVER if named else "no-cache"
        return response


async def shapes(request: Request) -> Response:
    """Serve one prepared shape file of a place; its name carries its hash.

    Only a file that lies in the place's own folder of prepared shapes is served. Both parts of the
    address must look like names, so that no path leads out of that folder.
    """
    from pages.shared import cache

    kept_as, name = request.path_params["place"], request.path_params["name"]
    if not PLACE_NAME.fullmatch(kept_as) or not SHAPE_NAME.fullmatch(name):
        raise HTTPException(404)
    folder = cache.shapes_folder(kept_as).resolve()
    file = (folder / name).resolve()
    if file.parent != folder or not file.is_file():
        raise HTTPException(404)
    return FileResponse(file, media_type="application/json", headers={"Cache-Control": FOR_EVER})


async def health(request: Request) -> Response:
    """Say that the server answers and whether the place it opens with could be read."""
    body = {
        "status": "ok",
        "version": installed_version(),
        "place": STATE["place"],
        "place_ready": STATE["place_ready"],
        "uptime_seconds": round(time.time() - STARTED),
    }
    return JSONResponse(body, headers={"Cache-Control": "no-store"})


async def metrics(request: Request) -> Response:
    """Print counts in the text format that Prometheus reads (version 0.0.4)."""
    lines: list[str] = []

    def family(name: str, kind: str, help_: str, rows: dict[str, float]) -> None:
        lines.extend([f"# HELP {name} {help_}", f"# TYPE {name} {kind}"])
        lines.extend(f"{name}{labels} {value:g}" for labels, value in rows.items())

    family(
        "commonground_info", "gauge", "Always 1; the label is the version.",
        {f'{{version="{installed_version()}"}}': 1},
    )  # fmt: skip
    family("commonground_uptime_seconds", "gauge", "Seconds since the start.",
           {"": time.time() - STARTED})  # fmt: skip
    family("commonground_place_ready", "gauge", "1 when the opening place was read.",
           {"": float(STATE["place_ready"])})  # fmt: skip
    family("commonground_sessions", "gauge", "Browsers connected now.", {"": STATE["sessions"]})
    family("commonground_script_errors_total", "counter", "Page runs that ended in an error.",
           {"": STATE["script_errors"]})  # fmt: skip
    family("commonground_responses_total", "counter", "Answers by part of the site and status.",
           {f'{{part="{part}",status="{status}"}}': count
            for (part, status), count in sorted(COUNTS.items())})  # fmt: skip
    if (resident := resident_bytes()) is not None:
        family("process_resident_memory_bytes", "gauge", "Memory in use.", {"": resident})
    return PlainTextResponse(
        "\n".join(lines) + "\n",
        media_type="text/plain; version=0.0.4",
        headers={"Cache-Control": "no-store"},
    )


async def start(request: Request) -> Response:
    """Lead whoever types the first page's name to its address, with what stands behind it."""
    asked = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"/{asked}", status_code=308)


def resident_bytes() -> int | None:
    """Return the memory this process holds, where the system says so (Linux)."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


# -- headers -------------------------------------------------------------------------------------


def content_security_policy() -> str:
    """Return the policy: this server and nothing else.

    Streamlit needs three exceptions: styles written by its own scripts (`unsafe-inline` for
    styles), component scripts started from blobs, and the inline scripts of its front page, which
    are allowed by their hashes and not in general.
    """
    inline = re.findall(r"<script>(.*?)</script>", serving.front_page(), flags=re.S)
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for text in inline
    )
    return "; ".join(
        [
            "default-src 'self'",
            f"script-src 'self' blob: {hashes}".strip(),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ]
    )


class Guard:
    """Adds the security headers to every answer and counts answers and open sessions."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.headers = [
            (b"content-security-policy", content_security_policy().encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"x-frame-options", b"DENY"),
            (b"referrer-policy", b"no-referrer"),
            (b"cross-origin-opener-policy", b"same-origin"),
            (b"cross-origin-resource-policy", b"same-origin"),
            (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=()"),
        ]
        self.names = {name for name, _ in self.headers}
        needed = {page: scripts.preload(mapped=page in MAPPED, told=page in TOLD) for page in PAGES}
        self.links = {page: (b"link", link.encode()) for page, link in needed.items()}
        # Several processes serve one address: a browser is told which of them holds its pages.
        self.process = os.environ.get(front.VARIABLE, "")
        told = f"{front.COOKIE}={self.process}; Path=/; HttpOnly; SameSite=Lax"
        self.told = (b"set-cookie", told.encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self.session(scope, receive, send)
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        # A closed set of parts: an address made up by a visitor must not become a new counter.
        first = scope["path"].strip("/").partition("/")[0]
        part = first if first in {"health", "metrics", "shapes", "local", "_stcore"} else "pages"

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                COUNTS[part, str(message["status"])] += 1
                kept = [h for h in message.get("headers", []) if h[0].lower() not in self.names]
                mine = [*self.headers, self.links[first]] if first in PAGES else self.headers
                if self.process and part == "pages":
                    mine = [*mine, self.told]
                message = {**message, "headers": [*kept, *mine]}
            await send(message)

        await self.app(scope, receive, guarded)

    async def session(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count a browser's connection for as long as it lasts."""
        STATE["sessions"] += 1
        try:
            await self.app(scope, receive, send)
        finally:
            STATE["sessions"] -= 1


# -- start-up ------------------------------------------------------------------------------------


def note_script_error(error: Exception) -> None:
    """Count and log what a page did not catch; the visitor sees a sentence, not the details."""
    STATE["script_errors"] += 1
    log.error("a page run ended in an error", exc_info=error)


def warm_up() -> None:
    """Do once what would make the first visitor wait: imports, the place, its shapes."""
    import altair  # noqa: F401
    import geopandas  # noqa: F401
    import pyarrow  # noqa: F401
    import scipy.sparse  # noqa: F401

    from geo.errors import CommonGroundError
    from pages import shared
    from pages.shared import cache

    # What is loaded before `gc.freeze` is never looked at again; what the first visitor loads is,
    # after every run of a page: 18 milliseconds of 100.
    for module in pkgutil.iter_modules(shared.__path__):
        importlib.import_module(f"{shared.__name__}.{module.name}")
    try:
        STATE["place"] = cache.warm()
        STATE["place_ready"] = True
    except CommonGroundError as error:
        # The server still starts: the page names every fault of the place to whoever opens it.
        log.error("the place could not be opened: %s", error)


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[dict[str, Any]]:
    """Warm up, then take everything loaded so far out of the garbage collector's rounds.

    With the geographic libraries loaded one round costs 113 ms. What is frozen here is never looked
    at again; and Streamlit's own round after every run of a page, which looks at all that the pages
    keep, is turned off in config.toml. The second round tells Python how little is left, so that it
    starts the next when that has grown by a quarter, and not when all libraries have. While they
    load nothing is garbage: rounds meanwhile would take an eighth of the start.
    """
    gc.disable()
    try:
        warm_up()
    finally:
        gc.enable()
    gc.collect()
    gc.freeze()
    gc.collect()
    yield {"version": installed_version()}


acts.keep_whole()
theme.compose_once()
app = st.App(
    HERE / "pages" / "menu.py",
    lifespan=lifespan,
    on_script_error=note_script_error,
    middleware=[Middleware(Guard), Middleware(serving.Kept)],
    routes=[
        *(Route(page, serving.front) for page in serving.PAGES),
        Route("/start", start),
        Route("/health", health),
        Route("/metrics", metrics),
        Route("/shapes/{place}/{name}", shapes),
        Mount("/local/leaflet", Scripts(directory=leaflet.BASE_DIR)),
        Mount("/local/js", Scripts(directory=scripts.JS)),
    ],
)
