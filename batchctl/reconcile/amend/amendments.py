"""All that can change a plan once it is decided, in the order in which it does."""

from collections.abc import Callable, Iterable

from batchctl.reconcile.amend.addresses import refuse_private_addresses
from batchctl.reconcile.amend.adoption import refuse_another_place, with_adoptions
from batchctl.reconcile.amend.advice import with_advice
from batchctl.reconcile.amend.auto_pools import with_auto_pools
from batchctl.reconcile.amend.checks import with_preflight
from batchctl.reconcile.amend.cost import with_ceiling
from batchctl.reconcile.amend.data_loss import refuse_losses
from batchctl.reconcile.amend.external_pools import refuse_missing_containers, with_external_pool
from batchctl.reconcile.amend.idle_pools import with_endings, without_idle_pools
from batchctl.reconcile.amend.met_outputs import with_met_outputs
from batchctl.reconcile.amend.only import only_named
from batchctl.reconcile.amend.orphans import with_orphans
from batchctl.reconcile.amend.pool_notes import with_note_of_cost, with_note_of_no_nodes, with_pool_notes
from batchctl.reconcile.amend.pool_renewal import by_reboot, with_renewals, with_replaced
from batchctl.reconcile.amend.quotas import with_quotas
from batchctl.reconcile.amend.schedule_notes import with_schedule_notes
from batchctl.reconcile.amend.taken_outputs import with_taken_outputs
from batchctl.reconcile.plan import Plan
from batchctl.reconcile.port import Situation

Amendment = Callable[[Plan, Situation], Plan]

APPLYING: tuple[Amendment, ...] = (
    with_adoptions,
    refuse_another_place,
    with_orphans,
    with_replaced,
    by_reboot,
    with_endings,
    # What --only leaves out asks nothing of the account and loses nothing: the rest looks at what is left.
    only_named,
    without_idle_pools,
    with_taken_outputs,
    with_met_outputs,
    refuse_private_addresses,
    with_renewals,
    # Before the preflight, which looks at all that is changed.
    with_pool_notes,
    with_note_of_no_nodes,
    with_schedule_notes,
    with_note_of_cost,
    with_external_pool,
    refuse_missing_containers,
    with_auto_pools,
    with_ceiling,
    with_preflight,
    with_quotas,
    with_advice,
    refuse_losses,
)

DESTROYING: tuple[Amendment, ...] = (refuse_another_place, only_named, refuse_losses)

CLEARING: tuple[Amendment, ...] = (refuse_losses,)
"""What a spec made goes without the spec: nothing tells its place, and no part of it can be named."""


def amended(plan: Plan, situation: Situation, amendments: Iterable[Amendment]) -> Plan:
    """The plan as it is shown."""
    for amend in amendments:
        plan = amend(plan, situation)
    return plan
