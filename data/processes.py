"""Several server processes behind one address: started, watched and ended together.

In: a listening socket and how many processes. Out: the application served by all of them, each
browser by one (`data.front`). A process that ends by itself is started anew; its visitors connect
again, and what they typed is in the store.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import multiprocessing
import os
import secrets
import signal
import socket
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from data import server
from data.front import LOOPBACK, VARIABLE, Front

log = logging.getLogger("commonground")
# Fork would copy threads' locks as they happen to be.
context = multiprocessing.get_context("spawn")
PAUSE_S = 1.0  # before a process that ended is started anew
END_WITHIN_S = 10.0


def serve(listener: socket.socket, processes: int, ready: Callable[[], None]) -> bool:
    """Serve by several processes until told to stop; False if the application did not start."""
    # What one process signs another must be able to read: a browser may come to both in its life.
    os.environ.setdefault("STREAMLIT_SERVER_COOKIE_SECRET", secrets.token_hex(32))
    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        return asyncio.run(Group(processes).run(listener, ready))
    return True


class Group:
    """The processes of one address."""

    def __init__(self, processes: int) -> None:
        self.front = Front(processes)
        self.running: dict[int, BaseProcess] = {}
        self.held: dict[int, Connection] = {}
        self.ending = False

    async def run(self, listener: socket.socket, ready: Callable[[], None]) -> bool:
        """Start all, then serve; False as soon as one of them cannot start."""
        numbers = range(len(self.front.ports))
        mine = asyncio.current_task()
        if mine is not None and os.name != "nt":
            # Not by way of a pressed key: what runs in the background is often deaf to that.
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, mine.cancel)
        try:
            if not all(await asyncio.gather(*(self.start(number) for number in numbers))):
                return False
            ready()
            await asyncio.gather(self.front.run(listener), *(self.watch(n) for n in numbers))
        finally:
            self.end()
        return True

    async def start(self, number: int) -> bool:
        """Start one process and wait until it serves; False if it ends before."""
        ours, its = context.Pipe()
        process = context.Process(target=work, args=(number, its), name=f"commonground {number}")
        process.start()
        its.close()
        self.running[number], self.held[number] = process, ours
        try:
            self.front.ports[number] = await asyncio.to_thread(ours.recv)
        except (EOFError, OSError):
            return False
        return True

    async def watch(self, number: int) -> None:
        """Start a process anew whenever it has ended."""
        while not self.ending:
            process = self.running[number]
            await asyncio.to_thread(process.join)
            if self.ending:
                return
            self.front.ports[number] = None
            log.error("server process %s ended (%s); it is started anew", number, process.exitcode)
            self.held[number].close()
            await asyncio.sleep(PAUSE_S)
            await self.start(number)

    def end(self) -> None:
        """End all processes."""
        self.ending = True
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            process.join(END_WITHIN_S)
            if process.is_alive():
                process.kill()
                process.join()


def work(number: int, pipe: Connection) -> None:
    """Serve on a port of one's own, which the pipe is told, while the process in front lives."""
    os.environ[VARIABLE] = str(number)
    # A key pressed in the terminal reaches every process; the one in front decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    listener = server.listen(LOOPBACK, 0)
    port = listener.getsockname()[1]

    def until_alone() -> None:
        with contextlib.suppress(EOFError, OSError):
            pipe.recv()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=until_alone, daemon=True).start()
    server.serve(listener, lambda: pipe.send(port))
