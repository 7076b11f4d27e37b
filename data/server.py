"""The server behind `commonground serve`, without anything of the pages.

In: an address and a port. Out: the application `app:app`, served until it is told to stop.
"""

from __future__ import annotations

import ipaddress
import logging
import os
import socket
import sys
from collections.abc import Callable

import uvicorn

from data.errors import PortNotFree


def listen(host: str, port: int) -> socket.socket:
    """Bind the port before anything heavy is loaded, so that a taken one is said at once."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Only where the protocol is named does asyncio turn off that small answers wait for others.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name != "nt":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise PortNotFree(f"{host}:{port}", detail=error.strerror or str(error)) from None
    return listener


def serve(listener: socket.socket, ready: Callable[[], None]) -> bool:
    """Serve until told to stop; False if the application did not start."""

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets=sockets)
            # Streamlit gives uvicorn's logs a handler of its own: a page would print 140 lines,
            # and each visitor two more.
            logging.getLogger("uvicorn.access").disabled = True
            logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
            if self.started:
                ready()

    # Every message is sent whole; compressed, a third to two thirds of its bytes travel.
    settings = uvicorn.Config(
        "app:app", log_level="warning", access_log=False, ws_per_message_deflate=True
    )
    server = Server(settings)
    server.run(sockets=[listener])
    return bool(server.started)


def is_this_machine(host: str) -> bool:
    """Say whether an address can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def can_show_a_browser() -> bool:
    """Say whether there is a screen to open a browser on."""
    if sys.platform in ("darwin", "win32"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
