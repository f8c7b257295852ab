"""The line that starts the processes of an MPI task on its nodes (Learn, "Use multi-instance tasks to run MPI
applications": AZ_BATCH_HOST_LIST, AZ_BATCH_TASK_SHARED_DIR)."""

from collections.abc import Mapping

from batchctl.spec.filling import shell
from batchctl.spec.filling.filler import Filler
from batchctl.spec.model import Launch, MultiInstanceSpec

HYDRA = '-hosts "$AZ_BATCH_HOST_LIST" -ppn {each} -n {all} -wdir "$AZ_BATCH_TASK_SHARED_DIR"'
STARTED: Mapping[str, str] = {
    "openmpi": '--host "${{AZ_BATCH_HOST_LIST//,/:{each},}}:{each}" -n {all} --wdir "$AZ_BATCH_TASK_SHARED_DIR"',
    "mpich": HYDRA,
    "intelmpi": HYDRA,
}
"""How each runtime is told its hosts, how many processes there are, and where they begin: the one directory that has
the same path, and the common files, on all nodes."""


def mpi_line(fill: Filler, line: str, asked: MultiInstanceSpec, launch: Launch, nodes: int) -> str:
    """The command line that runs `line`, of a task, in each process."""
    try:
        options = shell.argv(launch.options, fill.values)
    except shell.LineError as error:
        fill.wrong((*asked.at, "options", error.number), error.error)
        return ""
    started = STARTED[launch.runtime].format(each=launch.processes, all=launch.processes * nodes)
    return shell.in_bash(" ".join(filter(None, ("mpirun", started, options, line))))
