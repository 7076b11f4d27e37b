"""One address before several server processes, in which every browser stays with its own.

In: a listening socket and the ports of the processes behind it, all on this machine. Out: the same
bytes, both ways.

One process of Python works on one core. A page lives in the process that holds its session, and so
does what it hands out for download; a browser must therefore find its way back. The process tells
it a number in a cookie (`COOKIE`), and the first request of each connection shows it here. Who
brings none goes where the fewest connections are open. A connection is one browser's: a proxy in
front of this one must not send several through the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket

COOKIE = "commonground_process"
VARIABLE = "COMMONGROUND_PROCESS"  # the number of a process, in its environment
SHOWN = re.compile(rb"\r\ncookie:[^\r\n]*\b" + COOKIE.encode() + rb"=(\d{1,3})\b", re.IGNORECASE)
MONITOR = re.compile(rb"GET /metrics[ ?]")
LONGEST_HEAD = 64 * 1024
HEAD_WITHIN_S = 20.0
AT_ONCE = 64 * 1024
LOOPBACK = "127.0.0.1"


class Front:
    """Sends connections on to processes by their numbers, 0 and up.

    Parameters
    ----------
    processes
        How many there are.

    Attributes
    ----------
    ports
        Where each listens on this machine; None while it is not there.
    open
        How many connections each holds.
    """

    def __init__(self, processes: int) -> None:
        self.ports: list[int | None] = [None] * processes
        self.open = [0] * processes

    async def run(self, listener: socket.socket) -> None:
        """Serve until cancelled."""
        front = await asyncio.start_server(self.connection, sock=listener, limit=LONGEST_HEAD)
        async with front:
            await front.serve_forever()

    async def connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read the head of a connection's first request, choose a process and join the two."""
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), HEAD_WITHIN_S)
            if MONITOR.match(head):
                await self._tell(writer)
            else:
                await self._join(head, reader, writer)
        except asyncio.LimitOverrunError:
            await _say(writer, "431 Request Header Fields Too Large", "The request is too long.")
        except (asyncio.IncompleteReadError, TimeoutError, OSError):
            pass  # the browser went away, or never said what it wants
        finally:
            writer.close()

    def choose(self, head: bytes) -> int | None:
        """Return the number of a process for a request; None while there is none."""
        there = [number for number, port in enumerate(self.ports) if port is not None]
        shown = SHOWN.search(head)
        if shown and int(shown[1]) in there:
            return int(shown[1])
        return min(there, key=lambda number: self.open[number], default=None)

    async def _join(
        self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        number = self.choose(head)
        try:
            if number is None:
                raise ConnectionRefusedError
            its_reader, its_writer = await asyncio.open_connection(LOOPBACK, self.ports[number])
        except OSError:
            await _say(writer, "503 Service Unavailable", "The server is starting. Try again.")
            return
        self.open[number] += 1
        try:
            its_writer.write(head)
            await asyncio.gather(_pipe(reader, its_writer), _pipe(its_reader, writer, last=True))
        finally:
            its_writer.close()
            self.open[number] -= 1

    async def _tell(self, writer: asyncio.StreamWriter) -> None:
        """Print the figures of every process, each row with its number."""
        there = [(n, port) for n, port in enumerate(self.ports) if port is not None]
        said = await asyncio.gather(*(_ask(port, "/metrics") for _, port in there))
        text = merged({n: body for (n, _), body in zip(there, said, strict=True)})
        await _say(writer, "200 OK", text, "text/plain; version=0.0.4")


def merged(said: dict[int, str]) -> str:
    """Return one text of figures for a monitor from those of each process, labelled by number."""
    families: dict[str, list[str]] = {}
    for number, text in said.items():
        name = ""
        for line in text.splitlines():
            if line.startswith("# HELP "):
                name = line.split()[2]
                families.setdefault(name, [line])
            elif line.startswith("#"):
                if line not in families.setdefault(name, []):
                    families[name].append(line)
            elif line:
                key, _, value = line.rpartition(" ")
                called, _, labels = key.partition("{")
                inside = f",{labels}" if labels else "}"
                families.setdefault(name, []).append(
                    f'{called}{{process="{number}"{inside} {value}'
                )
    return "".join(f"{line}\n" for lines in families.values() for line in lines)


async def _pipe(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, last: bool = False
) -> None:
    """Carry bytes until one side ends; with `last`, nothing is to come the other way then."""
    with contextlib.suppress(OSError):
        while data := await reader.read(AT_ONCE):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    if last:
        writer.close()


async def _ask(port: int, path: str) -> str:
    """Return the body of a short answer of one process; nothing if it does not answer."""
    try:
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
        try:
            writer.write(f"GET {path} HTTP/1.0\r\nHost: {LOOPBACK}\r\n\r\n".encode())
            answer = await asyncio.wait_for(reader.read(-1), HEAD_WITHIN_S)
        finally:
            writer.close()
    except (OSError, TimeoutError):
        return ""
    head, _, body = answer.partition(b"\r\n\r\n")
    return body.decode() if head.split(b" ")[1:2] == [b"200"] else ""


async def _say(
    writer: asyncio.StreamWriter, status: str, text: str, kind: str = "text/plain"
) -> None:
    """Answer by ourselves and end the connection."""
    body = text.encode()
    head = (
        f"HTTP/1.1 {status}",
        f"Content-Type: {kind}; charset=utf-8",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'",
        "X-Content-Type-Options: nosniff",
        "X-Frame-Options: DENY",
        "Referrer-Policy: no-referrer",
        "Connection: close",
    )
    writer.write("\r\n".join(head).encode() + b"\r\n\r\n" + body)
    with contextlib.suppress(OSError):
        await writer.drain()
