"""The modules of the house as syntax trees, and what they import."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

PACKAGE = "batchctl"


@dataclass(frozen=True)
class Import:
    """A module, or a name of a module, absolute, with dots. `typing`: for a type checker alone; it is never loaded."""

    name: str
    line: int
    typing: bool = False


@dataclass(frozen=True, eq=False)
class Module:
    """A file at `path`, relative to the package."""

    path: PurePosixPath
    source: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.source)

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        return tuple(self._imports(self.tree, typing=False))

    @cached_property
    def docstring(self) -> str:
        return " ".join((ast.get_docstring(self.tree) or "").split())

    @property
    def name(self) -> str:
        """As it is imported."""
        return ".".join((PACKAGE, *self.path.with_suffix("").parts)).removesuffix(".__init__")

    def _imports(self, node: ast.AST, typing: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                yield from (Import(alias.name, child.lineno, typing) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                module = self._from(child)
                yield from (Import(f"{module}.{alias.name}", child.lineno, typing) for alias in child.names)
            else:
                checked = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
                yield from self._imports(child, typing or checked)

    def _from(self, node: ast.ImportFrom) -> str:
        above = (PACKAGE, *self.path.parent.parts)
        start = above[: len(above) - node.level + 1] if node.level else ()
        return ".".join((*start, *([node.module] if node.module else [])))


class House(Mapping[str, Module]):
    """Modules by the name under which they are imported, in the order of their paths."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        modules = (Module(PurePosixPath(path), source) for path, source in sorted(sources.items()))
        self._modules = {module.name: module for module in modules}

    @classmethod
    def at(cls, folder: Path) -> "House":
        files = folder.rglob("*.py")
        return cls({file.relative_to(folder).as_posix(): file.read_text(encoding="utf-8") for file in files})

    def __getitem__(self, name: str) -> Module:
        return self._modules[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)

    def needs(self, module: Module) -> dict[Module, Import]:
        """The modules of the house that this one imports, and the first import of each."""
        found: dict[Module, Import] = {}
        for one in module.imports:
            if (
                (meant := self._module_of(one.name))
                and meant is not module
                and (meant not in found or found[meant].typing)
            ):
                found[meant] = one
        return found

    def loads(self, module: Module) -> dict[Module, Import]:
        """What is loaded with it: not what a type checker alone reads, but the packages around what it imports."""
        found = {needed: one for needed, one in self.needs(module).items() if not one.typing}
        for needed, one in list(found.items()):
            for depth in range(1, needed.name.count(".") + 1):
                around = self.get(needed.name.rsplit(".", depth)[0])
                if around and not within(module.name, around.name):
                    found.setdefault(around, one)
        return found

    def _module_of(self, name: str) -> Module | None:
        while name and name not in self:
            name = name.rpartition(".")[0]
        return self.get(name)


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def identifiers(node: ast.AST) -> Iterator[str]:
    """The names that a node binds or uses, dotted ones in parts."""
    fields = (getattr(node, name, None) for name in ("id", "attr", "arg", "name", "asname", "module"))
    for value in fields:
        if isinstance(value, str):
            yield from value.split(".")


def line_of(node: ast.AST) -> int:
    return getattr(node, "lineno", 1)


def lives_in(path: PurePosixPath, rooms: tuple[str, ...]) -> bool:
    return any(path == PurePosixPath(room) or PurePosixPath(room) in path.parents for room in rooms) or (
        path == PurePosixPath("local.py") and "local" in rooms
    )
