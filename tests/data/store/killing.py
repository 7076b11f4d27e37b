"""Saves that are killed, and writers that race, in processes that start by a fork.

In: an address, what to do, how often. Out: what was found, as JSON on standard output. This
process imports the store once and stays single; each of its children saves until SIGKILL.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import event

from data.store import Store
from data.store_errors import StaleVersion

PLACE, SCENARIO, PERSON = "ely", "care", "Cat"
# Where inside the transaction of a save a process is killed: around each of its statements, before
# the commit, and after the commit but before anybody was told.
STATEMENTS = (
    "BEGIN",
    "INSERT INTO versions",
    "INSERT INTO marks",
    "DELETE FROM drafts",
    "INSERT INTO audit",
    "COMMIT",
)
POINTS = tuple(f"{when} {what}" for what in STATEMENTS for when in ("before", "after"))


def text_of(number: int) -> str:
    """Return the text of a version: known from its number, of one page or of many."""
    return "\n".join(f"{number} {line}" for line in range(1 + number * 7919 % 2500))


def opened(address: str) -> Store:
    """Open the store, taking any text for a document."""
    return Store(address, validate=str)


def die() -> None:
    """End at once, as by a power cut of this process: nothing is closed, nothing is flushed."""
    os.kill(os.getpid(), signal.SIGKILL)


def kill_at(store: Store, point: str) -> None:
    """Have this process killed when its save reaches a point."""
    engine = store._database.engine
    if point == "after COMMIT":  # the database has it, and save has not come back yet
        commits = engine.dialect.do_commit

        def commit_and_die(connection: Any) -> None:
            commits(connection)
            die()

        engine.dialect.do_commit = commit_and_die  # type: ignore[method-assign]
        return
    # PostgreSQL begins without a statement of its own: the lock that comes first stands for it.
    if engine.dialect.name == "postgresql" and point.endswith("BEGIN"):
        point = point.replace("BEGIN", "SELECT pg_advisory_xact_lock")

    def before(*arguments: object) -> None:
        if f"before {arguments[2]}".startswith(point):
            die()

    def after(*arguments: object) -> None:
        if f"after {arguments[2]}".startswith(point):
            die()

    def commit(_: object) -> None:
        if point == "before COMMIT":
            die()

    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "after_cursor_execute", after)
    event.listen(engine, "commit", commit)


def forked(work: Callable[[int], None]) -> tuple[int, int]:
    """Run work in a child with the end of a pipe; return its id and the other end."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    try:
        os.close(reading)
        work(writing)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


def read_all(end: int) -> list[str]:
    """Return the lines that came through a pipe until its other end died."""
    with os.fdopen(end) as pipe:
        return pipe.read().splitlines()


def kill_often(address: str, times: int, seed: int) -> dict[str, object]:
    """Kill saving processes at named points and at random moments; look at the store each time.

    Of a named point it is known whether the version must be there: after the commit only.
    """
    chance = random.Random(seed)
    last, saved, survived = 0, 0, 0
    store = opened(address)
    for turn in range(times):
        point = POINTS[turn // 2 % len(POINTS)] if turn % 2 else ""
        # One in eight of those killed at random dies while it opens.
        mine = None if turn % 16 == 0 else store

        def work(end: int, point: str = point, last: int = last, mine: Store | None = mine) -> None:
            if mine is None:
                mine = opened(address)
            else:  # what was learnt when it was opened comes with the fork; connections do not
                mine._database.engine.dispose(close=False)
            number = last
            while True:
                if point and number > last:
                    kill_at(mine, point)
                text = text_of(number + 1)
                mine.save(PLACE, SCENARIO, text, base_version=number, user=PERSON)
                number += 1
                os.write(end, f"{number}\n".encode())

        child, end = forked(work)
        heard = b""
        if not point:
            # Who does not open dies in the first to third save, or in one soon after it.
            for _ in range(chance.randrange(3) if mine else 0):
                heard += os.read(end, 100)
            time.sleep(chance.uniform(0, 0.02 if mine else 0.05))
            os.kill(child, signal.SIGKILL)
        lines = heard.decode().splitlines() + read_all(end)
        status = os.waitpid(child, 0)[1]
        assert os.WIFSIGNALED(status), f"turn {turn}: the child ended by itself at {point!r}"
        told = int(lines[-1]) if lines else last
        if not store._database.is_sqlite:
            # The server may still be at the commit that the dead process asked for. It holds the
            # writers' lock meanwhile: who gets that lock sees what came of it.
            with store._database.writing():
                pass
        numbers = [v.number for v in store.versions(PLACE, SCENARIO, user=PERSON)]
        assert numbers == list(range(1, len(numbers) + 1)), numbers
        # Whatever was told is there; what was on its way is there whole, or not at all.
        assert told <= len(numbers) <= told + 1, (told, len(numbers))
        assert not point or len(numbers) == told + (point == "after COMMIT"), point
        survived += len(numbers) - told
        for number in numbers[last:]:
            found = store.load(PLACE, SCENARIO, user=PERSON, version=number).text
            assert found == text_of(number), f"version {number} is not what was saved"
        if turn % 25 == 24:
            assert store.check().sound, store.check().faults
        if turn % 8 == 7:  # and somebody who comes afterwards gets in
            store.close()
            store = opened(address)
        saved += len(numbers) - last
        last = len(numbers)
    store.close()
    store = opened(address)
    found = store.check()
    store.close()
    return {
        "killed": times,
        "versions": last,
        "saved": saved,
        "whole_but_untold": survived,
        "faults": found.faults,
    }


def kill_starts(folder: str, times: int, seed: int) -> dict[str, object]:
    """Kill processes while they make a store; whoever comes next must find a whole one, or none."""
    chance = random.Random(seed)
    begun = time.monotonic()
    opened(str(Path(folder, "first.sqlite")))
    takes, halfway = time.monotonic() - begun, 0
    for turn in range(times):
        path = Path(folder, f"{turn}.sqlite")

        def work(_: int, path: Path = path) -> None:
            opened(str(path))
            time.sleep(60)

        child, end = forked(work)
        time.sleep(chance.uniform(0, takes / 2))
        os.kill(child, signal.SIGKILL)
        os.close(end)
        os.waitpid(child, 0)
        journal = path.with_name(path.name + "-journal")
        halfway += journal.exists() or (path.exists() and not path.stat().st_size)
        assert opened(str(path)).check().sound
    return {"killed": times, "halfway": halfway}


def race(address: str, writers: int, turns: int) -> dict[str, object]:
    """Let processes add their lines to one scenario at the same time."""

    def writes(writer: int) -> Callable[[int], None]:
        def work(end: int) -> None:
            store, refused = opened(address), 0
            for turn in range(turns):
                while True:
                    now = store.load(PLACE, SCENARIO, user=PERSON)
                    text = f"{now.text}\n{writer}.{turn}"
                    try:
                        store.save(
                            PLACE, SCENARIO, text, base_version=now.version.number, user=PERSON
                        )
                    except StaleVersion:
                        refused += 1
                        continue
                    break
            os.write(end, f"{refused}\n".encode())
            os._exit(0)

        return work

    children = [forked(writes(writer)) for writer in range(writers)]
    refused = [int(line) for _, end in children for line in read_all(end)]
    ended = [os.waitpid(child, 0)[1] for child, _ in children]
    store = opened(address)
    lines = store.load(PLACE, SCENARIO, user=PERSON).text.splitlines()
    found = store.check()
    store.close()
    return {"ended": ended, "refused": sum(refused), "lines": lines, "faults": found.faults}


if __name__ == "__main__":
    todo, where, *numbers = sys.argv[1:]
    act = {"kill": kill_often, "starts": kill_starts, "race": race}[todo]
    print(json.dumps(act(where, *map(int, numbers))))
