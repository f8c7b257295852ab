"""`import batchctl`: what programs and notebooks call."""

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import batchctl
from batchctl import library
from batchctl.errors import BatchctlError, CloudError, Problem, Refused, SpecError, UsageError
from tests.services import unique

SPEC = """
version: 1
name: {name}
vars: {{word: {{type: string}}, times: {{type: int, default: 1}}}}
storage: {{containers: {{{name}: {{}}}}}}
pool:
  id: {name}
  vmSize: Standard_D2s_v5
  image: {{publisher: canonical, offer: ubuntu-24_04-lts, sku: server}}
  targetDedicatedNodes: 1
job:
  id: {name}
  commonEnvironmentSettings: [{{name: WORD, value: '${{env:LIBRARY_WORD}}'}}]
  tasks:
    - id: say
      commands: ['echo {{vars.times}} > said.txt', 'test {{vars.word}} != fail']
      outputFiles: [{{filePattern: said.txt, container: {name}, uploadCondition: taskCompletion}}]
download: [{{container: {name}, to: home}}]
"""
HEAVY = ("typer", "rich", "azure", "yaml", "batchctl.spec", "batchctl.verbs", "batchctl.library")


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LIBRARY_WORD", "correct-horse-battery")
    path = tmp_path / "spec.yaml"
    path.write_text(SPEC.format(name=unique("library")))
    return path


def test_the_package_loads_nothing_before_it_is_asked() -> None:
    code = f"import sys, batchctl; print([one for one in {HEAVY!r} if one in sys.modules], len(dir(batchctl)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["[]", str(len(batchctl.__all__))]


def test_the_package_offers_what_the_library_has() -> None:
    assert {*library.__all__, "__version__"} == {*batchctl.__all__}
    assert all(getattr(batchctl, name) is getattr(library, name) for name in library.__all__)
    assert all((getattr(library, name).__doc__ or "").strip() for name in library.__all__)
    with pytest.raises(AttributeError, match="no attribute 'plans'"):
        _ = batchctl.plans  # type: ignore[attr-defined]


def test_a_workload_goes_to_another_process(spec: Path) -> None:
    workload = batchctl.load(spec, variables={"word": "hello"})
    assert pickle.loads(pickle.dumps(workload)) == workload


@pytest.mark.parametrize(
    "error",
    [
        Refused(["one", "two"]),
        SpecError([Problem("spec.yaml", 2, 1, "odd", "odd"), Problem("spec.yaml", 1, 1, "even", "even")]),
        CloudError("gone", status=404, code="NotFound"),
        UsageError("what?"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_comes_back_from_another_process(error: BatchctlError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))


def test_a_wrong_spec_says_where(spec: Path) -> None:
    spec.write_text(spec.read_text().replace("vmSize", "vmsize"))
    with pytest.raises(SpecError) as caught:
        batchctl.load(spec, variables={"word": "a"})
    error = caught.value
    assert (error.file, error.line, error.column) == (str(spec), 8, 3)
    assert error.code == error.problems[0].code != ""
    assert isinstance(error, batchctl.BatchctlError)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"variables": {"none": 1}}, "none"),
        ({"target": "moon"}, "moon"),
        ({"parallelism": 100}, "1 to 64"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anybody_is_asked(
    spec: Path, wrong: dict[str, object], says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        batchctl.load(spec, **{"variables": {"word": "a"}, **wrong})  # type: ignore[arg-type]


def test_of_a_plan_what_nobody_can_ask() -> None:
    with pytest.raises(UsageError, match="names nothing"):
        library.planning.choices_of({"only": "nothing"})  # type: ignore[typeddict-item]
    with pytest.raises(TypeError, match="ony"):
        library.planning.choices_of({"ony": "pool.a"})  # type: ignore[typeddict-unknown-key]


@pytest.mark.usefixtures("services")
def test_a_run_from_its_plan_to_its_end(spec: Path) -> None:
    work = batchctl.load(spec, variables={"word": "a", "times": 3})
    plan = batchctl.plan(work)
    shown = (str(plan), plan._repr_html_(), str(plan.to_dict()), plan.markdown(), repr(plan), str(plan.__rich__()))
    assert plan
    assert "1 task to run" in shown[0]
    assert shown[1].startswith("<pre")
    assert not [text for text in shown if "correct-horse" in text]

    heard: list[batchctl.Event] = []
    outcome = batchctl.apply(plan, progress=heard.append)
    assert outcome.created >= 4
    assert [path.read_text() for path in outcome.fetched] == ["3\n"]
    assert {"applied", "progress", "took"} <= {event.kind for event in heard}
    assert any("added task" in str(event) for event in heard)
    again = batchctl.plan(work)
    assert not again
    assert str(again).startswith("No changes.")
    with pytest.raises(Refused, match="applied before"):
        batchctl.apply(plan)
    with pytest.raises(UsageError, match="force"):
        batchctl.apply(plan, force=True)

    seen = batchctl.status(work)
    assert (seen.jobs[-1].succeeded, seen.failed, seen.goes_on) == (1, (), False)
    assert f"job    {work.name}" in str(seen)
    assert batchctl.destroy(work).deleted >= 3
    assert batchctl.status(work).jobs == ()
