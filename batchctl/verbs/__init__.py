"""The verbs, as straight lines of calls: a spec and a cloud come in, a plan or events go out."""

from batchctl.reconcile.amend.drift import drifted
from batchctl.verbs.apply import apply
from batchctl.verbs.destroy import destroy
from batchctl.verbs.plan import plan
from batchctl.verbs.running import Approve

__all__ = ["Approve", "apply", "destroy", "drifted", "plan"]
