"""Texts that look like a placeholder and are none: `{ item }`, `{{ item }}`, `{index + 1}`, `${item}`, `{0}`. Pure.

The rule: a name of ours in braces and nothing but that name (`template` has what is one) is a placeholder. A name of
ours in braces with anything of a template language about it is a mistake. So is `${item}`, unless the shell has a
variable of that name, and `{0}`, which counts nothing. All other braces are text: those of brace expansions (`,` and
`..`), of awk and the shell (`$`, `=`, `;`, a newline), of JSON and jq (`: `), and counts in a pattern (`x{3}`).
"""

import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

_WORD = r"[A-Za-z_][A-Za-z0-9_]*"
_SPACE = r"[ \t]*"
_REST = r"[^{};=$\n]*"
_DIVIDED = r"(?:items?|rows?|vars)"
_OURS = rf"(?:{_DIVIDED}|index|key|chunk|hash8)"

_AFTER_DOT = r"\.(?!\.)(?:[^{};=\n,(]|,[ \t]|\([^{}()\n]*\))*+"

MEANT = (
    rf"(?:(?i:{_OURS})\b(?:{_AFTER_DOT}|{_SPACE}[\[!|?]{_REST}|\({_REST}"
    rf"|{_SPACE}[-+*/%]{_SPACE}[\w.]+|[ \t]+(?:or|and|if)[ \t]{_REST})?"
    rf"|(?i:{_DIVIDED})[ \t]+\.{_SPACE}{_WORD}"
    r"|0|[0-9]+:[-<>^=+0-9.,]*[bcdeEfFgGnosxX%])"
)
"""What stands in the braces of one, without the spaces around it."""

MEANT_OF_SHELL = (
    rf"(?:(?:env|keyvault){_SPACE}[:.]{_SPACE}(?:[A-Za-z_][^{{}}]*)?|(?:items?|rows?)(?:\[[0-9]+\])?\.[^{{}}]*|vars\.[^{{}}]*"
    r"|(?:items?|rows?|index|key|chunk|hash8)(?:\[[0-9]+\])?(?::[0-9]*d)?)"
)
"""The same behind a `$`, where the shell's own expansions stand (`${item%.*}`, `${key:0:3}`, `${items[@]}`)."""

_LOOKALIKE = re.compile(
    rf"\$\{{{_SPACE}(?P<shell>{MEANT_OF_SHELL}){_SPACE}\}}"
    rf"|(?<![$@])\{{(?P<double>\{{?){_SPACE}(?P<meant>{MEANT}){_SPACE}\}}(?(double)\}}?)"
)
_NO_NUMBER = re.compile(r"\[\s*(?:-\s*[0-9]+)?\s*\]")
_NAME = re.compile(rf"{_WORD}(?:\s*\[[0-9]+\])?(?:\s*\.\s*{_WORD})*")
_ASSIGNED = re.compile(rf"(?<![\w$.-])({_OURS})(?:\[[^\]\n]{{0,100}}\])?\+?=")
_DECLARED = re.compile(
    r"\b(?:for|select|read|readarray|mapfile|getopts|local|declare|typeset|export|readonly)\b([^\n;|&]{0,200})"
)


class Lookalike(NamedTuple):
    """`text` stands at `start`; `name` is the placeholder that was probably meant."""

    text: str
    start: int
    name: str
    inner: str

    @property
    def escaped(self) -> str:
        """How the text is written that it is not."""
        return f"${self.text}" if self.text.startswith("$") else f"{{{{{self.inner}}}}}"

    @property
    def meaning(self) -> str:
        """The text that `escaped` stands for."""
        return self.text if self.text.startswith("$") else f"{{{self.inner}}}"


def lookalikes(text: str, known: Collection[str], shell: Collection[str] = ()) -> Iterator[Lookalike]:
    """Those in a text without placeholders. `known` are the names of placeholders, `shell` the variables that the
    commands set."""
    for found in _LOOKALIKE.finditer(text):
        inner = (found["shell"] or found["meant"]).strip()
        name = _column_word(inner) or "".join((_NAME.match(_NO_NUMBER.sub("[0]", inner)) or [""])[0].split())
        bare = found["shell"] is not None and "." not in inner and not inner.startswith(("env", "keyvault"))
        # A variable of the shell may have our names: `for key in a b; do echo "${key}"; done`.
        if not bare or (_is_among(name, known) and name.partition("[")[0] not in shell):
            yield Lookalike(found[0], found.start(), name, inner)


def _column_word(inner: str) -> str | None:
    """`row.cost` for `row.cost ($)`: every column can be called by the word that its name makes."""
    found = re.fullmatch(r"(rows?(?:\[[0-9]+\])?\.)([^|!?\[\]]+)", inner)
    return found and found[1] + re.sub(r"\W+", "_", found[2], flags=re.ASCII).strip("_")


def _is_among(name: str, known: Collection[str]) -> bool:
    return name in known or re.sub(r"\[[0-9]+\]", "[0]", name) in known


def shell_variables(commands: str) -> frozenset[str]:
    """Names of ours to which the commands give a value: `key=x`, `for key in …`, `read -r key`."""
    declared = (word for found in _DECLARED.findall(commands) for word in re.findall(rf"(?<![\w$])({_OURS})\b", found))
    return frozenset((*_ASSIGNED.findall(commands), *declared))
