"""Many answers at once: one thread runs the model, and each of its passes takes in tokens of all that are in
flight.

    a job: line -> read, in parts -> writes, in the same passes as the others -> done, stopped or failed

Reading costs the same alone or together, while a pass that writes costs little more for sixteen than for one
(docs/log/performance.md). So prompts are read one after another, in parts that are small while others write,
and whoever is read writes in every pass, whatever else is read in it. Jobs leave between passes. The thread
lives as long as there is something to do.
"""

from __future__ import annotations

import atexit
import threading
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.blocks import Blocks, Held
from engine.jobs import Job
from engine.passes import Part, PassModel, Taken
from engine.prefix_cache import Disk
from errors import GeneratorError


@dataclass(eq=False, slots=True)
class _Flight:
    job: Job
    held: Held
    ids: list[int]
    """What goes into this pass."""

    @property
    def unread(self) -> int:
        return max(0, len(self.job.prompt) - len(self.held.tokens))

    def took(self, ids: Sequence[int]) -> None:
        """Its blocks hold these tokens too; for all layers, where the job is ``deep``."""
        self.held.tokens += ids
        if self.job.deep:
            self.held.deep = len(self.held.tokens)


class Batch:
    """Runs jobs on the model, at most ``most`` that write at once; the others wait in line.

    Args:
        keep: bytes of keys and values that are kept for prompts that begin alike.
        told: makes of an engine's error what a job's reader is told.
        disk: where what was read is kept besides; None: nowhere.
    """

    def __init__(
        self,
        model: PassModel,
        most: int,
        keep: int,
        told: Callable[[Exception], Exception],
        disk: Disk | None = None,
    ) -> None:
        self._model = model
        self._most = most
        self._told = told
        self._disk = disk
        self._blocks = Blocks(model, keep // model.block_bytes, disk)
        self._lock = threading.Lock()
        self._line: deque[Job] = deque()
        self._flying: list[_Flight] = []
        self._running = False
        self._thread: threading.Thread | None = None
        self._closing = False
        _open.add(self)

    def submit(self, job: Job) -> None:
        """Stand in line; one that writes nothing stands before those that do, while what it goes on from is
        still kept, and behind those that came before it."""
        with self._lock:
            first = len(self._line) if job.room else sum(not waits.room for waits in self._line)
            self._line.insert(first, job)
            if self._running:
                return
            self._running = True
            self._thread = threading.Thread(target=self._run, name="wenju-batch", daemon=True)
        self._thread.start()

    def known(self, prompt: Sequence[int]) -> int:
        """How many tokens of the prompt would not have to be read just now."""
        return self._blocks.known(prompt)

    @property
    def full(self) -> bool:
        """Whether nothing more should be read ahead: there is no place to keep it."""
        return self._disk is None or self._disk.kept.full

    def close(self) -> None:
        """Stop everybody, and wait for the pass under way (5 s at most)."""
        self._closing = True
        if thread := self._thread:
            thread.join(5)

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._line and not self._flying:
                    self._blocks.rest()
                    self._running = False
                    if self._disk:
                        self._disk.quiet.set()
                    return
            try:
                self._leave()
                if self._disk:
                    self._disk.quiet.clear()
                if flights := self._plan():
                    self._pass(flights)
            except Exception as error:
                self._fail(error)

    def _fail(self, error: Exception) -> None:
        """What the blocks hold now is unknown: everybody in flight fails, and who comes next begins
        afresh."""
        failed, self._flying = self._flying, []
        self._blocks.forget()
        for flight in failed:
            flight.job.end(self._told(error))

    def _leave(self) -> None:
        """Let those go for whom nobody waits any more."""
        with self._lock:
            gone = [job for job in self._line if job.stopped or self._closing]
            self._line = deque(job for job in self._line if job not in gone)
        for job in gone:
            job.end()
        for flight in [flight for flight in self._flying if flight.job.stopped or self._closing]:
            self._land(flight)
            flight.job.end()

    def _plan(self) -> list[_Flight]:
        """Who takes part in the next pass, each with the tokens that it takes in."""
        sizes = self._model.sizes
        writing = [flight for flight in self._flying if not flight.unread]
        for flight in writing:
            flight.ids = flight.job.next(max(0, sizes.rows // len(writing) - 1))
        budget = sizes.read_beside if writing else sizes.read_alone
        reading: list[_Flight] = []
        while budget and (unread := self._next_to_read(len(reading))):
            done = len(unread.held.tokens)
            long = not reading and unread.unread > 2 * budget
            most = budget // 2 if long and self._others() else budget
            unread.ids = unread.job.prompt[done : done + _share(unread.unread, most)]
            budget -= len(unread.ids)
            reading.append(unread)
        return writing + reading

    def _others(self) -> bool:
        """Whether somebody would like to be read beside the first, so that a long text must not take the
        whole pass."""
        with self._lock:
            free = self._line and (not self._line[0].room or len(self._flying) < self._most)
        return bool(free) or sum(flight.unread > 0 for flight in self._flying) > 1

    def _next_to_read(self, number: int) -> _Flight | None:
        """The flight that is read as the ``number``-th of this pass; one from the line where there is
        room."""
        reading = [flight for flight in self._flying if flight.unread]
        if number < len(reading):
            return reading[number]
        with self._lock:
            if not self._line or (self._line[0].room and len(self._flying) >= self._most):
                return None
            job = self._line[0]
            held = self._blocks.take(job.prompt, job.room, job.marks[0] if job.marks else None)
            if held is None and self._flying:
                return None
            self._line.popleft()
        if held is None:
            job.end(GeneratorError.named("prompt_no_room", found=len(job.prompt)))
            return self._next_to_read(number)
        flight = _Flight(job, held, [])
        self._flying.append(flight)
        return flight

    def _pass(self, flights: list[_Flight]) -> None:
        parts = []
        for flight in flights:
            keep = len(flight.ids) if not flight.unread else int(len(flight.ids) == flight.unread)
            done = len(flight.held.tokens)
            deep = flight.held.deep if flight.job.deep else None
            parts.append(Part(flight.ids, done, flight.held.table, keep, _marks(flight, keep), deep))
        for flight, result in zip(flights, self._model.forward(parts), strict=True):
            self._tell(flight, result)

    def _tell(self, flight: _Flight, taken: Taken) -> None:
        """Hand the logits to the job; take note of what its blocks hold now."""
        read = flight.unread
        if read:
            if marks := _marks(flight, int(len(flight.ids) == read)):
                flight.job.marked(taken.marked(len(marks)))
            flight.took(flight.ids)
            if flight.unread:
                return
            if wanted := flight.job.wanted:
                flight.job.seen(self._model.between(flight.held.table, *wanted))
        try:
            right = flight.job.took(taken.logits, taken.state() if read else None)
        except Exception as error:  # one job's own failure is not the others'
            self._land(flight)
            flight.job.end(self._told(error))
            return
        if not read:
            flight.took(flight.ids[: 1 + (right or 0)])
        if right is None:
            self._land(flight)

    def _land(self, flight: _Flight) -> None:
        self._flying.remove(flight)
        self._blocks.give_back(flight.held, flight.job.lasting)


def _marks(flight: _Flight, keep: int) -> list[int]:
    """The places in this pass's tokens after which the job wants to be told, before the last ``keep``."""
    if not flight.unread:
        return []
    done = len(flight.held.tokens)
    return [mark - 1 - done for mark in flight.job.marks if done < mark <= done + len(flight.ids) - keep]


_open: weakref.WeakSet[Batch] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    """A thread that is inside the engine when the interpreter ends takes the process down with it."""
    for batch in list(_open):
        batch.close()


def _share(unread: int, budget: int) -> int:
    """So many of the unread tokens in this pass: equal parts, since a small rest costs a pass of its own."""
    passes = -(-unread // budget)
    return -(-unread // passes)
