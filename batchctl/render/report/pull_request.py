"""A run as Markdown, for a pull request: the figures, and what failed with its last words."""

from collections.abc import Iterator

from batchctl.reconcile.decide.causes import failure_words
from batchctl.reconcile.explain.report import FailureGroup, Report
from batchctl.render.markdown import LONGEST, as_code, without_markup
from batchctl.render.report.document import said_line
from batchctl.render.report.figures import figures, verdict, waste_rows
from batchctl.words import plural, some

NAMED = 5


def as_markdown(report: Report) -> str:
    """No longer than a comment may be: causes that do not fit are counted."""
    head = [f"### batchctl report of {as_code(report.spec)}", "", f"**{without_markup(verdict(report))}**", ""]
    head += ["| | |", "| --- | --- |"]
    head += [f"| {without_markup(name)} | {without_markup(value)} |" for name, value in figures(report)]
    text = "\n".join([*head, *_more(report)]) + "\n"
    for number, group in enumerate(report.failures):
        told = "\n".join(_failure_lines(group)) + "\n"
        if len(text) + len(told) > LONGEST:
            return text + f"\nAnd {plural(len(report.failures) - number, 'other cause')}: report.json has them all.\n"
        text += told
    return text


def _more(report: Report) -> Iterator[str]:
    """Why the tasks ran, what was wasted, and what to do next time."""
    rows = [
        *(("why", f"{plural(len(reason.runs), 'task')}: {reason.why}") for reason in report.reasons[:NAMED]),
        *(("waste", f"{what}: {time}, money {money}") for what, time, money, _ in waste_rows(report)),
        *(("next time", f"{advice.says} ({advice.numbers})") for advice in report.advice),
        *(("not known", line) for line in report.unknown),
    ]
    yield from (f"| {name} | {without_markup(said_line(said))} |" for name, said in rows)


def _failure_lines(group: FailureGroup) -> Iterator[str]:
    names = some([run.id for run in group.runs], NAMED)
    yield ""
    yield f"**{len(group.runs)} x {without_markup(failure_words(group.runs[0]))}**: {without_markup(names)}"
    if group.said:
        yield ""
        # Indented by four: no fence that a line of theirs could close.
        yield from (f"    {said_line(line)[:300]}" for line in group.said)
