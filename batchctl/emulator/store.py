"""Every record, in memory for reading and in SQLite (WAL) for the next start. Knows nothing of HTTP or processes.

Changes are gathered and written in one transaction by `flush`; whoever acknowledges a change flushes before.
"""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from batchctl.emulator.clock import Clock
from batchctl.emulator.records import Entity, Job, Json, Node, Pool, Schedule, Task, stored_fields

_FIELDS = {record: stored_fields(record) for record in (Pool, Node, Job, Task, Schedule)}
_STEP = 1e-6  # seconds: what times on the wire can tell apart, and so ETags
_ENCODER = json.JSONEncoder(ensure_ascii=False)
_SCHEMA = """
CREATE TABLE IF NOT EXISTS record (kind TEXT, key TEXT, body TEXT NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS asked (key TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS note (name TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
"""


class Store:
    """The records by lower-case id, and what is not written yet. `notes`: what the service keeps of itself, as JSON."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.pools: dict[str, Pool] = {}
        self.jobs: dict[str, Job] = {}
        self.schedules: dict[str, Schedule] = {}
        self._clock = clock
        self._seq = 0
        self._latest = 0.0
        self._changed: dict[Entity, None] = {}
        self._asked: dict[str, str] = {}
        self._noted: set[str] = set()
        self._dropped: dict[tuple[str, str], None] = {}
        # Transactions are ours (isolation_level=None).
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode=WAL")
        # With WAL: nothing is lost when the process dies, a moment may be when the machine does; and no fsync a flush.
        self._database.execute("PRAGMA synchronous=NORMAL")
        self._database.executescript(_SCHEMA)
        self.notes: Json = {name: json.loads(body) for name, body in self._database.execute("SELECT * FROM note")}
        self._load()

    def add(self, record: Entity) -> None:
        """Takes in a new record: gives it its number, its times and its place."""
        self._seq += 1
        record.seq, record.created = self._seq, self._clock.now()
        record.state_time = record.created
        self._place(record)
        if isinstance(record, Task):
            self._asked[_row_key(record)] = record.asked
        # A record of the same id may have been dropped since the last flush: the row is replaced, not deleted.
        self._dropped.pop((record.kind, _row_key(record)), None)
        self.touch(record)

    def touch(self, record: Entity) -> None:
        """A change that clients see: a new Last-Modified and ETag."""
        self._latest = record.modified = max(self._clock.now(), self._latest + _STEP)
        self._changed[record] = None

    def ask(self, task: Task, asked: str) -> None:
        """Replaces what a task was asked to do."""
        task.asked = self._asked[_row_key(task)] = asked
        self.touch(task)

    def keep(self, record: Entity) -> None:
        """A change that leaves the ETag alone."""
        self._changed[record] = None

    def note(self, name: str, value: Json) -> None:
        """Keeps something of the service itself in the place of what was kept under that name."""
        self.notes[name] = value
        self._noted.add(name)

    def has_task(self, task: Task) -> bool:
        """Whether it is there: it was not deleted, and is no earlier one of the same id."""
        job = self.jobs.get(task.job.lower())
        return job is not None and job.tasks.get(task.key) is task

    def drop(self, record: Entity) -> None:
        """Forgets a record; its children are the caller's to drop."""
        self._home(record).pop(record.key, None)
        self._changed.pop(record, None)
        self._asked.pop(_row_key(record), None)
        self._dropped[record.kind, _row_key(record)] = None

    def clear(self) -> None:
        """Forgets every record and every note, here and on disk."""
        for records in (self.pools, self.jobs, self.schedules, self.notes):
            records.clear()
        self._changed, self._asked, self._dropped, self._noted = {}, {}, {}, set()
        self._latest = 0.0  # the clock may have been set back
        with self._database as database:
            database.execute("BEGIN")
            for table in ("record", "asked", "note"):
                database.execute(f"DELETE FROM {table}")

    def flush(self) -> None:
        """Writes what changed, in one transaction. What cannot be written now is for the next time."""
        if not (self._changed or self._dropped or self._noted):
            return
        gone = [(key,) for kind, key in self._dropped if kind == "task"]
        notes = ((name, json.dumps(self.notes[name], ensure_ascii=False)) for name in self._noted)
        with self._database as database:  # commits, or takes back what an error leaves half done
            database.execute("BEGIN")
            database.executemany("DELETE FROM record WHERE kind=? AND key=?", self._dropped)
            database.executemany("DELETE FROM asked WHERE key=?", gone)
            database.executemany("INSERT OR REPLACE INTO asked VALUES (?,?)", self._asked.items())
            database.executemany("INSERT OR REPLACE INTO record VALUES (?,?,?)", map(_stored_row, self._changed))
            database.executemany("INSERT OR REPLACE INTO note VALUES (?,?)", notes)
        self._changed, self._asked, self._dropped, self._noted = {}, {}, {}, set()

    def try_writing(self) -> None:
        """Writes a row that says nothing. Raises sqlite3.Error, soon, if that cannot be done."""
        database = self._database
        database.execute("PRAGMA busy_timeout=100")  # milliseconds: whoever asks waits, and so does the loop
        try:
            database.execute("INSERT OR REPLACE INTO asked VALUES ('', '')")
        finally:
            database.execute("PRAGMA busy_timeout=5000")

    def close(self) -> None:
        self.flush()
        self._database.close()

    def _load(self) -> None:
        """Parents come before their children, and all in the order in which they were made."""
        for kind in (Pool, Node, Schedule, Job, Task):
            for record in sorted(self._read(kind), key=lambda one: one.seq):
                self._place(record)
                self._seq = max(self._seq, record.seq)
                self._latest = max(self._latest, record.modified)

    def _read(self, kind: type[Entity]) -> Iterator[Entity]:
        if kind is not Task:
            for (body,) in self._database.execute("SELECT body FROM record WHERE kind=?", (kind.kind,)):
                yield kind(**json.loads(body))
            return
        query = "SELECT record.body, asked.body FROM record JOIN asked USING (key) WHERE kind='task'"
        for body, asked in self._database.execute(query):
            yield Task(**json.loads(body), asked=asked)

    def _home(self, record: Entity) -> dict[str, Entity]:
        """The dictionary that a record lives in."""
        homes: dict[str, dict[str, Entity]] = {"pool": self.pools, "job": self.jobs, "schedule": self.schedules}  # type: ignore[dict-item]  # dict is invariant
        if isinstance(record, Node):
            return self.pools[record.pool.lower()].nodes  # type: ignore[return-value]  # dict is invariant
        if isinstance(record, Task):
            return self.jobs[record.job.lower()].tasks  # type: ignore[return-value]  # dict is invariant
        return homes[record.kind]

    def _place(self, record: Entity) -> None:
        self._home(record)[record.key] = record


def _row_key(record: Entity) -> str:
    parent = record.pool if isinstance(record, Node) else record.job if isinstance(record, Task) else ""
    return f"{parent}/{record.id}".lower()


def _stored_row(record: Entity) -> tuple[str, str, str]:
    names = _FIELDS[type(record)]  # type: ignore[index]  # the five kinds are all there are
    return (
        record.kind,
        _row_key(record),
        _ENCODER.encode({name: getattr(record, name) for name in names}),
    )
