"""Who imports what is not for it: wings, the ground, libraries, the emulator, local."""

import ast
import sys
from collections.abc import Iterator

from tests.house import layout
from tests.house.code import Module, identifiers, line_of, lives_in, within


def wings_apart(module: Module) -> Iterator[tuple[int, str]]:
    mine = module.path.parts[0].removesuffix(".py")
    forbidden = [wing for wing in layout.WINGS if wing != mine] if mine in layout.WINGS else []
    if mine == "verbs":
        forbidden = ["cloud", "render"]
    for one in module.imports:
        if any(within(one.name, f"batchctl.{other}") for other in forbidden):
            yield one.line, f"{mine} imports {one.name}"
        if within(one.name, "batchctl.cli") and mine not in ("cli", "__main__"):
            yield one.line, f"only cli may import {one.name}"


def ground_alone(module: Module) -> Iterator[tuple[int, str]]:
    if len(module.path.parts) > 1 or module.path.stem not in layout.GROUND:
        return
    inside = () if module.path.stem == "errors" else tuple(f"batchctl.{room}" for room in layout.GROUND)
    for one in module.imports:
        standard = one.name.partition(".")[0] in sys.stdlib_module_names
        if not standard and not any(within(one.name, room) for room in inside):
            yield one.line, f"the ground imports {one.name}"


def rooms_of_libraries(module: Module) -> Iterator[tuple[int, str]]:
    for one in module.imports:
        for library, rooms in layout.ONLY_IN.items():
            if within(one.name, library) and not lives_in(module.path, rooms):
                yield one.line, f"only {', '.join(rooms)} may import {library}"
    for node in ast.walk(module.tree):
        if {"import_module", "__import__"} & set(identifiers(node)):
            yield line_of(node), "imports by a name made at run time, which no law could see"


def emulator_apart(module: Module) -> Iterator[tuple[int, str]]:
    inside = module.path.parts[0] == "emulator"
    for one in module.imports:
        if within(one.name, "batchctl") and within(one.name, "batchctl.emulator") != inside:
            if inside:
                yield one.line, f"emulator imports {one.name}"
            elif within(one.name, "batchctl.emulator"):
                yield one.line, f"imports {one.name}, which is reached by HTTP alone"


def local_leans_on_errors(module: Module) -> Iterator[tuple[int, str]]:
    if module.path.parts[0] not in ("local", "local.py"):
        return
    for one in module.imports:
        if within(one.name, "batchctl") and not any(
            within(one.name, f"batchctl.{room}") for room in ("local", "errors")
        ):
            yield one.line, f"local imports {one.name}"
