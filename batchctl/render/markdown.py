"""A plan for a pull request: the summary first, then every change as a diff that GitHub colours."""

from collections.abc import Iterator

from batchctl.reconcile.kept.document import Header
from batchctl.reconcile.plan import Action, Plan
from batchctl.render.changes import detail_lines, ending_line, fetch_line, headline
from batchctl.render.events import ceiling_line, summary_line
from batchctl.words import one_line

SIGNS = {Action.CREATE: "", Action.UPDATE: "! ", Action.REPLACE: "! ", Action.DELETE: "", Action.ADOPT: "! "}
"""What comes first so that GitHub colours the line: `+` and `-` do it themselves."""

LONGEST = 60_000
"""Characters; a comment on GitHub takes 65,536."""


def as_markdown(header: Header, plan: Plan) -> str:
    """The whole plan, or as much of it as one comment takes."""
    lines = list(_diff_lines(plan))
    shown, length = [], 0
    for number, line in enumerate(lines):
        length += len(line) + 1
        if length > LONGEST:
            shown.append(f"# … and {len(lines) - number} more lines: batchctl show has them all")
            break
        shown.append(line)
    # A fence that no name in it can close.
    fence = "`" * max(3, 1 + max((_longest_run(line) for line in shown), default=0))
    over = "".join(f" with {as_code(file)}" for file, _ in header.overlays)
    head = [f"### batchctl plan of {as_code(header.spec)}{over}", "", f"**{without_markup(summary_line(plan))}**", ""]
    head += [without_markup(ceiling_line(plan.ceiling)), ""] if plan.ceiling else []
    body = [f"{fence}diff", *shown, fence, ""] if shown else []
    refused = [f"> [!CAUTION]\n> refused: {without_markup(reason)}\n" for reason in plan.refusals]
    notes = [f"> [!NOTE]\n> {without_markup(note)}\n" for note in plan.notes]
    return "\n".join([*head, *refused, *body, *notes, _footer(header)]) + "\n"


def _diff_lines(plan: Plan) -> Iterator[str]:
    for change in plan.changes:
        yield SIGNS[change.action] + one_line(headline(change).strip())
        sign = SIGNS[change.action] or change.action.value
        yield from (f"{sign:<6}{one_line(line)}" for line in detail_lines(change))
    for entry in plan.later:
        yield one_line(f"+ tasks {entry.label}: expanded when {entry.after} is done")
    for ending in plan.endings:
        yield one_line(f"! {ending_line(ending)[2:]}")
    for fetch in plan.fetches:
        yield one_line(f"  < {fetch_line(fetch)}")


def _footer(header: Header) -> str:
    target = f"{as_code(header.target.batch)} and {as_code(header.target.storage)}"
    return f"For {target}; made {header.made:%Y-%m-%d %H:%M} UTC, stands until {header.expires:%Y-%m-%d %H:%M} UTC."


def _longest_run(text: str) -> int:
    """Of backticks."""
    return max(len(run) for run in "".join(c if c == "`" else " " for c in text).split(" "))


def as_code(text: str) -> str:
    return "`" + one_line(text).replace("`", "'") + "`"


def without_markup(text: str) -> str:
    """Text in which nothing is markup: names come from strangers."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>#|@" else c for c in one_line(text))
