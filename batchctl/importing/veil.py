"""Secrets in the middle of texts that an importer carries: a variable of the environment takes the place of each."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from batchctl.importing.found import At, Document, Found, dotted
from batchctl.importing.report import Line, Verdict
from batchctl.sensitive import SECRETS

SIGNED = re.compile(r"(?<=\?)[^\s'\"{}<>]*\bsig=[^\s'\"{}<>]*", re.IGNORECASE)
"""All behind the ? of an address that is signed."""

NAMED = (("SAS", SIGNED), *(("SECRET", pattern) for pattern in SECRETS.values()))
COMMANDS = ("commandLine", "command", "commands")


def veiled(document: Any, files: Sequence[Found], at: At = ()) -> Any:
    """The same without them; what becomes of each is told."""
    if isinstance(document, dict):
        found = {name: veiled(inner, files, (*at, name)) for name, inner in document.items() if name not in COMMANDS}
        commands = {name: document[name] for name in COMMANDS if name in document}
        return _in_order(document, found | _commands(commands, found, files, at)) if commands else found
    if isinstance(document, list):
        return [veiled(inner, files, (*at, number)) for number, inner in enumerate(document)]
    return _without(document, files, dotted(at), "${{env:{}}}", []) if isinstance(document, str) else document


def _commands(commands: Document, found: Document, files: Sequence[Found], at: At) -> Document:
    """A command has it as a variable of its task, which a shell puts in: nothing else could quote it."""
    used: list[str] = []
    made: Document = {}
    for name, said in commands.items():
        to = dotted((*at, name))
        form = "%{}%" if str(said).startswith("cmd") else "${}"
        if isinstance(said, list):
            made[name] = [_without(line, files, to, form, used) for line in said]
        else:
            made[name] = _without(str(said), files, to, form, used) if isinstance(said, str) else said
    if used:
        settings = [{"name": one, "value": f"${{env:{one}}}"} for one in dict.fromkeys(used)]
        made["environmentSettings"] = [*found.get("environmentSettings", ()), *settings]
    return made


def _in_order(document: Document, found: Document) -> Document:
    return {name: found[name] for name in dict.fromkeys([*document, *found])}


def _without(text: str, files: Sequence[Found], to: str, form: str, used: list[str]) -> str:
    for name, pattern in NAMED:
        while (secret := pattern.search(text)) is not None:
            variable = _variable(secret[0], name, files, to)
            used.append(variable)
            text = text[: secret.start()] + form.format(variable) + text[secret.end() :]
    return text


def _variable(secret: str, name: str, files: Sequence[Found], to: str) -> str:
    report = files[0].report
    variable = report.variable(secret, name)
    why = f"a secret is not copied: set {variable} to it in the environment"
    if (found := next(_places(secret, files), None)) is not None:
        found.changed(to, why)
    else:
        report.lines.append(Line(files[0].source.file, 1, 1, to, Verdict.CHANGED, to, why))
    return variable


def _places(secret: str, files: Sequence[Found]) -> Iterator[Found]:
    for found in files:
        if found.is_mapping or found.is_list:
            yield from _places(secret, found.inside())
        elif secret in found.node.text:
            yield found
