"""Plans that are kept: made into a document, and held against what a plan made now says."""

import secrets
from datetime import datetime
from pathlib import Path

from batchctl.clock import Clock
from batchctl.cloud_answers import Ticket
from batchctl.errors import Refused
from batchctl.frozen import dataclass
from batchctl.reconcile.choices import Choices
from batchctl.reconcile.kept.codec import Codec
from batchctl.reconcile.kept.comparison import how_it_differs
from batchctl.reconcile.kept.document import LIVES, Header, Place, Saved, plan_to_json
from batchctl.reconcile.plan import Plan
from batchctl.sensitive import Veil, sensitive_values
from batchctl.spec.model import Spec
from batchctl.verbs.under_lock import Approve
from batchctl.version import __version__
from batchctl.work import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """How a plan came about. `spec`: its path as the user gave it; `variables`: those of the command line."""

    spec: str
    target: Place
    id: str
    now: datetime
    variables: Settings = ()
    choices: Choices = Choices()


def occasion_of(path: Path, spec: Spec, place: Place, choices: Choices, clock: Clock) -> Occasion:
    """Now, and under an id of its own. `path`: of the spec, as the user gave it."""
    return Occasion(
        spec=path.as_posix(),
        target=place,
        id=secrets.token_hex(8),
        now=clock.now().replace(microsecond=0),
        variables=spec.given,
        choices=choices,
    )


def save(decided: Plan, spec: Spec, occasion: Occasion) -> Saved:
    """The plan as a document, for as long as it may stand."""
    codec = codec_for(spec, occasion.id)
    header = Header(
        id=occasion.id,
        batchctl=__version__,
        made=occasion.now,
        expires=occasion.now + LIVES,
        owner=decided.owner,
        target=occasion.target,
        spec=occasion.spec,
        spec_digest=spec.source.digest,
        variables=tuple((name, codec.veil.setting(name, value)) for name, value in occasion.variables),
        overlays=tuple((overlay.file, overlay.digest) for overlay in spec.source.overlays),
        choices=occasion.choices,
    )
    return Saved(header, plan_to_json(decided, codec))


def ticket(saved: Saved) -> Ticket:
    return Ticket(id=saved.header.id, until=saved.header.expires)


def approve_unchanged(saved: Saved, spec: Spec) -> Approve:
    """Agrees to a plan that is the saved one. Refuses any other, and says in what it differs; and what is no plan."""
    codec = codec_for(spec, saved.header.id)

    def agree(decided: Plan) -> bool:
        now = plan_to_json(decided, codec)
        if saved.plan == now:
            return True
        # A plan that was forged may have any shape, and how it differs can be told of plans alone.
        saved.decoded(spec.folder)
        if reasons := how_it_differs(saved, now):
            raise Refused(["the plan does not stand any more:", *(f"  {reason}" for reason in reasons)])
        return True

    return agree


def codec_for(spec: Spec, key: str = "") -> Codec:
    """Hides what the spec's variables and environment say in secret; with a `key` there are digests to compare."""
    return Codec(folder=spec.folder, veil=Veil(sensitive_values(spec.values), key, spec.hidden_settings))
