"""The options that several commands take."""

from pathlib import Path
from typing import Annotated

import typer

SpecPath = Annotated[Path, typer.Argument(metavar="SPEC", help="The YAML spec.", show_default=False)]
TargetName = Annotated[
    str | None,
    typer.Option(
        "--target", envvar="BATCHCTL_TARGET", help="azure or local; else what the spec or AZURE_BATCH_* name."
    ),
]
Variables = Annotated[list[str] | None, typer.Option("--var", metavar="NAME=VALUE", help="Set one of the spec's vars.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
NoColor = Annotated[bool, typer.Option("--no-color", help="No colour, as with NO_COLOR.")]
LockTimeout = Annotated[
    str,
    typer.Option(
        "--lock-timeout", metavar="DURATION", help="Wait so long for another apply or destroy: 90s, 10m, PT1H."
    ),
]
NoLock = Annotated[bool, typer.Option("--no-lock", help="Take no lock: where the account forbids it.")]
Force = Annotated[bool, typer.Option("--force", help="End tasks that still run.")]
Adopt = Annotated[
    bool,
    typer.Option("--adopt", help="Take over what sits at the spec's names, or what a spec of its name made elsewhere."),
]
Discard = Annotated[bool, typer.Option("--discard-outputs", help="Let outputs go that were not brought home.")]

Rerun = Annotated[
    list[str] | None,
    typer.Option(
        "--rerun",
        metavar="all|failed|PATTERN",
        help="Run tasks again although they are up to date: all, or those whose id meets a pattern such as 'train-*'. "
        "Failed ones run again anyway.",
    ),
]
Prune = Annotated[
    bool, typer.Option("--prune-outputs", help="Delete the outputs of tasks that are in the spec no more.")
]
Reboot = Annotated[
    bool,
    typer.Option("--reboot-nodes", help="Give nodes a changed start task by rebooting them, instead of new nodes."),
]
AsJson = Annotated[bool, typer.Option("--json", help="What happens as JSON, one object a line, on standard output.")]
Only = Annotated[
    list[str] | None,
    typer.Option(
        "--only", metavar="KIND.NAME", help="Nothing but this and what it needs, such as pool.train or 'task.train-*'."
    ),
]
Replace = Annotated[
    list[str] | None,
    typer.Option("--replace", metavar="KIND.NAME", help="Make this pool anew, or run this task again."),
]
AllowPython = Annotated[
    bool, typer.Option("--allow-python", help="Let the spec's generators run, as Python code in this process.")
]
Parallelism = Annotated[
    int | None,
    typer.Option(
        "--parallelism", metavar="N", min=1, max=64, help="Work on so many objects at once.", show_default=False
    ),
]
