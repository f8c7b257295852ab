"""RESULTS.md written part by part: what was measured before a run was stopped is kept."""

import re
from collections.abc import Mapping, Sequence

HEAD = """# Benchmarks

Written by `python -m benchmarks`: medians of interleaved rounds, each figure beside its peer in the same run. Absolute
numbers are those of one machine on one day; read the ratios (ours / theirs; less is better unless a unit is a rate) and
the counts, which are exact.
"""
ABOUT = re.compile(r"(?m)^\d{4}-\d\d-\d\d ")
"""Where a part begins in a section that has but one: with the day it was measured."""
WHOLE = "measured before as a whole"
"""What such a part is called in a section that has several now."""


def put(text: str, titles: Sequence[str], title: str, about: str, parts: Mapping[str, str | None]) -> str:
    """RESULTS.md with a section of these parts, in their order, those of None as they stand there now.

    What stands there of other parts stays until all of these do.
    """
    sections = {part.split("\n", 1)[0]: f"## {part}" for part in re.split(r"(?m)^## ", text)[1:]}
    there = _parts(sections.get(title, ""))
    known = {name: said if said is not None else there.get(name) for name, said in parts.items()}
    found = {name: said for name, said in known.items() if said}
    if len(found) < len(parts):
        found |= {name or WHOLE: said for name, said in there.items() if name not in found}
    blocks = [f"### {name}\n\n{said.strip()}\n" if name else f"{said.strip()}\n" for name, said in found.items()]
    sections[title] = "\n".join([f"## {title}\n\n{about.strip()}\n", *blocks])
    return "\n".join([HEAD, *(sections[one].rstrip() + "\n" for one in titles if one in sections)])


def _parts(section: str) -> dict[str, str]:
    """By name; what stands before the first name has none."""
    first, *named = re.split(r"(?m)^### ", section)
    found = {}
    for part in named:
        name, said = part.split("\n", 1)
        found[name] = said
    begin = ABOUT.search(first)
    return found | ({"": first[begin.start() :]} if begin else {})
