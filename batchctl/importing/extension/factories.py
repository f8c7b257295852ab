"""Task factories of the extension: what they go over, and texts in which their values stand."""

import re
from collections.abc import Callable, Mapping

from batchctl.importing.found import Found
from batchctl.importing.sweeps import Sweep
from batchctl.importing.templates import UnsayableError, hole, joined
from batchctl.spec.template import Hole

OPEN, CLOSE = "\ue800", "\ue801"
NUMBERED = re.compile(r"\{([0-9]+)(?::([0-9]+))?\}")
NAMED = re.compile(r"\{(url|filePath|fileName|fileNameWithoutExtension)\}")

FILES: Mapping[str, str] = {"filePath": "item.path", "fileName": "item.name", "fileNameWithoutExtension": "item.stem"}

Say = Callable[[Found], str]


def sweep_of(factory: Found) -> Sweep:
    """`end` is included; the last set turns fastest. Raises SpecError."""
    sets = factory.need("parameterSets")
    axes = []
    for axis in sets.members():
        start, end = axis.need("start").whole(), axis.need("end").whole()
        step = axis.known("start", "end", "step").get("step")
        by = step.whole() if step else 1
        if by == 0 or (end - start) * by < 0:
            axis.wrong("no number lies between start and end in such steps")
        axes.append(range(start, end + (1 if end >= start else -1), by))
        if step is None:
            axis.changed("job.tasks[].forEach", "the tool wants a step; taken for 1")
    sets.carried("job.tasks[].forEach", "`end` is included; the last set turns fastest")
    return Sweep(axes=tuple(axes))


def say_numbers(sweep: Sweep) -> Say:
    """Texts with `{0}` and `{0:3}`; other braces are doubled."""

    def made(found: re.Match[str], at: Found) -> Hole:
        number, width = int(found[1]), int(found[2] or 0)
        if number >= len(sweep.axes):
            at.wrong(f"{found[0]} counts from {{0}}, and there are {len(sweep.axes)} sets")
        if found[2] and (not 1 <= width <= 9 or any(int(value) < 0 for value in sweep.axes[number])):
            at.wrong(f"{found[0]}: the tool takes 1 to 9 digits, and no negative number")
        return hole(sweep.names[number], f"0{width}d" if width > 1 else "")

    return lambda at: _said(at, NUMBERED, made)


def say_files(at: Found) -> str:
    """Texts with `{filePath}`, `{fileName}`, `{fileNameWithoutExtension}`."""

    def made(found: re.Match[str], at: Found) -> Hole:
        if found[1] == "url":
            at.wrong("{url} has a signature, which no placeholder has: let resourceFiles bring the file")
        return hole(FILES[found[1]])

    return _said(at, NAMED, made)


def _said(at: Found, pattern: re.Pattern[str], made: Callable[[re.Match[str], Found], Hole]) -> str:
    # As the tool does it: doubled braces first, those that close from behind.
    text = at.text().replace("{{", OPEN)[::-1].replace("}}", CLOSE)[::-1]
    pieces: list[str | Hole] = []
    end = 0
    for found in pattern.finditer(text):
        pieces += [text[end : found.start()], made(found, at)]
        end = found.end()
    pieces.append(text[end:])
    if any("{" in piece or "}" in piece for piece in pieces if isinstance(piece, str)):
        at.wrong("a brace that is none of a placeholder: the tool wants {{ and }}")
    try:
        return joined(p.replace(OPEN, "{").replace(CLOSE, "}") if isinstance(p, str) else p for p in pieces)
    except UnsayableError:
        at.wrong("no text of a spec stands for this one: braces right around a value")
