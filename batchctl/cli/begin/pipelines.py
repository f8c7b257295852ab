"""The pipeline that `batchctl init --ci` writes: a plan for everybody to see, and its apply once somebody agreed."""

from importlib.resources import files
from pathlib import Path

from batchctl.errors import UsageError
from batchctl.frozen import dataclass

SPEC = "spec.yaml"
"""How the pipelines in `ci/` call the spec, from the top of the repository."""

PLACES = {
    "github": (".github/workflows/batchctl.yml", "set the variables that it names, and the environment `production`"),
    "azure-devops": (
        "azure-pipelines.yml",
        "set its ACCOUNTs, a service connection `azure`, an environment `production`",
    ),
    "gitlab": (".gitlab-ci.yml", "set the variables that it names"),
}
"""Where each service looks for it, and what it still wants."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    file: Path
    text: str
    says: str

    def write(self) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text(self.text, encoding="utf-8")


def planned_pipeline(service: str, spec: Path) -> Pipeline:
    """At the top of the repository that the spec lies in, or beside the spec. Raises UsageError where one is there."""
    if service not in PLACES:
        raise UsageError(f"--ci is one of {', '.join(PLACES)}, not {service!r}")
    folder = spec.absolute().parent
    top = next((above for above in (folder, *folder.parents) if (above / ".git").exists()), folder)
    place, says = PLACES[service]
    file = top / place
    if file.exists():
        raise UsageError(f"{file} is there, and nothing is written over: leave --ci away")
    text = (files("batchctl.cli.begin") / "ci" / f"{service}.yml").read_text(encoding="utf-8")
    named = (folder / spec.name).relative_to(top).as_posix()
    return Pipeline(file=file, text=text.replace(SPEC, _plain(named)), says=says)


def _plain(path: str) -> str:
    """As shells and YAML take it, letter by letter. Raises UsageError for a path that they would read otherwise."""
    if not path.isascii() or set(path) - set(PLAIN):
        raise UsageError(
            f"--ci: a pipeline takes {path!r} from a shell; give its folders names of letters, digits, . _ -"
        )
    return path


PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/"
