"""A text changed where it is not looked at as YAML: bytes that come and go, and what YAML has and specs have not."""

import random
from dataclasses import dataclass

import yaml

PIECES = (
    *(": ", "- ", "'", '"', "{", "}", "[", "]", ",", "#", "|", ">", "? ", "%", "@", "`", "&", "*", "!", "\\", "$"),
    *("\t", "\r", "\n", "\x00", "\x1b", "\x85", "\u2028", "\u202e", "\ufeff", "\u0435", "\u0663", "\U0001f600", "  "),
    *("{item}", "{vars.x}", "${env:X}", "\n---\n", "\n...\n", "\n%YAML 1.1\n", "<<: ", "x" * 5000),
)
BYTES = (b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xfe\xff", b"\x80")
"""What is no UTF-8."""
FEATURES = (
    *("&a {}", "*a", "!!int {}", "!foo {}", "!!python/name:os.system {}", "!!binary {}", "!<x> {}", "&a !!str {}"),
    *(
        "|\n      {}",
        ">-\n      {}",
        "|9\n {}",
        "? {}",
        "[{}]",
        "{{a: {}}}",
        "{{{}}}",
        "- {}",
        "{}: {}",
        "{}: ",
        "{} #x",
    ),
    *(
        "~",
        "null",
        "0x10",
        "0o7",
        "1_000",
        "1:30:00",
        ".inf",
        ".nan",
        "1e3",
        "+1",
        "1e999999",
        "2024-13-45",
        "yes",
        "=",
    ),
    *("<<", "'{}", '"{}', '"\\ud800"', '"\\x00"', '"\\U00110000"', "@{}", "%{}", "`{}", "[" * 70, "{{a: " * 70),
    *("- " * 3000, "9" * 5000, "'" + "a" * 70_000 + "'", "", " ", "{} {}", "'{}'", '"{}"'),
)
"""What takes the place of a value; `{}` is the value."""


@dataclass(frozen=True)
class Struck:
    """A change of a text: in which line (1-based), and the words that stand or stood there."""

    how: str
    line: int
    words: frozenset[str]

    def lines(self, text: str) -> range:
        """Where the changed text can be wrong: there, and in the next line that says something, for what is YAML so far
        shows there first. Where the text was cut, what lies above may miss what came."""
        written = [number for number, line in enumerate(text.splitlines(), 1) if line.strip(" ")]
        struck = self.line + {"piece": 2, "swapped": 1}.get(self.how, 0)
        last = min((number for number in written if number > struck), default=struck)
        return range(1 if self.how == "cut" else self.line, last + 1)


def struck(text: str, chance: random.Random) -> tuple[bytes, Struck]:
    """The text with one change, as bytes."""
    how = chance.choice(
        ("piece", "piece", "gone", "bytes", "cut", "twice", "swapped", "indented", "feature", "feature")
    )
    if how == "feature" and (featured := _featured(text, chance)):
        return featured
    lines = text.splitlines(keepends=True) or [""]
    row = chance.randrange(len(lines))
    line = lines[row]
    column = chance.randrange(max(1, len(line.rstrip("\n"))))
    before, after = line[:column], line[column:]
    done = Struck(how, row + 1, _words(line + (lines[row + 1] if how == "swapped" and row + 1 < len(lines) else "")))
    if how == "bytes":
        changed = chance.choice(BYTES)
        return "".join(lines[:row]).encode() + before.encode() + changed + "".join(
            (after, *lines[row + 1 :])
        ).encode(), done
    if how == "cut":
        return "".join((*lines[:row], before)).encode(), done
    if how == "piece":
        lines[row] = before + chance.choice(PIECES) + after
    elif how == "gone":
        lines[row] = before + after[chance.choice((1, 1, 1, 2, 5)) :]
    elif how == "twice":
        lines[row] = line * chance.choice((2, 2, 2, 100))
    elif how == "swapped":
        lines[row : row + 2] = reversed(lines[row : row + 2])
    else:
        lines[row] = chance.choice((" ", "  ", "\t")) + line if chance.random() < 0.6 else line[1:]
    return "".join(lines).encode("utf-8", "surrogatepass"), done


def _featured(text: str, chance: random.Random) -> tuple[bytes, Struck] | None:
    """One value, or one key, written as YAML can write it and a spec does not; None where that is not to be found."""
    try:
        scalars = [token for token in yaml.scan(text, yaml.CSafeLoader) if isinstance(token, yaml.ScalarToken)]
    except yaml.YAMLError:
        return None
    if not scalars:
        return None
    token = chance.choice(scalars)
    start, end = token.start_mark, token.end_mark
    old = text[start.index : end.index].rstrip()
    new = chance.choice(FEATURES)
    new = new.replace("{{", "{").replace("}}", "}").replace("{}", old) if "{}" in new else new
    done = Struck("feature", start.line + 1, _words(old) | {old.strip("'\"")})
    return (text[: start.index] + new + text[start.index + len(old) :]).encode("utf-8", "surrogatepass"), done


def _words(text: str) -> frozenset[str]:
    return frozenset(word.strip("'\"{}[],:") for word in text.split()) - {"", "-"}


def rewritten(text: str, chance: random.Random) -> str:
    """The same document otherwise: in flow, as blocks, wider, with comments, with other ends of lines."""
    node = yaml.compose(text, yaml.CSafeLoader)
    flow = chance.choice((True, False))
    for part in _nodes(node):
        if isinstance(part, yaml.CollectionNode):
            part.flow_style = flow
    written: str = yaml.serialize(node, Dumper=yaml.CSafeDumper, allow_unicode=True, width=chance.choice((40, 1 << 20)))
    if chance.random() < 0.3:
        written = f"# {chance.choice(('x', 'pool:', '---'))}\n{written}"
    if chance.random() < 0.3:
        written = written.replace("\n", "\r\n")
    return "\ufeff" + written if chance.random() < 0.2 else written


def _nodes(node: yaml.Node) -> list[yaml.Node]:
    found, left = [], [node]
    while left:
        part = left.pop()
        found.append(part)
        if isinstance(part, yaml.MappingNode):
            left += [inner for pair in part.value for inner in pair]
        elif isinstance(part, yaml.SequenceNode):
            left += part.value
    return found
