"""The laws of docs/design.md section 2. Each is a value: what holds, why, and where a thing belongs that breaks it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from tests.house import circles, layout, order, purity, streets, words
from tests.house.code import House, Module

Found = Iterator[tuple[Module, int, str]]
"""(module, line, what it does)."""


@dataclass(frozen=True)
class Law:
    """`text`: what holds. `reason`: why. `instead`: where what breaks it belongs. `look`: all that breaks it."""

    number: int
    text: str
    reason: str
    instead: str
    look: Callable[[House], Found]


@dataclass(frozen=True, order=True)
class Breach:
    """What one file does against one law."""

    number: int
    path: PurePosixPath
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}"


def breaches(house: House) -> list[Breach]:
    """All that the house does against the laws."""
    return sorted(
        {Breach(law.number, module.path, line, what) for law in LAWS for module, line, what in law.look(house)}
    )


def told(found: Sequence[Breach]) -> str:
    """Each law that is broken: what it says, why, every breach, and what to do instead."""
    lines = []
    for law in LAWS:
        if mine := [breach for breach in found if breach.number == law.number]:
            lines += ["", f"Law {law.number}: {law.text}", f"  Why: {law.reason}", f"  Instead: {law.instead}"]
            lines += [f"    {breach}" for breach in mine]
    return "\n".join(lines)


def each(look: Callable[[Module], Iterator[tuple[int, str]]]) -> Callable[[House], Found]:
    """A law that looks at one module after the other."""
    return lambda house: ((module, line, what) for module in house.values() for line, what in look(module))


def _address(module: Module) -> Iterator[tuple[int, str]]:
    yield from words.local_is_an_address(module)
    yield from streets.local_leans_on_errors(module)


def _listed(rooms: Sequence[str]) -> str:
    names = [f"`{room}`" if room.endswith(".py") else f"`{room}/`" for room in rooms]
    return " and ".join([*([", ".join(names[:-1])] if names[1:] else []), names[-1]])


LAWS = (
    Law(
        1,
        "`spec/`, `reconcile/` and `cloud/` never import each other. `verbs` imports no `cloud` and no `render`. "
        "Nothing imports `cli`.",
        "What is wanted, what is decided and what is done change for different reasons, and each is tested without "
        "the others.",
        "What two wings say to each other is a value of the ground (`resources.py`, `cloud_answers.py`); what a wing "
        "asks of a cloud is a method of `reconcile/port.py`; `verbs/` brings wings together.",
        each(streets.wings_apart),
    ),
    Law(
        2,
        f"The ground ({', '.join(f'`{name}.py`' for name in layout.GROUND)}) imports the standard library and itself "
        "alone.",
        "Everything stands on it: what it imported, every command would load and every wing would depend on.",
        "What needs a library or a wing is no vocabulary: it belongs to the wing that uses it.",
        each(streets.ground_alone),
    ),
    Law(
        3,
        "Each library has its room: "
        + "; ".join(f"{library} only in {_listed(rooms)}" for library, rooms in layout.ONLY_IN.items())
        + ". Nothing is imported by a name made at run time.",
        "Each library has one room that speaks its language, so that another version of it is met in one place, and a "
        "command loads what it uses alone.",
        "The room of the library, behind a function that takes and gives values of ours.",
        each(streets.rooms_of_libraries),
    ),
    Law(
        4,
        "Nothing imports `emulator`, and it imports nothing of batchctl.",
        "Client and emulator each read the REST contract alone, with the official SDK as the judge between them, so "
        "that a shared misreading cannot hide.",
        "What both need stands in both; what a test needs of both, it asks by HTTP.",
        each(streets.emulator_apart),
    ),
    Law(
        5,
        "Local is an address, not a class: the words `local` and `emulator` occur only in `cloud/connect.py`, "
        "`opening/target.py`, `local/`, `cli/` and help texts. No `if local` anywhere else. Of batchctl, `local/` "
        "knows `errors` alone.",
        "What behaves differently on the local service was not tested by it.",
        "A difference between accounts is a value of `Target`, made in `cloud/connect.py`.",
        each(_address),
    ),
    Law(
        6,
        f"`KINDS = {words.KINDS}` is the only order: made in this order, unmade in reverse.",
        "What is made needs what was made before it; two orders would come to differ.",
        "Walk through `KINDS`, or through `reversed(KINDS)`.",
        each(words.kinds_in_order),
    ),
    Law(
        7,
        f"No file is named {', '.join(layout.NO_NAME[:-1])} or {layout.NO_NAME[-1]}.",
        "Such a name says nothing of what is inside, so everything ends up there.",
        "A file is named after what it knows or does; what fits into none is a file of its own.",
        each(words.file_names),
    ),
    Law(
        8,
        "Pure is pure: a module whose docstring says so, or whose folder's does, uses no clock, randomness, file, "
        "environment or socket, and loads no module that does, however far away. An exception is named: Pure but for "
        f"`random`. {_listed(layout.PURE)} say so.",
        "What is decided from values alone is tested without a world around it, and read without thinking of one.",
        "The outside fact is taken where effects are (`verbs/`, `cloud/`, what reads files in `spec/`) and handed in; "
        "a value that stands beside effects moves to a module without them. Or the docstring claims less.",
        purity.impure,
    ),
    Law(
        9,
        "Folders have an order, and imports go down alone; rooms that are side by side do not know each other.",
        "A reader who knows the order knows where to look, and what a change can reach.",
        "What both need moves down to a room that both stand on; what calls upwards is handed in as an argument. A new "
        "room gets its place in `ORDER` of `tests/house/layout.py`.",
        order.against,
    ),
    Law(
        10,
        "No modules import each other in a circle, not even for a type checker; the emulator has no import for a type "
        "checker alone.",
        "A circle is one module in several files: none can be read, tested or moved without the others.",
        "The value that both name moves down to a module of its own; the function that is called upwards is handed in.",
        circles.found,
    ),
    Law(
        11,
        f"No folder has more than {layout.MOST_MODULES} modules.",
        "A list that does not fit into one look is searched, not read.",
        "The modules that always change together become a room with a name.",
        words.full_folders,
    ),
    Law(
        12,
        "No pattern has `\\d` without `re.ASCII`, or ends with `$`.",
        "`\\d` takes the digits of every script, and `$` stands before a newline at the end too: what the next reader "
        "does not take would pass.",
        "`[0-9]`; `\\Z`, or `fullmatch`.",
        each(words.patterns_of_ascii),
    ),
)
