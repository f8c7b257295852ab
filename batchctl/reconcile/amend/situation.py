"""What an amendment of a plan may look at beside the plan."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from batchctl.desired import Desired
from batchctl.reconcile.choices import Choices
from batchctl.reconcile.outputs import IsCopy
from batchctl.reconcile.plan import Plan
from batchctl.reconcile.port import Account
from batchctl.resources import Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What is wanted, what is held, and what the command line asks for.

    `adopted`: what is not ours and is to become ours; `held` has it as it will be then. `account` is asked for what a
    plan may depend on, `is_copy` tells what is at home for good.
    """

    desired: Desired
    held: Sequence[Resource]
    choices: Choices
    account: Account
    is_copy: IsCopy
    adopted: Sequence[Resource] = ()


Amendment = Callable[[Plan, Situation], Plan]
