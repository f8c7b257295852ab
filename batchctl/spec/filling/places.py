"""Places that have a syntax of their own: what comes of an item is a name there, and is written so that it stays one,
or is refused. What variables give is the author's, and goes in as it is. Pure."""

import re
from collections.abc import Callable, Mapping
from posixpath import basename
from urllib.parse import quote

from batchctl.sensitive import FROM_OUTSIDE
from batchctl.spec.filling.shell import PLAIN
from batchctl.spec.source import shown
from batchctl.spec.template import Hole, TemplateError, Values, fill, hole_text, holes, parse_template

WILD = re.compile(r"[*?\[]")
_AUTHORITY = re.compile(r"(?:https?)?://[^/?#]*")
_PLAIN = re.compile(r"[\w./:@=,+%-]*", re.ASCII)
_WITH_MEANING = {False: re.compile(r"[$\\]"), True: re.compile(r"%")}
"""In patterns, beside wildcards: variables are put in before files are looked for (REST: OutputFile.filePattern)."""


def url(template: str, values: Values) -> str:
    """An address: what comes of items is percent-encoded behind the host, slashes stay in the path."""
    written, literal = "", ""
    for part in parse_template(template):
        if isinstance(part, str):
            written, literal = written + part, literal + part
            continue
        value = hole_text(part, values)
        as_it_is = not _of_item(part) or not written or _AUTHORITY.fullmatch(literal)
        written += value if as_it_is else quote(value, safe="" if "?" in literal else "/")
    return written


def words(template: str, values: Values) -> str:
    """Options or an image: characters that part words, or mean something to a shell, cannot come of items."""
    for hole in _item_holes(template):
        if not _PLAIN.fullmatch(value := hole_text(hole, values)):
            message = f"{shown(value)} cannot be put in here, where it would be more than one plain word"
            raise TemplateError(message, "unsafe-placeholder", hole.start, hole.width)
    return fill(template, values)


def command_line(template: str, values: Values) -> str:
    """A command line that is taken as it stands: whether a shell reads it, and how a value must be quoted there, nobody
    can tell. So only plain characters go in, whoever they come of."""
    for hole in holes(template):
        if not PLAIN.fullmatch(hole_text(hole, values)):
            message = (
                f"nothing quotes the value of {hole.text} in a command line that is taken as it stands: "
                "lines for a shell do ('commands'), or use an environment variable"
            )
            raise TemplateError(message, "unsafe-placeholder", hole.start, hole.width)
    return fill(template, values)


URLS = ("httpUrl", "storageContainerUrl", "containerUrl")
WRITERS: Mapping[str, Callable[[str, Values], str]] = {
    **dict.fromkeys(URLS, url),
    **dict.fromkeys(("commandLine", "coordinationCommandLine"), command_line),
    "containerRunOptions": words,
    "imageName": words,
}
"""How values go into the text under a key; everywhere else they go in as they are."""

_NOT_EMPTY = re.compile(r".+", re.DOTALL)
_EMPTY = "what stands here cannot be empty"
_RELATIVE = r"(?!/)(?!(?:.*/)?\.{1,2}(?:/|\Z))"
_NO_WAY_OUT = "a relative path without '.', '..', backslashes and newlines"
_FORMS: Mapping[str, tuple[re.Pattern[str], str]] = {
    "httpUrl": (re.compile(r"https?://[^\s/@]+(?:/.*)?"), "{} is not an http or https address"),
    **dict.fromkeys(URLS[1:], (re.compile(r"https?://[^\s/@]+/[^\s]+"), "{} is not the address of a container")),
    "displayName": (re.compile(r".{1,1024}", re.DOTALL), "{} is empty or longer than 1024 characters"),
    "filePath": (re.compile(rf"{_RELATIVE}[^\\\n\r]+"), f"{{}} is not {_NO_WAY_OUT}"),
    "filePattern": (re.compile(r"[^\n\r]*[^\n\r/\\]"), "{} is not the pattern of files in one line"),
    **dict.fromkeys(
        (
            "blobPrefix",
            "path",
            "imageName",
            "containerRunOptions",
            "affinityId",
            "to",
            "from",
        ),
        (_NOT_EMPTY, _EMPTY),
    ),
}
"""What a text must be once it is filled, as the schema has it for one without placeholders, and what is said else."""


def why_misfit(key: str | int, filled: str) -> str | None:
    """Why a filled text cannot stand under this key."""
    wanted = _FORMS.get(str(key))
    if wanted is None or wanted[0].fullmatch(filled):
        return None
    return wanted[1].format(shown(filled)) if filled else _EMPTY


def output_pattern(template: str, path: str | None, values: Values, *, windows: bool) -> tuple[str, str | None]:
    """(pattern, path) of an output whose wildcards are those of the author alone.

    A wildcard that comes of an item is escaped (`[*]`). What Batch makes of `path` hangs on whether there is one: so
    the path becomes the directory of the blob that was meant. Raises TemplateError where no pattern says it.
    """
    odd = [hole for hole in _item_holes(template) if _meant_by(hole, values, windows)]
    if not odd:
        return fill(template, values), path
    plain, escaped, authors, first = "", "", None, None
    for part in parse_template(template):
        if isinstance(part, str):
            authors = _depth(plain, part) if authors is None and WILD.search(part) else authors
            plain, escaped = plain + part, escaped + part
            continue
        value = hole_text(part, values)
        if part in odd:
            if _WITH_MEANING[windows].search(value) or plain.rfind("[") > plain.rfind("]"):
                raise _unsafe(part, f"{shown(value)} would mean something else in a pattern here")
            first = _depth(plain, value) if first is None else first
        plain += value
        escaped += WILD.sub(r"[\g<0>]", value) if _of_item(part) else value
    assert first is not None  # one of them is odd
    if authors is not None and authors <= first:
        return escaped, path
    below = "/".join(plain.split("/")[first:authors])
    wanted = path or ("" if authors is not None else basename(plain))
    if f"/{wanted}".endswith(f"/{below}"):
        return escaped, wanted.removesuffix(below).rstrip("/") or None
    said = f"{shown(below)} has a wildcard in it, so it is uploaded under that name alone: let `path` end with it"
    raise _unsafe(odd[0], said)


def _depth(before: str, text: str) -> int:
    """How many slashes come before the first wildcard of `text`."""
    found = WILD.search(text)
    return before.count("/") + text.count("/", 0, found.start() if found else 0)


def _meant_by(hole: Hole, values: Values, windows: bool) -> bool:
    value = hole_text(hole, values)
    return bool(WILD.search(value) or _WITH_MEANING[windows].search(value))


def _item_holes(template: str) -> list[Hole]:
    return [part for part in parse_template(template) if isinstance(part, Hole) and _of_item(part)]


def _of_item(hole: Hole) -> bool:
    return not hole.name.startswith(("vars.", *FROM_OUTSIDE))


def _unsafe(hole: Hole, message: str) -> TemplateError:
    return TemplateError(message, "unsafe-placeholder", hole.start, hole.width)
