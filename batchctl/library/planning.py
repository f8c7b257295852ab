"""What apply would do, as a value that shows itself, can be kept, and can be carried out."""

from collections.abc import Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from batchctl.frozen import dataclass
from batchctl.library.workload import Workload, opened
from batchctl.reconcile.kept.codec import Codec
from batchctl.reconcile.kept.document import Saved
from batchctl.reconcile.plan import Plan as Decided

if TYPE_CHECKING:
    from batchctl.reconcile.choices import Choices


class Asked(TypedDict, total=False):
    """What can be asked of a plan, as the options of the same names: `--only`, `--rerun` and so on."""

    only: Sequence[str]
    replace: Sequence[str]
    rerun: Sequence[str]
    prune_outputs: bool
    reboot_nodes: bool
    discard_outputs: bool
    force: bool
    adopt: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that apply would do; `batchctl.plan` makes it. False where there is nothing to do.

    `workload`: of what it is. `refusals`: why nothing may be done at all; `notes`: what its reader should know.
    A notebook shows it in colour, `rich.print` too, `print` as text. No secret is in any of these.
    """

    workload: Workload
    refusals: tuple[str, ...]
    notes: tuple[str, ...]
    decided: Decided = field(repr=False)
    saved: Saved = field(repr=False)
    codec: Codec = field(repr=False)

    def __bool__(self) -> bool:
        return bool(self.decided)

    def __str__(self) -> str:
        from batchctl.render.notebook import plan_text

        return plan_text(self.decided, self.codec)

    def __rich__(self) -> object:
        from batchctl.render.notebook import plan_rich

        return plan_rich(self.decided, self.codec)

    def _repr_html_(self) -> str:
        from batchctl.render.notebook import plan_html

        return plan_html(self.decided, self.codec)

    def markdown(self) -> str:
        """For a pull request, as `batchctl show --markdown`: at most 60,000 characters."""
        from batchctl.render.markdown import as_markdown

        return as_markdown(self.saved.header, self.decided)

    def to_dict(self) -> dict[str, Any]:
        """The document that `batchctl plan --out` keeps, as `batchctl schema plan` describes it."""
        from batchctl.reconcile.kept.document import to_document

        return to_document(self.saved)


def plan(workload: Workload, **asked: Unpack[Asked]) -> Plan:
    """What apply would do, and why. Sends reads alone; the first call starts the local services where these are meant.

    `asked`: `only` and `replace` (`KIND.NAME`), `rerun` (`all`, `failed` or patterns of task ids), `prune_outputs`,
    `reboot_nodes`, `discard_outputs`, `force`, `adopt`, as the options of these names.
    A plan that refuses itself is returned, with its `refusals`. Raises CloudError, SpecError for what cannot be made of
    the spec, Refused where an external pool is not there, UsageError for a name that names nothing.
    """
    from batchctl.clock import SystemClock
    from batchctl.verbs import plan as verb
    from batchctl.verbs import saved

    choices = choices_of(asked)
    with opened(workload) as work:
        decided = verb.plan(work.spec, work.cloud, choices)
        occasion = saved.occasion_of(workload.path, work.spec, work.place, choices, SystemClock())
        veil, document = work.codec.veil, saved.save(decided, work.spec, occasion)
        return Plan(
            workload=workload,
            refusals=tuple(map(veil, decided.refusals)),
            notes=tuple(map(veil, decided.notes)),
            decided=decided,
            saved=document,
            codec=work.codec,
        )


def choices_of(asked: Asked) -> "Choices":
    """Raises UsageError for what names nothing, TypeError for what nobody can ask."""
    from batchctl.reconcile.choices import Choices, named

    given: dict[str, Any] = {name: value if isinstance(value, bool) else _words(value) for name, value in asked.items()}
    found = Choices(**given)
    for text in (*found.only, *found.replace):
        named(text)
    return found


def _words(value: object) -> tuple[str, ...]:
    """One word alone is meant as a list of it."""
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, Sequence) else ()
