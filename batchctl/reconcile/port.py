"""What reconcile asks of a cloud, which `cloud/` and the tests' fake satisfy; and the situation in which it asks."""

from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from batchctl.cloud_answers import Counts, JobStanding, Outcome, PoolHealth, PoolUse, Quotas, Ticket
from batchctl.desired import Desired
from batchctl.frozen import dataclass
from batchctl.reconcile.choices import Choices
from batchctl.reconcile.outputs import IsCopy
from batchctl.resources import Blob, Container, Job, Pool, R, Resource, Schedule, Stamped, SupportedImage, Task, of_kind
from batchctl.sights import FileSight, FileState, JobSight, JobUse, NodeSight, Place, PoolSight, SideRun, TaskSight
from batchctl.work import ResourceFile


class Lock(Protocol):
    """Keeps every other apply and destroy of one owner away while it is held (design D10)."""

    def look(self) -> bool:
        """Remember how it is now. False: there is no container for locks yet, the first `take` makes it."""
        ...

    def take(self, patience: timedelta, ticket: Ticket | None = None) -> bool:
        """Hold it from now on. True if nobody has held it since `look`. Raises Refused, naming the holder.

        `ticket`: what is written down as used; Refused if it was used before.
        If it is lost while it is held, no further request is sent: every call raises Partial.
        """
        ...

    def holder(self) -> str | None:
        """Who holds it now, and since when; None if nobody does. Remembers nothing."""
        ...

    def release(self, *, forget: bool = False) -> None:
        """Let go, if it is held. `forget`: it protects nothing any more; it stays where tickets were used."""
        ...


class Account(Protocol):
    """What an account says of itself and of what is in use. Each question is a request."""

    def images(self) -> tuple[SupportedImage, ...]: ...

    def on_paper(self, resource: Resource) -> tuple[str, ...]:
        """What it would keep of a resource and do nothing about, by REST's names. No request."""
        ...

    def place(self, url: str) -> tuple[str, str] | None:
        """The container and the blob that an address in its storage names. No request."""
        ...

    def quotas(self) -> Quotas | None:
        """What the account may have at most, and what there is; None where it does not tell."""
        ...

    def why_no_identities(self) -> str | None:
        """Why no pool can be given an identity, and what to do about it."""
        ...

    def use(self, pool: str) -> PoolUse:
        """The nodes of a pool that is there, and how many tasks run on them."""
        ...

    def health(self, pool: str) -> PoolHealth: ...

    def counts(self, job: Job) -> Counts: ...

    def last_run(self, schedule: Schedule) -> str | None:
        """How the newest job of a schedule ended, or goes, in a phrase; None while there is none."""
        ...


class Source(Protocol):
    """Where the content of what is fetched comes from."""

    def read(self, blob: Blob, start: int = 0) -> Iterator[bytes]:
        """The content, from byte `start` on, of exactly this version of the blob (its ETag)."""
        ...

    def contents(self, blobs: Sequence[Blob]) -> Generator[tuple[int, bytes | Exception], None, None]:
        """As `read`, of many blobs at once: the whole of each, by its place among them and as it comes; or why it
        does not come."""
        ...

    def halt(self) -> None:
        """Whoever asked for something has gone: begin no request any more, and wait for none to be tried again."""
        ...


class Cloud(Account, Source, Protocol):
    """Reads return what is there; `create`, `update`, `delete` take a batch of one kind and yield outcomes.

    Every method may raise CloudError. A read of what does not exist returns nothing, it does not raise; only `counts`
    and `read` do, for what is waited for and what is fetched must be there.
    """

    def storage(
        self, owner: str, names: Iterable[str], unread: Collection[str] = ()
    ) -> tuple[tuple[Container, ...], tuple[Blob, ...]]:
        """Containers that bear our mark or one of these names, and the blobs in those that do not stay `unread`."""
        ...

    def made(self) -> tuple[Stamped, ...]:
        """Containers, pools, jobs and schedules that bear a mark of batchctl, whosever."""
        ...

    def batch(self, owner: str, names: Iterable[str]) -> tuple[Pool | Job | Schedule | Task, ...]:
        """Pools, jobs and schedules that bear our mark or one of these ids, and the tasks of those that are ours."""
        ...

    def create(self, resources: Sequence[Resource], owner: str) -> Iterator[Outcome]: ...

    def update(self, changes: Sequence[tuple[Resource, Resource]], owner: str) -> Iterator[Outcome]:
        """Pairs of what is held and what is wanted. Jobs are sealed by `seal`, never here."""
        ...

    def adopt(self, changes: Sequence[tuple[Resource, Resource]], owner: str) -> Iterator[Outcome]:
        """Pairs of what is not ours and of the same with our marks. A blob's content comes along if it differs."""
        ...

    def delete(self, resources: Sequence[Resource], owner: str) -> Iterator[Outcome]:
        """Done means gone: the service no longer knows it. A container that holds what is not ours is refused."""
        ...

    def seal(self, job: Job, added: frozenset[str]) -> None:
        """Let the job end itself, once it is seen to hold the tasks with these ids. Raises Partial if it does not."""
        ...

    def unfinished(self, job: Job) -> bool:
        """Is a task of this job not completed? Asked of the tasks themselves, counts may lag."""
        ...

    def standing(self, job: Job) -> JobStanding: ...

    def waiting(self, job: Job) -> tuple[Task, ...]:
        """Its tasks that are active, known by their ids and by what they want of nodes alone."""
        ...

    def retried(self, job: Job) -> tuple[str, ...]:
        """Tasks of it that run and have failed several times: of the first thousand that run."""
        ...

    def failed_preparations(self, job: Job) -> tuple[str, ...]:
        """Of each node on which its preparation task failed for good, how."""
        ...

    def over(self, job: Job) -> bool:
        """Does nothing of this job run any more, its release tasks included?"""
        ...

    def pool_of(self, job: Job) -> str | None:
        """The pool that was made for a job with an auto pool, None while there is none."""
        ...

    def kept_pools(self, owner: str) -> tuple[Pool, ...]:
        """Auto pools of ours that outlive their jobs."""
        ...

    def tasks(self, job: Job) -> tuple[Task, ...]: ...

    def failed(self, job: Job) -> tuple[Task, ...]:
        """Those of its tasks that have not succeeded: failed ones, and any that have not ended."""
        ...

    def tail(self, task: Task, lines: int) -> tuple[str, ...]:
        """The end of the task's stderr, of its stdout where that is blank; empty where neither can be had."""
        ...

    def preempted(self, pool: str) -> frozenset[str]:
        """The spot nodes that are taken away now, each with the moment of it, so that one is told from the next."""
        ...

    def files(self, task: Task) -> tuple[str, ...]:
        """The files that a run left in its directory (`wd/a.txt`); none where the node does not have them any more."""
        ...

    def lock(self, owner: str) -> Lock: ...

    def blobs(self, container: str) -> tuple[Blob, ...]: ...


FAILED = "executionInfo/result eq 'failure'"
"""Tasks that failed, as OData says it."""


class Eyes(Protocol):
    """What is seen of a run by those who only look. What is not there is seen as nothing; each may raise CloudError."""

    def generations(self, owner: str) -> tuple[JobSight, ...]:
        """The jobs of a spec, oldest first, with their tasks counted."""
        ...

    def runs(self, job: JobSight, states: str = "", most: int | None = None) -> tuple[TaskSight, ...]:
        """The tasks of one of them; `states`: those alone that this OData filter lets through; `most`: no more, and
        of each how it goes alone, not where and since when."""
        ...

    def inputs(self, job: JobSight) -> Mapping[str, Sequence[ResourceFile]]:
        """The files that the tasks of one of them took, the first of very many, by the tasks' ids in small letters."""
        ...

    def use(self, job: JobSight) -> JobUse | None:
        """What the tasks of one of them used, as far as the service has summed it up."""
        ...

    def run(self, place: Place) -> TaskSight | None:
        """The task whose directory this is, as far as it is known by its job alone."""
        ...

    def whole(self, task: Task) -> Task | None:
        """A run with all that Batch was given: files, settings, outputs, what its files held. Its signatures are left
        out."""
        ...

    def subtasks(self, place: Place) -> tuple[SideRun, ...]:
        """Of a multi-instance task; other tasks have none."""
        ...

    def preparations(self, job: str) -> tuple[SideRun, ...]:
        """`preparation` and `release` of a job, on each node where they ran."""
        ...

    def pool(self, pool: str) -> PoolSight | None: ...

    def nodes(self, pool: str) -> tuple[NodeSight, ...]: ...

    def extensions(self, pool: str, node: str) -> tuple[str, ...]:
        """The VM extensions of a node, each with its state, and what it says unless it succeeded."""
        ...

    def files(self, place: Place) -> tuple[FileSight, ...] | None:
        """All files below a directory of a task or node; None where nobody can read them now."""
        ...

    def file(self, place: Place, name: str) -> FileState | None:
        """A file on a node; None where nobody can read it now."""
        ...

    def part(self, place: Place, name: str, start: int, end: int) -> bytes:
        """Its bytes from `start` to before `end`, as far as they can be had."""
        ...

    def last_words(self, places: Sequence[Place], lines: int) -> tuple[tuple[str, ...], ...]:
        """Of each the end of its stderr, of its stdout where that is blank; empty where neither can be had."""
        ...


class Hands(Protocol):
    """What somebody does to a run by hand. Each says whether it was accepted: False where it came too late."""

    def end_task(self, place: Place) -> bool: ...

    def retry_task(self, place: Place) -> bool:
        """A failed task waits for a node again, as if it were new: in the same job, as it was added."""
        ...

    def hold_job(self, job: str, *, wait: bool) -> bool:
        """No task of it starts any more; what runs goes back to the queue, or (`wait`) ends first."""
        ...

    def release_job(self, job: str) -> bool: ...

    def reboot_node(self, place: Place, *, wait: bool) -> bool: ...

    def let_in(self, place: Place, user: str, key: str, until: datetime) -> bool:
        """A user of a node who may do everything there, with this public key, until then."""
        ...

    def let_out(self, place: Place, user: str) -> None:
        """The user is there no more."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What is wanted, what is held, and what the command line asks for.

    `adopted`: what is not ours and is to become ours; `held` has it as it will be then. `account` is asked for what a
    plan may depend on, `is_copy` tells what is at home for good, `now` is when the plan is made.
    """

    desired: Desired
    held: Sequence[Resource]
    choices: Choices
    account: Account
    is_copy: IsCopy
    now: datetime
    adopted: Sequence[Resource] = ()

    def held_of(self, kind: type[R]) -> Sequence[R]:
        """What is held of a kind."""
        return of_kind(self.held, kind)
