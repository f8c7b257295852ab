"""What Batch takes of a spec and seldom does what was meant, as notes at their places. Pure."""

import re
from collections.abc import Callable, Iterator
from pathlib import PurePath

from batchctl.errors import Problem
from batchctl.spec.model import Spec
from batchctl.spec.source import At, shown
from batchctl.spec.template import parse_template
from batchctl.vm_abilities import FAMILIES
from batchctl.vm_sizes import parts_of_size
from batchctl.words import plural
from batchctl.work import INSTALLS, is_no_administrator, unexpanded_names

MOST = 5
"""Notes of a spec in a plan."""
OTHER_SHELLS = r"^\W*(?:\S*[\\/])?(?:powershell|pwsh|bash|sh|wsl|perl)(?:\.exe)?\b"
BASH_ON_WINDOWS = (
    (r"(?:^|(?<=[&|(]))\s*(export\s+\w+=)", "cmd has no `export`: write `set NAME=value`, as an item of its own"),
    (r"(?:^|(?<=[&|(]))\s*(source|\.)(?=\s)", "cmd has no `source`: write `call file.cmd`"),
    (r"(\$\([^)]*\))", "cmd runs no command inside another: write `for /f %i in ('…') do …`"),
    (r"(\$\{?[A-Z_][A-Z0-9_]*\b\}?)", "cmd knows no $: its variables are %NAME%"),
    (r"(?:^|(?<=[\s=]))('[^']*\s[^']*')", "for cmd ' is a letter like any other: quote with \""),
    (r"(/dev/null)\b", "on Windows it is NUL"),
    (
        r"(?:^|(?<=[&|(]))\s*(rm|cp|mv|ls|cat|touch|chmod|chown|sudo|apt|apt-get)(?=\s)",
        "it is no program of Windows: its own are `del`, `copy`, `move`, `dir`, `type`",
    ),
)
"""What bash has and cmd has not, and what is written there (Learn, "windows-commands")."""


def doubts(spec: Spec) -> Iterator[Problem]:
    """A note for each piece of DOUBTS."""
    for rule in DOUBTS:
        yield from rule(spec)


def doubts_for_plans(spec: Spec) -> tuple[str, ...]:
    """Those that a plan cannot find out by itself, each with its line."""
    found = sorted(problem for rule in TEXT_ALONE for problem in rule(spec))
    more = [f"{plural(len(found) - MOST, 'more note')}: `batchctl validate` has them all"] if len(found) > MOST else []
    return (*(f"{PurePath(one.file).name}:{one.line}: {one.message}" for one in found[:MOST]), *more)


def bash_is_not_cmd(spec: Spec) -> Iterator[Problem]:
    if spec.pool is None or not spec.pool.windows:
        return
    for at, text in _texts(spec, "commands"):
        found = None if re.search(OTHER_SHELLS, text, re.IGNORECASE) else _first_of_bash(text)
        if found:
            said = f"{shown(found[0][1])}: {found[1]}"
            yield spec.problem(at, said, "windows-command", offset=found[0].start(1), width=len(found[0][1]))


def _first_of_bash(text: str) -> tuple[re.Match[str], str] | None:
    """The first that stands in the text; quotes of `for /f` are cmd's own."""
    rows = [(m, why) for pattern, why in BASH_ON_WINDOWS if (m := re.search(pattern, text))]
    is_own = re.search(r"\bfor\s+/f\b", text, re.IGNORECASE) is not None
    return min(
        ((m, why) for m, why in rows if not (is_own and m[1][0] == "'")), key=lambda r: r[0].start(1), default=None
    )


def no_shell_reads_it(spec: Spec) -> Iterator[Problem]:
    """Learn, "Environment expansion of command lines": the service runs no shell."""
    known = {text for at, text in spec.source.scalars.items() if at[-1] == "name" and "ironmentSettings" in str(at)}
    lines: dict[At, list[tuple[At, str]]] = {}
    for at, text in _texts(spec, "command"):
        lines.setdefault(at[:-1], []).append((at, text))
    lines |= {at: [(at, text)] for at, text in spec.source.scalars.items() if at[-1] == "commandLine"}
    for parts in lines.values():
        names = unexpanded_names(" ".join(text for _, text in parts), known)
        for name in names:
            yield from _unexpanded(spec, name, parts)


def _unexpanded(spec: Spec, name: str, parts: list[tuple[At, str]]) -> Iterator[Problem]:
    for at, text in parts:
        if found := re.search(rf"\$(?:{name}\b|\{{{name}\}})", text):
            message = f"no shell reads this: {found[0]} stays as it is; 'commands' have a shell"
            yield spec.problem(at, message, "no-shell", offset=found.start(), width=len(found[0]))
            return


def installing_needs_an_administrator(spec: Spec) -> Iterator[Problem]:
    """Learn, "Run tasks under user accounts": a task is no administrator unless it asks to be."""
    for work in spec.works:
        lines = [(at, text) for at, text in _texts(spec, "commands") if at[: len(work.at)] == work.at]
        whole = "\n".join(text for _, text in lines)
        found = ((at, found) for at, text in lines if (found := re.search(INSTALLS, text)))
        for at, program in [*found][:1] if is_no_administrator(work.wanted, whole) else ():
            message = "an administrator alone may: give it 'elevationLevel: admin'"
            yield spec.problem(at, message, "not-elevated", offset=program.start(), width=len(program[0]))


def spot_nodes_talk(spec: Spec) -> Iterator[Problem]:
    """Learn, "Use Spot VMs with Batch workloads": one node that is taken away can make a whole MPI task run again."""
    pool = spec.pool.wanted if spec.pool else None
    if pool and pool.enable_inter_node_communication and pool.target_spot_nodes:
        message = "when one of them is taken away, a task on several nodes runs anew: use dedicated nodes alone"
        yield spec.problem(("pool", "targetSpotNodes"), message, "spot-inter-node")


def braces_stay_doubled(spec: Spec) -> Iterator[Problem]:
    """Who knows that `{{item}}` is the text `{item}` may double the braces of PowerShell's blocks as well."""
    lines = [(at, text) for at, text in spec.source.scalars.items() if at[-1] == "commandLine"]
    for at, text in (*_texts(spec, "commands"), *_texts(spec, "command"), *lines):
        literal = "".join(part for part in parse_template(text) if isinstance(part, str)) if "{{" in text else ""
        for found in re.finditer(r"\{\{[^{}]*\}\}", text) if "{{" in literal else ():
            if found[0] in literal and ("$_" in found[0] or re.search(r"\b(powershell|pwsh)\b", text, re.IGNORECASE)):
                message = (
                    f"both braces stay, for they stand around no placeholder: {shown(found[0][1:-1])} is text as it is"
                )
                yield spec.problem(at, message, "doubled-braces", offset=found.start(), width=len(found[0]))
                break


def hidden_nodes_have_a_way_out(spec: Spec) -> Iterator[Problem]:
    """Learn, "Create a simplified node communication pool without public IP addresses": outbound access."""
    at = ("pool", "networkConfiguration", "publicIPAddressConfiguration", "provision")
    subnet = ("pool", "networkConfiguration", "subnetId")
    if spec.source.scalars.get(at, "").lower() == "nopublicipaddresses" and subnet in spec.source.scalars:
        message = (
            "these nodes reach storage, packages and registries only if the subnet has a way out: a NAT gateway, "
            "a firewall, or private endpoints"
        )
        yield spec.problem(at, message, "way-out")


def family_is_known(spec: Spec) -> Iterator[Problem]:
    size = spec.pool.wanted.vm_size if spec.pool else ""
    parts = parts_of_size(size)
    if parts and parts.family not in FAMILIES:
        message = f"batchctl knows of no VM sizes that begin with {shown(parts.family.upper())}: Azure may refuse it"
        yield spec.problem(("pool", "vmSize"), message, "vm-size")


def _texts(spec: Spec, key: str) -> Iterator[tuple[At, str]]:
    """The items of every list of this name."""
    return ((at, text) for at, text in spec.source.scalars.items() if len(at) > 1 and at[-2] == key)


TEXT_ALONE: tuple[Callable[[Spec], Iterator[Problem]], ...] = (
    bash_is_not_cmd,
    braces_stay_doubled,
    hidden_nodes_have_a_way_out,
    family_is_known,
)
"""What the text of a spec tells, and its resources do not."""
DOUBTS: tuple[Callable[[Spec], Iterator[Problem]], ...] = (
    *TEXT_ALONE,
    no_shell_reads_it,
    installing_needs_an_administrator,
    spot_nodes_talk,
)
