"""Plans and events as values that a notebook or a program shows: text, HTML, rich."""

import io
from collections.abc import Iterable
from html import escape

from rich.text import Text

from batchctl.reconcile.events import Event, NotFetched, TaskFailed
from batchctl.reconcile.kept.codec import Codec
from batchctl.reconcile.plan import Plan
from batchctl.render.events import event_line
from batchctl.render.failures import stranded_lines, task_failure_lines
from batchctl.render.printer import Printer
from batchctl.render.terminal import Terminal
from batchctl.render.text import disarmed, short_ids, visible_text

WIDTH = 120
PAGE = '<pre style="overflow-x:auto;line-height:normal">{code}</pre>'


def plan_text(plan: Plan, codec: Codec) -> str:
    """As `batchctl plan` writes it into a file."""
    return _shown(plan, codec).export_text().rstrip("\n")


def plan_rich(plan: Plan, codec: Codec) -> Text:
    """With the colours that it has on a terminal."""
    written = _shown(plan, codec).export_text(styles=True)
    return Text.from_ansi(written.rstrip("\n"))


def plan_html(plan: Plan, codec: Codec) -> str:
    """The same as HTML that needs no style sheet; what others wrote is text in it."""
    return _shown(plan, codec).export_html(inline_styles=True, code_format=PAGE)


def text_html(text: str) -> str:
    return PAGE.format(code=escape(text))


def shown_lines(lines: Iterable[str], codec: Codec) -> str:
    """Lines of a result, as a file would have them."""
    console = _recorder()
    page = Printer(console, console)
    page.hide(codec)
    for line in lines:
        page.line(line)
    return console.export_text().rstrip("\n")


def event_text(event: Event, codec: Codec) -> str:
    """What people are told of it; "" where that is nothing."""
    match event:
        case TaskFailed():
            said = "\n".join(task_failure_lines([event]))
        case NotFetched():
            said = "\n".join(stranded_lines([event]))
        case _:
            said = event_line(event) or ""
    return disarmed(short_ids(visible_text(codec.veil(said))))


def _recorder() -> Terminal:
    return Terminal(file=io.StringIO(), record=True, width=WIDTH)


def _shown(plan: Plan, codec: Codec) -> Terminal:
    console = _recorder()
    printer = Printer(console, console)
    printer.hide(codec)
    printer.plan(plan)
    return console
