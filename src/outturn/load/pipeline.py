"""Runs a document's blocks through two workers in order, with a bounded number in flight."""

from __future__ import annotations

import gc
import sys
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from queue import SimpleQueue

from outturn.load.blocks import Block
from outturn.load.worker import BlockResult, Numbering, Worker

WORKERS = 2
IN_FLIGHT = 3
# How long a thread keeps Python's lock while others want it. DuckDB, calamine and the connection
# want it for moments only, and at Python's own 5 ms would wait for it most of their time.
TURN_SECONDS = 0.0003


@contextmanager
def undisturbed() -> Iterator[None]:
    """For a load: threads that work for each other take short turns, and no cycles are sought.

    Rows are millions of objects of which none is part of a cycle; each is freed as it is done with.
    """
    usual, was_enabled = sys.getswitchinterval(), gc.isenabled()
    sys.setswitchinterval(TURN_SECONDS)
    gc.disable()
    try:
        yield
    finally:
        sys.setswitchinterval(usual)
        if was_enabled:
            gc.enable()


def results(
    blocks: Iterator[Block], make_worker: Callable[[int], Worker], before: int
) -> Iterator[BlockResult]:
    """The blocks' outcomes in the file's order. `before` records were read from earlier documents.

    Two engines keep two cores busy while PostgreSQL takes what is done; DuckDB and the
    connection both work without Python's lock.
    """
    with _workers(make_worker) as idle, ThreadPoolExecutor(WORKERS) as pool:
        waiting: deque[Future[BlockResult]] = deque()
        numbering = Numbering(_known(before), Future())
        for block in blocks:
            waiting.append(pool.submit(_work, idle, block, numbering))
            numbering = Numbering(numbering.after, Future())
            if len(waiting) >= IN_FLIGHT:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _work(idle: SimpleQueue[Worker], block: Block, numbering: Numbering) -> BlockResult:
    worker = idle.get()
    try:
        return worker.work(block, numbering)
    finally:
        idle.put(worker)


@contextmanager
def _workers(make_worker: Callable[[int], Worker]) -> Iterator[SimpleQueue[Worker]]:
    idle: SimpleQueue[Worker] = SimpleQueue()
    made = [make_worker(number) for number in range(WORKERS)]
    for worker in made:
        idle.put(worker)
    try:
        yield idle
    finally:
        for worker in made:
            worker.close()


def _known(value: int) -> Future[int]:
    future: Future[int] = Future()
    future.set_result(value)
    return future
