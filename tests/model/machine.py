"""The steps of somebody who edits a spec, applies it, and shares an account with others; and what holds after each."""

import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from batchctl.errors import BatchctlError
from batchctl.reconcile.choices import Choices
from batchctl.spec.load import load
from batchctl.spec.model import Spec
from tests import verbs
from tests.fake_cloud import Crash
from tests.model.accounts import LOSSES, Account, InMemory
from tests.model.wish import COMMANDS, Wish

STEMS = st.sampled_from("abc")
TEXTS = st.sampled_from(("one", "two", ""))
NO_QUESTION = Choices(discard_outputs=True, force=True)


class Life(RuleBasedStateMachine):
    """`ran`: what each task last ran with, as far as its output is there. `open`: makes the account."""

    open: ClassVar[Callable[[], tuple[str, Account]]] = staticmethod(lambda: ("model", InMemory()))

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="model-"))
        name, self.account = self.open()
        self.wish, self.ran = Wish(name), dict[str, tuple[str, str]]()
        self.strangers = self.account.strangers()

    def teardown(self) -> None:
        with suppress(BatchctlError):  # what failed is known by then
            self.taken_away()
        shutil.rmtree(self.folder)

    # Somebody edits.

    @rule(stem=STEMS, text=TEXTS)
    def write(self, stem: str, text: str) -> None:
        self.wish.files[stem] = text

    @precondition(lambda self: len(self.wish.files) > 1)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        del self.wish.files[data.draw(st.sampled_from(sorted(self.wish.files)))]

    @rule(data=st.data(), to=STEMS)
    def rename(self, data: st.DataObject, to: str) -> None:
        stem = data.draw(st.sampled_from(sorted(self.wish.files)))
        self.wish.files[to] = self.wish.files.pop(stem)

    @rule(command=st.sampled_from(sorted(COMMANDS)))
    def change_command(self, command: str) -> None:
        self.wish.command = command

    @rule(has_extra=st.booleans())
    def change_containers(self, has_extra: bool) -> None:
        self.wish.extra = {"extra"} if has_extra else set()

    @rule(nodes=st.integers(1, 3))
    def resize(self, nodes: int) -> None:
        self.wish.nodes = nodes

    @rule(has_job=st.booleans())
    def change_job(self, has_job: bool) -> None:
        self.wish.has_job = has_job

    # Somebody else.

    @rule(what=st.sampled_from(LOSSES), stem=STEMS)
    def lose(self, what: str, stem: str) -> None:
        self.account.lose(self.wish.name, what, stem)
        if what == "job":
            self.ran.clear()
        if what == "output":
            self.ran.pop(f"copy-{stem}", None)

    # The verbs.

    @rule()
    def plan(self) -> None:
        before = self.account.held(self.wish.name)
        verbs.plan(self.spec(), self.account.cloud)
        assert self.account.held(self.wish.name) == before, "a plan changed something"

    @rule()
    def apply(self) -> None:
        before, spec = len(self.account.runs(self.wish.name)), self.spec()
        self.applied(spec)
        runs = self.account.runs(self.wish.name)[before:]
        wanted = [task for task, given in self.wish.runs.items() if self.ran.get(task) != given]
        assert sorted(runs) == sorted(wanted), "other tasks ran than those that had to"
        self.ran |= self.wish.runs
        assert not verbs.plan(spec, self.account.cloud).changes, "there is more to do after an apply"
        home = {path.name: path.read_text() for path in (self.folder / "results").glob("*")}
        missing = self.wish.home.keys() - home.keys()
        assert not missing, f"{missing} did not come home"
        if self.account.makes_outputs:
            assert {name: home[name] for name in self.wish.home} == self.wish.home

    @precondition(lambda self: isinstance(self.account, InMemory))
    @rule(after=st.integers(0, 12))
    def crash(self, after: int) -> None:
        """The client dies after so many writes; what had to run by then has run or will."""
        cloud = self.account.cloud
        cloud.crash_after = len(cloud.writes) + after
        try:
            self.applied(self.spec())
        except Crash:
            cloud.locks.clear()  # its lease is over
        finally:
            cloud.crash_after = None
        self.applied(self.spec())
        self.ran |= self.wish.runs

    @rule()
    def destroy(self) -> None:
        self.taken_away()
        assert not self.account.held(self.wish.name), "a destroy left something"
        self.ran.clear()

    @invariant()
    def strangers_are_left_alone(self) -> None:
        assert self.account.strangers() == self.strangers

    def applied(self, spec: Spec) -> None:
        for _ in verbs.apply(spec, self.account.cloud, self.account.clock, lambda plan: True, NO_QUESTION):
            pass

    def taken_away(self) -> None:
        for _ in verbs.destroy(self.spec(), self.account.cloud, self.account.clock, lambda plan: True, NO_QUESTION):
            pass

    def spec(self) -> Spec:
        return load(self.wish.written(self.folder), {}, {})
