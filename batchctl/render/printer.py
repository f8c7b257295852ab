"""What is said to people: plans, events and problems on a terminal or in a log. Decides nothing."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from batchctl.errors import BatchctlError, Refused
from batchctl.reconcile.events import (
    Applied,
    Begun,
    Detached,
    Event,
    Failed,
    Fetched,
    Holdings,
    NotFetched,
    TaskFailed,
)
from batchctl.reconcile.plan import Action, Change, Plan
from batchctl.render.changes import SHOWN, alike_together, detail_lines, ending_line, fetch_line, headline, rest_line
from batchctl.render.events import MANY, WORDS, ceiling_line, event_line, holdings_line, step_line, summary_line
from batchctl.render.failures import stranded_lines, task_failure_lines
from batchctl.render.page import Page
from batchctl.render.paper import Paper
from batchctl.render.text import shown_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from batchctl.reconcile.kept.codec import Codec
    from batchctl.reconcile.kept.document import Place as Account
    from batchctl.sights import Place


STYLES = {
    Action.CREATE: "green",
    Action.UPDATE: "yellow",
    Action.REPLACE: "magenta",
    Action.DELETE: "red",
    Action.ADOPT: "cyan",
}


class Printer(Page):
    """A page on which plans and events are told as well."""

    def __init__(self, out: Paper, err: Paper) -> None:
        super().__init__(out, err)
        self._done: Counter[str] = Counter()
        self._ahead = self._gone = 0
        self._failed: list[TaskFailed] = []
        self._stranded: list[NotFetched] = []
        self._refused: set[tuple[str, str, str]] = set()
        self._refusals: tuple[str, ...] = ()

    def begin(self, verb: str) -> None:
        """People see which command it is."""

    def target(self, name: str, why: str, address: str | None = None) -> None:
        self._line(f"Target: {name}, {address} ({why})" if address else f"Target: {name} ({why})")

    def overlays(self, files: Sequence[str]) -> None:
        """What is laid over the spec."""
        self._line(f"Overlays: {', '.join(files)}" if len(files) > 1 else f"Overlay: {files[0]}")

    def account(self, place: "Account", codec: "Codec") -> None:
        """Where it is, people saw in the target; from here on the spec's secrets are known."""
        self.hide(codec)

    def plan(self, plan: Plan, *, full: bool = False) -> None:
        """The whole plan: changes with their reasons, what stays, what comes home, and one summary line.

        `full`: every change; else of many that are alike the first, and how many more there are.
        """
        most = len(plan.changes) + len(plan.fetches) if full else SHOWN
        for changes in alike_together(plan.changes):
            for change in changes[:most]:
                self._change(change, full=full)
            if len(changes) > most:
                self._line(f"    {rest_line(changes, most)}", STYLES[changes[0].action])
        for entry in plan.later:
            self._line(f"  + tasks {entry.label}: expanded when {entry.after} is done", STYLES[Action.CREATE])
        for ending in plan.endings:
            self._line(f"  {ending_line(ending)}", STYLES[Action.UPDATE])
        for fetch in plan.fetches[:most]:
            self._line(f"  < {fetch_line(fetch, f' to {shown_path(fetch.target)}')}", "cyan")
        if len(plan.fetches) > most:
            self._line(f"    … and {len(plan.fetches) - most} more come home")
        for note in plan.notes:
            self._line(f"  note: {note}")
        self._refusals = plan.refusals
        for reason in plan.refusals:
            self._line(f"  refused: {reason}", "red")
        if plan.ceiling:
            self._line(ceiling_line(plan.ceiling))
        self._line(summary_line(plan), "bold")

    def keys_do(self, read: "Callable[[Place], Sequence[str]]", retry: "Callable[[Place], str]") -> None:
        """Who draws lets its reader see the end of a log, and try again what failed."""

    def agreed(self) -> None:
        """What the plan says begins now."""

    def holdings(self, found: Holdings) -> None:
        self._line(holdings_line(found))
        for said in found.retiring:
            self._line(f"  note: {said}")

    def drift(self, found: Plan) -> None:
        """What somebody else changed; `->` leads to what was last asked."""
        for change in found.changes:
            self._change(change)
        objects = "1 object is" if len(found.changes) == 1 else f"{len(found.changes)} objects are"
        self._line(f"Drift: {objects} not as last asked for." if found.changes else "No drift.", "bold")

    def event(self, event: Event) -> None:
        self._done[type(event).__name__ if not isinstance(event, Applied) else event.verb] += 1
        if isinstance(event, TaskFailed):
            self._failed.append(event)
            return
        self._tell_failed_tasks()
        if isinstance(event, NotFetched):
            self._stranded.append(event)
            return
        if isinstance(event, Begun):
            self._ahead, self._gone = len(event.names), 0
        self._gone += isinstance(event, Applied)
        many = isinstance(event, Applied) and self._ahead > MANY
        line = step_line(event, self._gone, self._ahead) if many else event_line(event)
        if line and not (isinstance(event, Failed) and self._is_known(event)):
            self.say(line)

    def _is_known(self, event: Failed) -> bool:
        """Was the same said of another object? How many there are, the error at the end says."""
        told = event.verb, event.kind, str(event.error)
        known = told in self._refused
        self._refused.add(told)
        return known

    def _tell_failed_tasks(self) -> None:
        for line in task_failure_lines(self._failed):
            self.say(line)
        self._failed.clear()

    def _tell_failures(self) -> None:
        self._tell_failed_tasks()
        for line in stranded_lines(self._stranded):
            self.say(line)
        self._stranded.clear()

    def done(self, verb: str, exit_code: int = 0) -> None:
        """`Apply complete: 12 created, 1 updated, 3 brought home.` Of a plan, its last line has said it."""
        self.end()
        self._tell_failures()
        if verb == "plan":
            return
        words = [(verb, done) for verb, (_, done) in WORDS.items()] + [(Fetched.__name__, "brought home")]
        counted = [f"{self._done[key]} {word}" for key, word in words if self._done[key]]
        if self._done[Detached.__name__]:
            how = ": ".join(["detached", *filter(None, [", ".join(counted)])])
        else:
            how = f"complete: {', '.join(counted) or 'nothing was to be done'}"
        self._line(f"{verb.capitalize()} {how}.", "bold")

    def error(self, error: BatchctlError) -> None:
        self.end()
        self._tell_failures()
        super().error(error)

    def _refusal(self, error: Refused) -> str:
        """Who reads both streams has seen the reasons in the plan."""
        if error.reasons == self._refusals and self.out.is_terminal and self.err.is_terminal:
            reasons = "reason" if len(error.reasons) == 1 else f"{len(error.reasons)} reasons"
            return f"refused, for the {reasons} above; nothing was changed"
        return super()._refusal(error)

    def _change(self, change: Change, *, full: bool = False) -> None:
        self._line(headline(change), STYLES[change.action])
        for line in detail_lines(change, self._veil, full=full):
            self._line(f"        {line}")
