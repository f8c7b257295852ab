"""The text of a file that is imported, to what it holds."""

from pathlib import Path

from batchctl.errors import SpecError, UsageError
from batchctl.importing.found import Found
from batchctl.importing.json_nodes import json_nodes
from batchctl.importing.report import Report
from batchctl.spec.load import read_source
from batchctl.spec.reading.compose import compose_nodes
from batchctl.spec.source import Source

SUFFIXES = (".yaml", ".yml", ".json", ".toml", ".tsv", ".tfstate")
"""What of a folder is looked at."""

LARGEST = 32 << 20
"""Bytes of a file: a plan of a whole landscape is longer than any spec."""

OF_TERRAFORM = (".tf", ".tf.json", ".tfvars", ".tfplan", ".hcl")
ASK_TERRAFORM = (
    "what its expressions come to, Terraform alone can tell: terraform show -json PLAN > plan.json (without PLAN: of "
    "what is there), and import that"
)


def source_files(paths: list[Path]) -> list[Path]:
    """The files that are named, and those of folders that are. Raises UsageError."""
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise UsageError(f"{path} is not there")
        found += _in_folder(path) if path.is_dir() else [path]
    if not found:
        where = ", ".join(map(str, paths))
        if any(inner.name.endswith(OF_TERRAFORM) for path in paths for inner in path.iterdir()):
            raise UsageError(f"{where}: {ASK_TERRAFORM}")
        raise UsageError(f"no file to import: {where} has none that ends with {', '.join(SUFFIXES)}")
    return found


def _in_folder(folder: Path) -> list[Path]:
    """Without what is empty, as the file is that a shell makes for the spec."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix in SUFFIXES and not path.name.endswith(OF_TERRAFORM) and path.is_file() and path.stat().st_size
    )


def read_found(path: Path, report: Report) -> Found:
    """A YAML, JSON, TOML or TSV file. Raises SpecError with the place of what is wrong, and UsageError."""
    if path.name.endswith(OF_TERRAFORM) or _is_archive(path):
        raise UsageError(f"{path}: {ASK_TERRAFORM}")
    return found_in(read_source(path, "the file", LARGEST), report)


def _is_archive(path: Path) -> bool:
    """`terraform plan -out` writes one."""
    try:
        with path.open("rb") as stream:
            return stream.read(4) == b"PK\x03\x04"
    except OSError:
        return False


def found_in(source: Source, report: Report) -> Found:
    if source.file.endswith(".toml"):
        from batchctl.importing.toml_nodes import toml_nodes  # imported late: few files are TOML

        return Found(toml_nodes(source), source, report)
    if source.file.endswith(".tsv"):
        from batchctl.importing.tsv_nodes import tsv_nodes  # imported late: few files are TSV

        return Found(tsv_nodes(source), source, report)
    if not source.file.endswith((".yaml", ".yml")) and source.text.lstrip()[:1] in ("{", "["):
        return Found(json_nodes(source), source, report)
    root, wrong = compose_nodes(source, foreign=True)
    if wrong:
        raise SpecError(wrong)
    return Found(root, source, report)
