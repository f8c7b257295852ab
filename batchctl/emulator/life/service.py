"""The floor that everything alive stands on: the store, the runs on nodes, the timers, and who is woken.

What a woken record does next is handed in (`settle`): nothing above is known here. All records live on the event
loop's thread, and so do the runs; what takes long in them has threads.
"""

import asyncio
import contextlib
import itertools
import logging
import math
import os
import shutil
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from batchctl.emulator.clock import Clock, Timer
from batchctl.emulator.faults import Faults
from batchctl.emulator.identity.tokens import Tokens
from batchctl.emulator.last_requests import LastRequests
from batchctl.emulator.life.kept import Kept
from batchctl.emulator.node import processes, strays
from batchctl.emulator.node.outcome import Ended, KillReason, Outcome
from batchctl.emulator.node.run import Order, Run
from batchctl.emulator.node.tree import remove_tree
from batchctl.emulator.node.wine import Wine
from batchctl.emulator.records import Job, Node, Pool, Schedule, Task
from batchctl.emulator.settings import Settings
from batchctl.emulator.store import Store
from batchctl.emulator.visitors import Visitors

# A thread is for what waits: downloads, uploads, images. Of more tasks than this at once, some wait for a thread.
MOST_THREADS = 256
Done = Callable[[Ended], None]
Spawned = Callable[[Run, int, float], None]
Samples = deque[tuple[float, dict[str, float]]]
"""What a pool's variables were, and when."""
_WRITE_AFTER = 0.02  # seconds: ends that come together are one transaction, and a kill loses no more than these
_SWEEP_AFTER = 0.05  # seconds: one look at /proc serves all tasks that ended meanwhile
_END_WITHIN = 5.0  # seconds: a killed process takes milliseconds, what uploads its files goes on to their end
_DIES_WITHIN = 0.005  # seconds that an orphan takes, mostly
_LAST_SWEEPS = 20  # a second in all; an orphan that cannot die is left to init
YOUNG = 5.0
"""Seconds for which a run is waited for after its begin, before the clock is set ahead."""
_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Company:
    """The nodes of a multi-instance task that runs, the primary's first, and how their commands go.

    `why`: the task is to end.
    """

    nodes: list[Node]
    runs: list[Run] = field(default_factory=list)
    working: int = 0
    why: KillReason | None = None
    failed: Outcome | None = None


class Service:
    """`url` is where tasks find the account. `wake` tells that a record may have to go on, `settle` takes it there."""

    def __init__(
        self, settings: Settings, clock: Clock, url: str, settle: "Callable[[Service, Pool | Job | Schedule], None]"
    ) -> None:
        self.settings, self.clock, self.url, self._settle = settings, clock, url, settle
        self.store = Store(settings.home / "batch.sqlite", clock)
        self.runs: dict[object, Run] = {}
        self.kept = Kept(self.store.has_task)
        self.companies: dict[Task, Company] = {}
        self.samples: dict[str, Samples] = {}
        self.timers: dict[object, Timer] = {}
        self.tokens = Tokens(settings.identity_key or settings.home / "identity.pem")
        self.requests, self.visitors = LastRequests(), Visitors()
        self.clock.ahead = self.store.notes.get("clock", {"ahead": clock.ahead})["ahead"]
        self.advancing = asyncio.Lock()
        self._wine = Wine(settings.home, settings.search_path)
        self._booting: set[Path] = set()
        self.faults = self._faults_of_before()
        self.active = time.monotonic()
        self._woken: dict[Pool | Job | Schedule, None] = {}
        self._writing: asyncio.TimerHandle | None = None
        self._sweeping: asyncio.TimerHandle | None = None
        self._adopts = False
        self._trash, self._discarded = settings.home / "trash", itertools.count()
        self._threads = ThreadPoolExecutor(MOST_THREADS, thread_name_prefix="run")
        self._going: dict[asyncio.Task[Outcome], Run] = {}
        self._unheard: dict[asyncio.Task[Outcome], Run] = {}
        self._stopping = False

    def start(self) -> None:
        """Takes hold of the loop and the home; what an earlier run left is for `recovery` to take up."""
        self._loop = asyncio.get_running_loop()
        processes.keep_descriptors()
        shutil.rmtree(self._trash, ignore_errors=True)
        self._trash.mkdir()
        self._adopts = self.settings.adopts and strays.adopt_orphans()

    def _faults_of_before(self) -> Faults:
        """Those of the last run; a time scale that this start names counts for more than its."""
        faults = Faults(changed=self._keep_faults)
        if kept := self.store.notes.get("faults"):
            faults.take_up(kept)
        if self.settings.time_scale is not None:
            faults.scale = self.settings.time_scale
        return faults

    def _keep_faults(self) -> None:
        self.store.note("faults", self.faults.kept())
        self.save_soon()

    async def stop(self) -> None:
        """Kills the runs, waits for their ends and writes the store; the next start requeues their tasks."""
        self._stopping = True  # first: the ends that come now are told to nobody, and their tasks stay `running`
        for run in list(self.runs.values()):
            run.kill(KillReason.STOP)
        await asyncio.gather(*self._going, *self._unheard)
        # What coordination commands left behind is no run any more, and is ended by itself.
        for company in self.companies.values():
            for run in company.runs:
                run.end()
        await asyncio.to_thread(self._threads.shutdown, True)
        for timer in self.timers.values():
            timer.cancel()
        for handle in (self._writing, self._sweeping):
            if handle:
                handle.cancel()
        for _ in range(_LAST_SWEEPS if self._adopts else 0):
            if not strays.end_orphans((), ()):
                break
            await asyncio.sleep(_SWEEP_AFTER)
        if self._wine.ran:
            await asyncio.to_thread(strays.end_strays, self.settings.home, ())  # else it ends some seconds later
        self.store.close()

    def empty(self) -> None:
        """The account as it was when it was new. Runs are killed, of their ends nobody is told."""
        for run in self._going.values():
            run.kill(KillReason.DELETE)
        for company in self.companies.values():
            for run in company.runs:
                run.end()
        self._unheard |= self._going
        for timer in self.timers.values():
            timer.cancel()
        for held in (self._going, self.runs, self.kept, self.companies, self.samples, self.timers, self._woken):
            held.clear()
        self.clock.set_back()
        self.faults.clear()
        self.faults.set_scale(self.settings.time_scale or 0.0)
        self.store.clear()
        self.discard(self.settings.home / "nodes")
        self.active = time.monotonic()

    async def runs_ended(self) -> None:
        """Returns when the runs of an account that was emptied have ended, or do not end in time."""
        if self._unheard:
            await asyncio.wait(self._unheard, timeout=_END_WITHIN)
        for _ in range(_LAST_SWEEPS if self._adopts else 0):
            if not self._sweep():  # what left its group is an orphan by now
                break
            await asyncio.sleep(_DIES_WITHIN)

    def wake(self, *records: Pool | Job | Schedule | None) -> None:
        """Settles these records soon, once."""
        # Soon and not at once: whoever wakes may not have finished its changes, and many wakes are one look.
        if not self._woken and not self._stopping:
            self._loop.call_soon(self._settle_woken)
        self._woken.update((record, None) for record in records if record is not None)

    def run(self, owner: object, order: Order, done: Done, spawned: Spawned | None = None) -> Run:
        """Runs an order for `owner`, and tells the loop of its process and its end; a stopping service is not told."""
        if order.fresh and os.path.lexists(order.directory):
            self.discard(order.directory)
        run = Run(order, self._threads, spawned)
        # A task can spoil its directory for its next try, which fails then by itself.
        with contextlib.suppress(OSError):
            run.make_ready()
        self.runs[owner] = run
        self.active = time.monotonic()
        going = self._loop.create_task(run.go())
        self._going[going] = run  # the loop holds its tasks weakly
        going.add_done_callback(partial(self._finished, owner, run, done))
        return run

    def runs_of(self, node: Node) -> list[Run]:
        """The runs on a node that are not tasks: its start task, preparations and releases."""
        return [
            run for owner, run in self.runs.items() if owner is node or (isinstance(owner, tuple) and owner[0] is node)
        ]

    def save_soon(self) -> None:
        """Writes the store within some milliseconds."""
        if self._writing is None and not self._stopping:
            self._writing = self._loop.call_later(_WRITE_AFTER, self.flush)

    def flush(self) -> None:
        """Writes the store now."""
        if self._writing:
            self._writing.cancel()
            self._writing = None
        self.store.flush()

    def discard(self, path: Path) -> None:
        """Takes a directory away at once and deletes it in its own time."""
        aside = self._trash / str(next(self._discarded))
        try:
            path.rename(aside)  # the path is free for the next run at once, however much lies in it
        except FileNotFoundError:
            return
        # A thread of its own: a large tree would keep one from the runs, and the service does not stop for it.
        threading.Thread(target=remove_tree, args=(aside,), name="discard", daemon=True).start()

    def aside(self, work: Callable[[], None]) -> None:
        """Does something that may take long and that nobody waits for."""
        self._threads.submit(work).add_done_callback(_log_failure)

    def boot_windows(self, root: Path, done: Callable[[str], None]) -> None:
        """Makes Windows ready for the node at `root`, and tells the loop why it cannot run or nothing; of a node that
        is at it already, who asked first. In a thread of its own, for whose end no stop waits."""
        if root in self._booting:
            return
        self._booting.add(root)

        def tell(answer: str) -> None:
            self._booting.discard(root)
            if not self._stopping:
                done(answer)

        def go() -> None:
            answer = self._wine.boot(root)
            with contextlib.suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(tell, answer)

        threading.Thread(target=go, name="windows", daemon=True).start()

    def timer(self, owner: object, seconds: float, call: Callable[[], None]) -> None:
        """The one timer of an owner; an earlier one is forgotten."""
        self.cancel(owner)

        def due() -> None:
            self.timers.pop(owner, None)
            call()

        self.timers[owner] = self.clock.later(seconds, due)

    def waits(
        self,
        record: Pool | Node | Job | Schedule,
        step: str,
        since: float,
        call: Callable[[], None],
        glimpse: float | None = None,
    ) -> bool:
        """Whether a step that began at `since` goes on; if so, `call` comes when it is over.

        `glimpse`: the seconds that it lasts at least, however fast the service is; else what the settings say.
        """
        least = self.settings.glimpse if glimpse is None else glimpse
        left = since + self.faults.seconds(step, least) - self.clock.now()
        self.cancel((record, step))
        if 0 < left < math.inf:
            self.timer((record, step), left, call)
        return left > 0

    async def come_to_rest(self, until: float) -> None:
        """Returns when nothing is to be done at once, and no run has just begun or is being ended; those are waited
        for until `until`, by the monotonic clock of this machine."""
        while not self._stopping:
            for _ in range(3):  # who waited for a moment that has come goes on in the turns after it
                await asyncio.sleep(0)
            now = time.monotonic()
            soon = [going for going, run in self._going.items() if run.killed or now - run.begun < YOUNG]
            if self._woken:
                continue
            if not soon or now >= until:
                return
            await asyncio.wait(soon, timeout=min(until - now, YOUNG / 10), return_when=asyncio.FIRST_COMPLETED)

    def keep_time(self) -> None:
        """Notes how far the clock is ahead, for the next start."""
        self.store.note("clock", {"ahead": self.clock.ahead})
        self.save_soon()

    def cancel(self, owner: object) -> None:
        """Forgets the owner's timer."""
        if timer := self.timers.pop(owner, None):
            timer.cancel()

    def _finished(self, owner: object, run: Run, done: Done, going: "asyncio.Task[Outcome]") -> None:
        heard = self._going.pop(going, None) is not None
        self._unheard.pop(going, None)
        if self._stopping:
            return
        self._sweep_soon()
        if not heard:
            return
        self.active = time.monotonic()
        if self.runs.get(owner) is run:  # else the owner's next run has taken its place
            del self.runs[owner]
        done(Ended(going.result(), run.killed))
        self.save_soon()

    def _sweep_soon(self) -> None:
        """Ends what tasks left outside of their group: not once a task, and when they have become orphans."""
        if self._adopts and self._sweeping is None and not self._stopping:
            self._sweeping = self._loop.call_later(_SWEEP_AFTER, self._sweep)

    def _sweep(self) -> bool:
        """Whether some are left."""
        if self._sweeping:
            self._sweeping.cancel()
            self._sweeping = None
        # Coordination commands that are kept have ended as runs, and are in the companies alone.
        runs = [*self.runs.values(), *(run for company in self.companies.values() for run in company.runs)]
        # Their leaders must not be reaped here: whoever waits for them wants the exit code.
        leaders = {run.pid for run in (*runs, *self._unheard.values()) if run.pid is not None}
        left = strays.end_orphans(leaders, {str(run.order.directory) for run in runs})
        if left:
            self._sweep_soon()
        return left

    def _settle_woken(self) -> None:
        """Settles woken records until none is left. They are looked at as they are, not by what happened to them."""
        while self._woken and not self._stopping:
            record = next(iter(self._woken))
            del self._woken[record]  # before it is settled: what it wakes while it settles is looked at again
            self._settle(self, record)
        self.save_soon()


def _log_failure(future: "Future[None]") -> None:
    if error := future.exception():
        _log.warning("work aside failed: %s", error)
