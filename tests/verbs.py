"""The verbs that tests call, by one name each. batchctl itself loads one at a time, for each loads much."""

from batchctl.verbs.apply import apply
from batchctl.verbs.destroy import destroy
from batchctl.verbs.plan import drifted, plan

__all__ = ["apply", "destroy", "drifted", "plan"]
