"""What must hold whatever happened. Each raises AssertionError, saying what does not."""

from collections.abc import Iterable

from batchctl.spec.load import load
from tests import verbs
from tests.services import blob_service
from tests.sweeps.hasty import SkippingClock
from tests.sweeps.stage import Ran, Stage, attempt, inside, through
from tests.sweeps.world import World

DOCUMENTED = frozenset({0, 1, 3, 4, 5, 6})
"""Exit codes of a command that was begun well (design D12)."""


def holds(world: World, stage: Stage) -> None:
    """After an apply that ended well: whole, as the files are, nobody else's touched, and nothing more to do."""
    one_of_each(stage)
    strangers_untouched(world, stage)
    inputs_are_the_files(stage)
    outputs_are_right(stage)
    nothing_more_to_do(stage)


def repaired(world: World, stage: Stage) -> None:
    """All that counts in the end where what was made has gone meanwhile, and was made anew. Not one of each: tasks may
    have run again, and a pool for which nothing is to run is not made anew."""
    outputs_are_right(stage)
    inputs_are_the_files(stage)
    nothing_more_to_do(stage)
    strangers_untouched(world, stage)


def one_of_each(stage: Stage) -> None:
    """I1, I5: one object for each thing that the spec asks for, and of tasks as many as inputs. In how many generations
    of the job they ran is a matter of when it was disturbed."""
    held, whole = stage.held(), stage.scenario.whole
    held["job NAME"] = whole["job NAME"] if held.get("job NAME") else 0
    wrong = {name: held.get(name, 0) for name in held | whole if held.get(name) != whole.get(name)}
    assert not wrong, f"there are so many of {wrong}"


def strangers_untouched(world: World, stage: Stage) -> None:
    """I2, I3: all that is there bears our mark or is the strangers', as it was."""
    found = world.intruders(stage)
    assert not found, f"in the account: {found}"


def inputs_are_the_files(stage: Stage) -> None:
    """I4: each blob holds what its file holds."""
    container = blob_service(stage.services).get_container_client(f"{stage.name}-input")
    for path in stage.scenario.files:
        name = path.rpartition("/")[2]
        held, wanted = container.download_blob(name).readall(), (stage.folder / path).read_bytes()
        assert held == wanted, f"blob {name} is torn: {len(held)} of {len(wanted)} bytes"


def outputs_are_right(stage: Stage) -> None:
    """I5: each output is what its task makes of its input."""
    assert stage.home() == stage.scenario.home, f"at home is {stage.home()}"


def nothing_more_to_do(stage: Stage) -> None:
    """I9: a plan is empty."""
    plan = verbs.plan(load(stage.folder / "spec.yaml", {}, {}), stage.cloud)
    assert not plan, f"there is more to do: {[(c.action.value, c.resource.name, c.reasons) for c in plan.changes]}"


def ended_as_documented(ran: Ran, allowed: Iterable[int] = DOCUMENTED) -> None:
    """I6: an exit code that is documented, and no traceback."""
    assert ran.code in allowed, f"ended with {ran.code}: {ran.said}"
    assert "Traceback" not in ran.said, ran.said


def no_secret(stage: Stage, *rans: Ran) -> None:
    """I7: neither a key nor a signature is said or kept."""
    kept = [path.read_text(errors="replace") for path in stage.folder.rglob("*") if path.is_file()]
    for text in (*kept, *(ran.said for ran in rans)):
        for secret in (stage.services.batch_key, stage.services.storage_key, "sig="):
            assert secret not in text, "a secret is in what was said or kept"


def bounded(requests: int, undisturbed: int, faults: int) -> None:
    """I8: no storm of requests."""
    assert requests <= 3 * undisturbed + 40 * faults, f"{requests} requests, {undisturbed} without a fault"


def taken_away(world: World, stage: Stage) -> None:
    """I10: destroy leaves nothing that was ours, and a second one has nothing to do."""
    inside(stage, None, "destroy", SkippingClock())
    gone(world, stage)


def gone(world: World, stage: Stage) -> None:
    assert stage.held() == {}, f"left: {stage.held()}"
    strangers_untouched(world, stage)
    with through(stage.services) as ways:
        ran = attempt(stage, ways, "destroy", SkippingClock())
    assert (ran.code, ways.mutating) == (0, []), f"a second destroy ended with {ran}, sent {ways.mutating}"
