"""The options that commands share: each stands here once, with its help and the commands that take it."""

import inspect
from collections.abc import Callable
from dataclasses import Field, field, fields
from datetime import timedelta
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import typer

from batchctl.cli import completing
from batchctl.durations import parse_duration
from batchctl.errors import UsageError
from batchctl.frozen import dataclass

if TYPE_CHECKING:
    from batchctl.reconcile.choices import Choices

SpecPath: TypeAlias = Annotated[Path, typer.Argument(metavar="SPEC", help="The YAML spec.", show_default=False)]

Command: TypeAlias = Literal[
    "plan",
    "apply",
    "destroy",
    "gc",
    "show",
    "validate",
    "expand",
    "import_",
    "doctor",
    "local_reset",
    "local_restore",
    "watch",
    "status",
    "why",
    "tasks",
    "nodes",
    "outputs",
    "logs",
    "ls",
    "get",
    "report",
    "debug_dump",
    "cancel",
    "retry",
    "pause",
    "resume",
    "reboot",
    "ssh",
]
"""The function behind a command that takes some of these options."""


LOOKING: tuple[Command, ...] = (
    "status",
    "tasks",
    "nodes",
    "outputs",
    "logs",
    "ls",
    "get",
    "why",
    "report",
    "debug_dump",
)
"""Commands that look at a run."""

ACTING: tuple[Command, ...] = ("cancel", "retry", "pause", "resume", "reboot", "ssh")
"""Commands that do something to a run by hand."""

READING: tuple[Command, ...] = ("plan", "apply", "destroy", "validate", "expand", "watch", "doctor", *LOOKING, *ACTING)
"""Commands that read a spec."""

LISTING: tuple[Command, ...] = ("tasks", "nodes", "outputs", "ls")
"""Those of them that list rows."""


def option(default: Any, *names: str, of: tuple[Command, ...], **typer_words: Any) -> Any:
    """A field of `Options`, taken by the commands in `of`. All else is as in typer.Option."""
    return field(default=default, metadata={"of": of, "option": typer.Option(default, *names, **typer_words)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a command line says beside its arguments; an option that a command does not take has its default.

    The order is that of --help.
    """

    target: str | None = option(
        None,
        "--target",
        of=("plan", "apply", "destroy", "gc", "expand", "import_", "doctor", "watch", *LOOKING, *ACTING),
        envvar="BATCHCTL_TARGET",
        help="azure or local; else what the spec or AZURE_BATCH_* name.",
    )
    var: tuple[str, ...] = option(
        (),
        "--var",
        of=(*READING, "import_"),
        metavar="NAME=VALUE",
        help="Set one of the spec's vars; a list as a,b,c.",
    )
    var_file: tuple[Path, ...] = option(
        (),
        "--var-file",
        of=READING,
        metavar="FILE",
        help="Set vars as this YAML file says; --var counts before it.",
    )
    overlay: tuple[Path, ...] = option(
        (),
        "--overlay",
        of=READING,
        metavar="FILE",
        help="Lay this YAML file over the spec; of several the last counts.",
    )
    yes: bool = option(
        False,
        "--yes",
        "-y",
        of=("apply", "destroy", "gc", "local_reset", "local_restore", "get", "cancel", "retry", "pause", "reboot"),
        help="Do not ask.",
    )
    no_wait: bool = option(
        False, "--no-wait", of=("apply",), help="End once the tasks are added; `batchctl watch SPEC` comes back."
    )
    out: Path | None = option(
        None, "--out", of=("plan",), metavar="FILE", help="Keep the plan for `apply FILE`, within 24 hours."
    )
    detailed_exitcode: bool = option(
        False, "--detailed-exitcode", of=("plan",), help="Exit 2 if there is something to do, 0 if not."
    )
    full: bool = option(False, "--full", of=("plan", "show"), help="List every change, however many there are.")
    refresh_only: bool = option(
        False, "--refresh-only", of=("plan",), help="Show which settings somebody else changed, and nothing else."
    )
    only: tuple[str, ...] = option(
        (),
        "--only",
        of=("plan", "apply", "destroy", "watch"),
        metavar="KIND.NAME",
        autocompletion=completing.objects,
        help="Nothing but this and what it needs, such as pool.train or 'task.train-*'.",
    )
    replace: tuple[str, ...] = option(
        (),
        "--replace",
        of=("plan", "apply"),
        metavar="KIND.NAME",
        autocompletion=completing.objects,
        help="Make this pool anew, or run this task again.",
    )
    rerun: tuple[str, ...] = option(
        (),
        "--rerun",
        of=("plan", "apply"),
        metavar="all|failed|PATTERN",
        autocompletion=completing.reruns,
        help="Run tasks again although they are up to date: all, or those whose id meets a pattern such as 'train-*'. "
        "failed: those that failed, and no others, whatever else changed.",
    )
    reboot_nodes: bool = option(
        False,
        "--reboot-nodes",
        of=("plan", "apply"),
        help="Give nodes a changed start task by rebooting them, instead of new nodes.",
    )
    prune_outputs: bool = option(
        False, "--prune-outputs", of=("plan", "apply"), help="Delete the outputs of tasks that are in the spec no more."
    )
    adopt: bool = option(
        False,
        "--adopt",
        of=("plan", "apply", "destroy"),
        help="Take over what sits at the spec's names, or what a spec of its name made elsewhere.",
    )
    force: bool = option(False, "--force", of=("plan", "apply", "destroy", "gc"), help="End tasks that still run.")
    discard_outputs: bool = option(
        False,
        "--discard-outputs",
        of=("plan", "apply", "destroy", "gc"),
        help="Let outputs go that were not brought home.",
    )
    lock_timeout: str = option(
        "0s",
        "--lock-timeout",
        of=("apply", "destroy", "gc"),
        metavar="DURATION",
        help="Wait so long for another apply or destroy: 90s, 10m, PT1H.",
    )
    no_lock: bool = option(
        False, "--no-lock", of=("apply", "destroy", "watch", "gc"), help="Take no lock: where the account forbids it."
    )
    allow_python: bool = option(
        False,
        "--allow-python",
        of=("plan", "apply", "expand", "watch"),
        help="Let the spec's generators run, as Python code in this process.",
    )
    prices: Path | None = option(
        None,
        "--prices",
        of=("plan", "apply", "watch", "report", "status"),
        metavar="FILE",
        help="Tell costs by these prices, as `prices update` keeps them, and not by those of the account's region.",
    )
    report: Path | None = option(
        None, "--report", of=("apply",), metavar="DIR", help="Write at the end how it went, as `batchctl report` does."
    )
    web: bool = option(
        False,
        "--web",
        of=("watch",),
        help="Serve the report meanwhile, to a browser on this machine; its address opens it once.",
    )
    parallelism: int | None = option(
        None,
        "--parallelism",
        of=("plan", "apply", "destroy", "watch"),
        metavar="N",
        # N becomes so many threads, whatever it is that is worked on: a slip of the finger is not to start a million.
        min=1,
        max=64,
        help="Work on so many objects at once.",
        show_default=False,
    )
    again: bool = option(
        False,
        "--watch",
        of=("status", "tasks", "nodes", "outputs"),
        help="Show it again every few seconds, until nothing changes any more.",
    )
    as_json: bool = option(
        False,
        "--json",
        of=("plan", "apply", "destroy", "watch", "gc"),
        help="What happens as JSON, one object a line, on standard output.",
    )
    voice: str = option(
        "",
        "-o",
        "--output",
        of=("apply", "destroy", "watch"),
        metavar="live|lines|json",
        help="How to tell what happens, whatever the terminal suggests.",
        show_default=False,
    )
    no_color: bool = option(
        False,
        "--no-color",
        of=(
            "plan",
            "apply",
            "destroy",
            "gc",
            "show",
            "validate",
            "expand",
            "import_",
            "doctor",
            "watch",
            *LOOKING,
            *ACTING,
        ),
        help="No colour, as with NO_COLOR.",
    )
    form: str = option(
        "table", "-o", "--output", of=LISTING, metavar="table|json|tsv|yaml", help="How to write the rows."
    )

    def choices(self) -> "Choices":
        """What these decide about a plan: the options that bear the names of its fields. Raises UsageError."""
        # imported late: help and completion load nothing of this
        from batchctl.reconcile.choices import Choices, named

        for text in (*self.only, *self.replace):
            named(text)
        return Choices(**{choice.name: getattr(self, choice.name) for choice in fields(Choices)})

    def lock_patience(self) -> timedelta | None:
        """How long another's lock is waited for; None: no lock is taken. Raises UsageError."""
        if self.no_lock:
            return None
        return duration_of(self.lock_timeout)


def duration_of(text: str) -> timedelta:
    """A duration of a command line, `90s`, `1h30m`, `PT10M`; a number alone is seconds. Raises UsageError."""
    found = parse_duration(text + ("s" if text.isdecimal() and text.isascii() else ""))
    if found is None:
        raise UsageError(f"{text!r} is no duration: write 90s, 10m, 1h30m or PT10M")
    return found


def with_options(run: Callable[..., None]) -> Callable[..., None]:
    """The command as typer is to see it: with the arguments of `run` and each option that it takes.

    `run` is handed its arguments and one `Options`.
    """
    taken = [shared for shared in fields(Options) if run.__name__ in shared.metadata["of"]]

    @wraps(run)
    def command(**given: Any) -> None:
        run(options=Options(**{shared.name: _frozen(given.pop(shared.name)) for shared in taken}), **given)

    own = [parameter for parameter in inspect.signature(run).parameters.values() if parameter.name != "options"]
    # typer reads options off a signature; this one says what the table above says.
    vars(command)["__signature__"] = inspect.Signature([*own, *map(_parameter, taken)])
    return command


def _parameter(shared: "Field[Any]") -> inspect.Parameter:
    # What may be given many times is a list for typer: a tuple would be one option with so many words.
    several: dict[Any, Any] = {tuple[str, ...]: list[str], tuple[Path, ...]: list[Path]}
    annotation = several.get(shared.type, shared.type)
    kind = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(shared.name, kind, default=shared.metadata["option"], annotation=annotation)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
