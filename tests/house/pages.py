"""What docs/design.md and CONTRIBUTING.md say of rooms, files and laws, between markers that say who writes it."""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from tests.house.code import PACKAGE, House
from tests.house.laws import LAWS
from tests.house.layout import GROUND, ORDER, OTHERS

ROOT = Path(__file__).parents[2]
WIDTH, NAMES = 120, 28
PICTURE = (
    ("         cli/           library/", "two doors: for people, for programs"),
    ("  opening/        render/        verbs/", "which account | what is said | what is done"),
    ("  spec/        reconcile/        cloud/", "three wings, no corridor between them"),
    *(
        (f"  {' '.join(f'{name}.py' for name in GROUND[at : at + 4])}", "" if at else "the ground")
        for at in range(0, len(GROUND), 4)
    ),
    ("  - - - - - - - - - - - - - - - - - - - -", ""),
    ("  emulator/", "another house on the same lot, reached by HTTP alone"),
    ("  local/", "starts and stops it, and Azurite beside it"),
)
"""(what is drawn, what it is)."""


def written(page: str, house: House) -> str:
    """The page with everything between its markers written anew. A marker that nobody knows raises KeyError."""

    def part(found: re.Match[str]) -> str:
        return f"{found['begin']}\n{PARTS[found['name']](house)}\n{found['end']}"

    return re.sub(r"(?s)(?P<begin><!-- (?P<name>\w+): [^>]*-->).*?(?P<end><!-- end -->)", part, page)


def picture(_house: House) -> str:
    return "\n".join(["```text", *(f"{drawn:52}{what}".rstrip() for drawn, what in PICTURE), "```"])


def files(house: House) -> str:
    """Every folder and file, and what its docstring says first."""
    return "```text\n" + "\n".join(_listed(house, PurePosixPath(), PACKAGE)) + "\n```"


def laws(_house: House) -> str:
    return "\n".join(f"{law.number}. {_wrapped(f'{law.text} *{law.reason}*', 3).lstrip()}" for law in LAWS)


def short_laws(_house: House) -> str:
    return "\n".join(f"{law.number}. {_wrapped(law.text, 3).lstrip()}" for law in LAWS)


def order(_house: House) -> str:
    lines = []
    for folder, rows in ORDER.items():
        names = ["{" + ", ".join(row) + "}" if row[1:] else row[0] for row in rows]
        below = ["the files beside them" if name == OTHERS else name for name in names]
        lines.append(f"{f'{folder or PACKAGE}/':12}{' -> '.join(below)}")
    return "```text\n" + "\n".join(lines) + "\n```"


PARTS: Mapping[str, Callable[[House], str]] = {
    "picture": picture,
    "files": files,
    "laws": laws,
    "short_laws": short_laws,
    "order": order,
}
PAGES = ("docs/design.md", "CONTRIBUTING.md")


def _listed(house: House, folder: PurePosixPath, name: str, depth: int = 0) -> Iterator[str]:
    """Files first, then folders, each with its own."""
    inside = [module for module in house.values() if folder in module.path.parents]
    yield _line(f"{name}/", _first(house, folder / "__init__.py"), depth)
    for module in inside:
        if module.path.parent == folder and module.path.stem != "__init__":
            yield _line(module.path.name, _first(house, module.path), depth + 1)
    rooms = sorted({module.path.relative_to(folder).parts[0] for module in inside if module.path.parent != folder})
    for room in rooms:
        yield from _listed(house, folder / room, room, depth + 1)


def _line(name: str, text: str, depth: int) -> str:
    return f"{'  ' * depth + name:28}{text}".rstrip()


def _first(house: House, path: PurePosixPath) -> str:
    """The first sentence of a docstring; of a long one, what stands before its colon."""
    said = next((module.docstring for module in house.values() if module.path == path), "")
    sentence = re.split(r"\.(?=\s|$)|(?<=\?)\s", said, maxsplit=1)[0]
    return sentence if len(sentence) <= WIDTH - NAMES else re.split(r"[:;]\s", sentence, maxsplit=1)[0]


def _wrapped(text: str, indent: int) -> str:
    lines = [""]
    for word in text.split(" "):
        if indent + len(f"{lines[-1]} {word}") > WIDTH:
            lines.append("")
        lines[-1] += f"{' ' * bool(lines[-1])}{word}"
    return "\n".join(" " * indent + line for line in lines)
