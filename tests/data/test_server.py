"""The port of `commonground serve`: bound before anything is loaded, quick with small answers."""

from __future__ import annotations

import asyncio
import socket

import pytest

from data.errors import PortNotFree
from data.server import listen


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_small_answers_do_not_wait_for_others(host: str) -> None:
    """Else a second small packet stays until the first is confirmed: up to 40 ms on Linux."""

    async def told_to_wait() -> bool:
        found = asyncio.get_running_loop().create_future()

        async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            its_own = writer.get_extra_info("socket")
            found.set_result(its_own.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 0)
            writer.close()

        listener = listen(host, 0)
        async with await asyncio.start_server(answer, sock=listener):
            _, writer = await asyncio.open_connection(host, listener.getsockname()[1])
            waits: bool = await asyncio.wait_for(found, 20)
            writer.close()
        return waits

    try:
        waits = asyncio.run(told_to_wait())
    except (PortNotFree, OSError) as error:
        if host == "127.0.0.1":
            raise
        pytest.skip(f"this machine has no {host}: {error}")
    assert not waits


def test_a_taken_port_is_said_with_its_address() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortNotFree, match=f"127.0.0.1:{port}"):
            listen("127.0.0.1", port)
