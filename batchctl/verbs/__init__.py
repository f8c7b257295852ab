"""The verbs, as straight lines of calls: a spec and a cloud come in, a plan or events go out."""

from batchctl.verbs.apply import apply
from batchctl.verbs.destroy import destroy
from batchctl.verbs.plan import drifted, plan
from batchctl.verbs.under_lock import Approve

__all__ = ["Approve", "apply", "destroy", "drifted", "plan"]
