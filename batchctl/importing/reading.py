"""The text of a file that is imported, to what it holds."""

from pathlib import Path

from batchctl.errors import SpecError, UsageError
from batchctl.importing.found import Found
from batchctl.importing.json_nodes import json_nodes
from batchctl.importing.report import Report
from batchctl.spec.load import read_source
from batchctl.spec.reading.compose import compose_nodes
from batchctl.spec.source import Source

SUFFIXES = (".yaml", ".yml", ".json", ".toml", ".tsv")
"""What of a folder is looked at."""


def source_files(paths: list[Path]) -> list[Path]:
    """The files that are named, and those of folders that are. Raises UsageError."""
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise UsageError(f"{path} is not there")
        found += _in_folder(path) if path.is_dir() else [path]
    if not found:
        raise UsageError(
            f"no file to import: {', '.join(map(str, paths))} has none that ends with {', '.join(SUFFIXES)}"
        )
    return found


def _in_folder(folder: Path) -> list[Path]:
    """Without what is empty, as the file is that a shell makes for the spec."""
    return sorted(
        path for path in folder.iterdir() if path.suffix in SUFFIXES and path.is_file() and path.stat().st_size
    )


def read_found(path: Path, report: Report) -> Found:
    """A YAML or JSON file. Raises SpecError with the place of what is wrong."""
    source = read_source(path, "the file")
    return found_in(source, report)


def found_in(source: Source, report: Report) -> Found:
    if source.file.endswith(".toml"):
        from batchctl.importing.toml_nodes import toml_nodes  # imported late: few files are TOML

        return Found(toml_nodes(source), source, report)
    if not source.file.endswith((".yaml", ".yml")) and source.text.lstrip()[:1] in ("{", "["):
        return Found(json_nodes(source), source, report)
    root, wrong = compose_nodes(source, foreign=True)
    if wrong:
        raise SpecError(wrong)
    return Found(root, source, report)
