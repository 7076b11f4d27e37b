"""One address before several processes: who goes where, and what is carried."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest

from data import front
from data.front import COOKIE, Front, merged

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def named(name: str) -> Answer:
    """Return a process that answers every request with its name and what it was asked."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(f"{name}:".encode() + head.split(b"\r\n")[0])
        writer.write_eof()
        await reader.read()
        writer.close()

    return answer


async def ask(port: int, *lines: str) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write("\r\n".join(["GET / HTTP/1.1", *lines, "", ""]).encode())
    said = await asyncio.wait_for(reader.read(), 20)
    writer.close()
    return said


async def cut_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer nothing and end."""
    await reader.readuntil(b"\r\n\r\n")
    writer.close()


@contextmanager
def a_listener() -> Iterator[tuple[socket.socket, int]]:
    """Bind a port at which nobody answers yet."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        yield listener, listener.getsockname()[1]


@asynccontextmanager
async def fronted(*answers: Answer) -> AsyncIterator[tuple[Front, int]]:
    """Put a front before processes that answer so; yield it and its port."""
    processes = [await asyncio.start_server(answer, "127.0.0.1", 0) for answer in answers]
    before = Front(len(processes))
    before.ports = [process.sockets[0].getsockname()[1] for process in processes]
    with a_listener() as (listener, port):
        listener.listen()
        serving = asyncio.create_task(before.run(listener))
        try:
            yield before, port
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
            for process in processes:
                process.close()
    for _ in range(200):  # until every connection has been let go of
        if len(asyncio.all_tasks()) == 1:
            break
        await asyncio.sleep(0.02)
    assert before.open == [0] * len(processes)


def served(names: str, questions: Callable[[Front, int], Awaitable[None]]) -> None:
    """Put a front before processes of these names and ask."""

    async def main() -> None:
        async with fronted(*map(named, names)) as (before, port):
            await questions(before, port)

    asyncio.run(main())


def test_a_browser_comes_back_to_the_process_that_its_cookie_names() -> None:
    async def questions(_: Front, port: int) -> None:
        for number, name in enumerate("abc"):
            for shown in (f"Cookie: {COOKIE}={number}", f"cookie: x=1; {COOKIE}={number}; y=2"):
                assert await ask(port, "Host: here", shown) == f"{name}:GET / HTTP/1.1".encode()

    served("abc", questions)


@pytest.mark.parametrize(
    "shown",
    ["Accept: */*", f"Cookie: {COOKIE}=7", f"Cookie: {COOKIE}=x", f"X: {COOKIE}=1",
     f"Cookie: {COOKIE}=99999999"],
)  # fmt: skip
def test_who_shows_no_process_that_there_is_goes_where_fewest_are(shown: str) -> None:
    async def questions(before: Front, port: int) -> None:
        before.open = [3, 1, 2]
        assert (await ask(port, shown)).startswith(b"b:")
        before.ports[1] = None
        assert (await ask(port, shown)).startswith(b"c:")
        assert before.open == [3, 1, 2]
        before.open = [0, 0, 0]

    served("abc", questions)


def test_while_no_process_is_there_the_visitor_is_told_to_try_again() -> None:
    async def questions(before: Front, port: int) -> None:
        before.ports = [None]
        assert (await ask(port)).startswith(b"HTTP/1.1 503 ")
        with a_listener() as (_, nobody):
            before.ports = [nobody]
            assert (await ask(port)).startswith(b"HTTP/1.1 503 ")
        assert before.open == [0]

    served("a", questions)


def test_a_head_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front, "HEAD_WITHIN_S", 0.2)

    async def questions(_: Front, port: int) -> None:
        assert (await ask(port, "X: " + "x" * 70_000)).startswith(b"HTTP/1.1 431 ")
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\n")  # and no more
        assert await asyncio.wait_for(reader.read(), 20) == b""
        writer.close()

    served("a", questions)


def test_bytes_go_both_ways_as_they_are_until_either_side_ends() -> None:
    whole = bytes(range(256)) * 4_000

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1_000):
            writer.write(data)
            await writer.drain()
        writer.close()

    async def main() -> None:
        async with fronted(echo, cut_off) as (before, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            head = f"GET / HTTP/1.1\r\nCookie: {COOKIE}=0\r\n\r\n".encode()
            reading = asyncio.create_task(reader.readexactly(len(head + whole)))
            writer.write(head + whole)
            assert await asyncio.wait_for(reading, 20) == head + whole
            assert before.open == [1, 0]
            writer.write_eof()
            assert await asyncio.wait_for(reader.read(), 20) == b""
            writer.close()
            # Where the process ends, the browser is told, though it says no more itself.
            assert await ask(port, f"Cookie: {COOKIE}=1") == b""

    asyncio.run(main())


def test_a_monitor_sees_the_figures_of_every_process_with_its_number() -> None:
    def figures(count: int) -> Answer:
        rows = ["# HELP answers Some.", "# TYPE answers counter", f'answers{{part="x"}} {count}']
        body = "\n".join([*rows, "# HELP up Here.", "up 1", ""])

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"GET /metrics HTTP/1.0")
            writer.write(f"HTTP/1.1 200 OK\r\n\r\n{body}".encode())
            writer.close()

        return answer

    async def main() -> None:
        async with fronted(figures(5), figures(7), cut_off) as (before, port):
            before.ports.append(None)
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /metrics HTTP/1.1\r\nHost: here\r\n\r\n")
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")
            writer.close()
            assert head.startswith(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4")
            assert body.decode().splitlines() == [
                "# HELP answers Some.",
                "# TYPE answers counter",
                'answers{process="0",part="x"} 5',
                'answers{process="1",part="x"} 7',
                "# HELP up Here.",
                'up{process="0"} 1',
                'up{process="1"} 1',
            ]

    asyncio.run(main())


def test_figures_of_nobody_are_nothing() -> None:
    assert merged({}) == ""
    assert merged({0: ""}) == ""
