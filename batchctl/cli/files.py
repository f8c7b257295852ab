"""The commands of the files of tasks and nodes: ls, get."""

from pathlib import Path
from typing import Annotated

import typer

from batchctl.cli import completing
from batchctl.cli.looking import Patterns, open_for_rows, print_rows
from batchctl.cli.options import Options, SpecPath, with_options
from batchctl.cli.speaking import ask_for_yes, open_printer, print_events, require_an_answer
from batchctl.cli.target import open_spec
from batchctl.errors import NotThere, Refused, UsageError
from batchctl.words import plural, some

Owner = Annotated[
    str,
    typer.Argument(
        metavar="TASK",
        help="As for logs; node.NODE: all of a node.",
        show_default=False,
        autocompletion=completing.tasks,
    ),
]


@with_options
def ls(spec: SpecPath, task: Owner, patterns: Patterns = None, *, options: Options) -> None:
    """List the files of a task or node; once its node is gone, what it left in containers."""
    from batchctl.render.tables import FILES
    from batchctl.verbs.files import files_of

    opened, aside = open_for_rows(spec, options), open_printer(options.no_color, aside=True)
    files = files_of(opened.spec, opened.cloud, opened.cloud.eyes, task, patterns or ())
    for said in files.lost:
        aside.say(said)
    print_rows(files.found, FILES, options)


@with_options
def get(
    spec: SpecPath,
    task: Owner,
    patterns: Annotated[
        list[str], typer.Argument(metavar="PATTERN...", help="Files such as stdout.txt, '*.csv', 'wd/**'.")
    ],
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="Where they go.", show_default=False)] = Path(),
    *,
    options: Options,
) -> None:
    """Bring files of a task or node home; of several tasks each to a directory of its own."""
    from batchctl.render.text import shown_path, shown_size
    from batchctl.verbs import files as verb

    if to.exists() and not to.is_dir():
        raise UsageError(f"--to: {to} is no directory")
    out = open_printer(options.no_color)
    opened = open_spec(spec, options, out, names_alone=True)
    files = verb.files_of(opened.spec, opened.cloud, opened.cloud.eyes, task, patterns)
    for said in files.lost:
        out.say(said)
    if not files.found:
        raise NotThere(f"no file of {task} meets {' or '.join(map(repr, patterns))}: `batchctl ls {spec} {task}`")
    due = verb.landings(files, to.absolute())
    if kept := len(files.found) - len(due):
        out.say(f"{plural(kept, 'file')} {'is' if kept == 1 else 'are'} at home already")
    if replaced := [shown_path(item.target) for item in due if item.replaces]:
        require_an_answer(options.yes)
        if not options.yes and not ask_for_yes(out, f"Replace {some(replaced, 3)}, which may differ?"):
            raise Refused(["not approved"])
    if len(due) > 1:
        out.say(f"{plural(len(due), 'file')}, {shown_size(sum(item.blob.size for item in due))}")
    print_events(verb.get(files, due, opened.cloud, opened.cloud.eyes), out)
    out.done("get")
