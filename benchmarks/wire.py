"""Counts bytes on their way from a server to a browser, as they travel.

In: the address of a server on this machine. Out: another address that leads to it, and a count of
all bytes that came back through it. A browser reports messages as they are after decompression;
this reports what a network would carry.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Any


class Wire:
    """A way to a server that counts; use it in a `with`."""

    def __init__(self, address: str) -> None:
        host, port = address.removeprefix("http://").split(":")
        self.server = (host, int(port))
        self.received = 0
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def __enter__(self) -> Wire:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.create_connection(self.server)
            for source, sink, counted in ((near, far, False), (far, near, True)):
                pump = threading.Thread(target=self._pump, args=(source, sink, counted))
                pump.daemon = True
                pump.start()

    def _pump(self, source: socket.socket, sink: socket.socket, counted: bool) -> None:
        with contextlib.suppress(OSError):
            while part := source.recv(65536):
                if counted:
                    with self.lock:
                        self.received += len(part)
                sink.sendall(part)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)
