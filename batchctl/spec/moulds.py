"""A factory as a program: what all its tasks share is worked out with the first of them, what differs is filled in task
by task. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from json.encoder import encode_basestring
from typing import Any

from batchctl.frozen import dataclass, replace
from batchctl.resources import Task, task_digest
from batchctl.rest import filled_fields
from batchctl.spec.fanout.dependencies import Draft, factory_name
from batchctl.spec.fanout.forms import legal_task_id
from batchctl.spec.filling.contents import kept_contents
from batchctl.spec.filling.digests import (
    Digests,
    around_line,
    common_files,
    digest_parts,
    files_hash,
    outputs_hash,
    settings_hash,
    text_hash,
)
from batchctl.spec.filling.filler import (
    Filler,
    command_line,
    filled_output_file,
    filled_resource_files,
    filled_settings,
    filled_texts,
)
from batchctl.spec.filling.rotation import told, told_settings
from batchctl.spec.model import Factory, JobSpec, MultiInstanceSpec, PoolSpec
from batchctl.work import KeptStreams, MultiInstanceSettings, ResourceFile, Settings

# One for all: nearly every task of very many has nothing to put there.
NOTHING: dict[Any, str] = {}


@dataclass(frozen=True, slots=True)
class Frame:
    """What all tasks of a job share. `scripts` is the hash of what is on the nodes before them; `secret`: there are
    secrets, whose values are in no digest. `kept`: see `kept_scripts`."""

    job: JobSpec
    pool: PoolSpec
    common: Settings
    scripts: str
    digests: Digests
    written_before: Mapping[str, frozenset[str]]
    secret: bool = False
    streams: KeptStreams | None = None
    kept: str = ""


def mentions(value: Any, text: str) -> bool:
    """Is the text in any text of a value of the spec?"""
    if isinstance(value, str):
        return text in value
    if isinstance(value, tuple | frozenset):
        return any(mentions(inner, text) for inner in value)
    if isinstance(value, Mapping):
        return any(mentions(inner, text) for inner in (*value, *value.values()))
    return is_dataclass(value) and any(mentions(getattr(value, f.name), text) for f in fields(value))


Step = Callable[[Filler, dict[str, Any]], None]
"""Puts some fields of a task, of whose fields those before it are there."""


class Mould:
    """What all tasks of a factory share. `coming`: containers whose blobs may be there only when the task runs."""

    def __init__(self, factory: Factory, frame: Frame) -> None:
        self.factory, self.frame = factory, frame
        self.coming = frame.written_before[factory_name(factory)]
        plain = {f.name: v for f in fields(Task) if (v := getattr(factory.wanted, f.name)) != f.default}
        shared = {"job": frame.job.wanted.name, "factory": factory_name(factory), "streams": frame.streams}
        # The first generation: so what a first plan makes are these very tasks, and not a copy of each.
        self._plain = {**plain, **shared, "generation": 1, "command_line": ""}
        self._task = Task(**self._plain)
        self._differs = _differing(factory, frame)
        self._hashes = _Hashes(self._differs)
        self._steps = self._all_steps()
        self._is_laid = False

    def draft(self, fill: Filler, key: str) -> Draft:
        """The task of one item. What all tasks have alike is laid into the mould with the first."""
        factory, values = self.factory, dict[str, Any]()
        for step in self._steps.values():
            step(fill, values)
        parts = self._parts(fill, values)
        if not factory.depends_on:
            draft = Draft(replace(self._task, **values, digest=self._hashes.digest(parts)), NOTHING, key, NOTHING)
        else:
            at = (*factory.at, "dependsOn")
            named = {i: d.task for i, d in enumerate(factory.depends_on) if d.task}
            awaits = {i: legal_task_id(fill((*at, i, "task"), task)) for i, task in named.items()}
            draft = Draft(replace(self._task, **values), parts, key, awaits or NOTHING)
        if not self._is_laid:
            self._lay(fill)
        return draft

    def _lay(self, fill: Filler) -> None:
        alike: dict[str, Any] = {}
        for name, step in self._steps.items():
            if not self._differs[name]:
                step(fill, alike)
        self._plain, self._task, self._is_laid = {**self._plain, **alike}, replace(self._task, **alike), True
        self._steps = {name: step for name, step in self._steps.items() if self._differs[name]}

    def _all_steps(self) -> dict[str, Step]:
        """In the order in which problems are told."""
        several = {"instances": self._put_instances} if self.factory.multi_instance else {}
        return {
            "resource_files": self._put_files,
            "id": self._put_id,
            "output_files": self._put_outputs,
            "environment": self._put_settings,
            "run": self._put_line,
            **several,
            "texts": lambda fill, values: values.update(filled_texts(fill, self.factory.at, self.factory.wanted)),
            "contents": self._put_contents,
        }

    def _put_id(self, fill: Filler, values: dict[str, Any]) -> None:
        values["id"] = legal_task_id(fill((*self.factory.at, "id"), self.factory.id))

    def _put_files(self, fill: Filler, values: dict[str, Any]) -> None:
        values["resource_files"] = self._files(fill)

    def _put_outputs(self, fill: Filler, values: dict[str, Any]) -> None:
        values["output_files"] = self._outputs(fill)

    def _put_settings(self, fill: Filler, values: dict[str, Any]) -> None:
        at = (*self.factory.at, "environmentSettings")
        values["environment"] = filled_settings(fill, at, self.factory.wanted.environment)

    def _put_line(self, fill: Filler, values: dict[str, Any]) -> None:
        values["command_line"], script = _run(fill, self.factory, self.frame.pool)
        if script:
            values["resource_files"] += script

    def _put_instances(self, fill: Filler, values: dict[str, Any]) -> None:
        assert self.factory.multi_instance is not None
        values["multi_instance_settings"] = _instances(fill, self.factory.multi_instance, self.frame, self.coming)

    def _put_contents(self, _fill: Filler, values: dict[str, Any]) -> None:
        taken = (*values.get("resource_files", self._task.resource_files), *common_files(values))
        if contents := kept_contents(taken, self.frame.digests, self.frame.kept):
            values["contents"] = contents

    def _files(self, fill: Filler) -> tuple[ResourceFile, ...]:
        return filled_resource_files(fill, self.frame.digests.inventory, self.factory.resource_files, self.coming)

    def _outputs(self, fill: Filler) -> tuple[Any, ...]:
        windows = self.frame.pool.windows
        return tuple([filled_output_file(fill, output, windows=windows) for output in self.factory.output_files])

    def _parts(self, fill: Filler, values: dict[str, Any]) -> dict[str, str]:
        """Those of its digest. Of secrets they tell the names."""
        if self.frame.secret:
            said = {**self._plain, **values, **self._told(told(fill), self._files(fill))}
            return digest_parts(said, self.frame.common, self.frame.scripts, self.frame.digests)
        return self._hashes.parts(self._plain, values, self.frame)

    def _told(self, fill: Filler, files: tuple[ResourceFile, ...]) -> dict[str, Any]:
        """What the digest tells otherwise than the task has it; `files`: its own, with their secrets."""
        factory, inventory = self.factory, self.frame.digests.inventory
        elsewhere = [f for f in factory.resource_files if f.http_url or f.storage_container_url]
        urls = filled_resource_files(fill, inventory, elsewhere)
        stored = tuple(f for f in files if not f.http_url and not f.storage_container_url)
        line, script = _run(fill, factory, self.frame.pool)
        return {
            "output_files": self._outputs(fill),
            "environment": told_settings(fill, (*factory.at, "environmentSettings"), factory.wanted.environment),
            "command_line": line,
            "resource_files": (*urls, *stored, *script),
            **filled_texts(fill, factory.at, factory.wanted),
        }


def _differing(factory: Factory, frame: Frame) -> dict[str, bool]:
    """In which steps the tasks of a factory differ."""
    wanted, several = factory.wanted, factory.multi_instance is not None
    line, files = mentions(factory.commands, "{") or several, mentions(factory.resource_files, "{")
    if frame.pool.windows:  # whose commands may be in files
        line = files = line or files
    return {
        "resource_files": files,
        "id": True,
        "output_files": mentions(factory.output_files, "{"),
        "environment": mentions(wanted.environment, "{"),
        "run": line,
        "instances": several,
        "texts": any(mentions(getattr(wanted, name), "{") for name, _ in filled_fields(Task)),
        "contents": files or several,
    }


class _Hashes:
    """The parts of the digests of a factory's tasks; those in which these do not differ are hashed once."""

    def __init__(self, differs: Mapping[str, bool]) -> None:
        self._differs = differs
        self._first: dict[str, str] = {}
        self._told = ""
        self._command = "", ""

    def parts(self, plain: Mapping[str, Any], values: Mapping[str, Any], frame: Frame) -> dict[str, str]:
        differs, digests = self._differs, frame.digests
        if not self._first or differs["texts"] or differs["instances"]:
            whole = {**plain, **values}
            self._first, self._command = digest_parts(whole, frame.common, frame.scripts, digests), around_line(whole)
            self._told = task_digest(self._first)
            return self._first
        changed: dict[str, str] = {}
        if differs["run"]:
            before, behind = self._command
            changed["command"] = text_hash(f"{before}{encode_basestring(values['command_line'])}{behind}")
        if differs["environment"]:
            changed["environment"] = settings_hash(frame.common, values["environment"])
        if differs["resource_files"]:
            changed["inputs"] = files_hash(values["resource_files"], digests)
        if differs["output_files"]:
            changed["outputs"] = outputs_hash(values["output_files"])
        return {**self._first, **changed} if changed else self._first

    def digest(self, parts: dict[str, str]) -> str:
        """The digest of these parts: one text for all tasks where they are those of the first."""
        return self._told if parts is self._first else task_digest(parts)


def _run(fill: Filler, factory: Factory, pool: PoolSpec) -> tuple[str, tuple[ResourceFile, ...]]:
    """The command line, and the .cmd file that it runs if there is one."""
    line, script = command_line(fill, factory.commands, on_windows=pool.windows)
    several = factory.multi_instance
    if several and several.launch:
        from batchctl.spec.filling.mpi import mpi_line  # imported late: few tasks are MPI's

        if pool.windows:
            message = (
                "it starts processes on Linux: MS-MPI wants 'multiInstanceSettings', with smpd as what coordinates"
            )
            fill.report(several.at, message, "other-system", at_key=True)
        line = mpi_line(fill, line, several, several.launch, _node_count(fill, several, pool))
    return line, script


def _instances(fill: Filler, asked: MultiInstanceSpec, frame: Frame, coming: frozenset[str]) -> MultiInstanceSettings:
    """On how many nodes a task runs, and how they find each other."""
    line, script = command_line(fill, asked.commands, on_windows=frame.pool.windows, key="coordinationCommand")
    files = filled_resource_files(fill, frame.digests.inventory, asked.resource_files, coming)
    return MultiInstanceSettings(
        number_of_instances=_node_count(fill, asked, frame.pool),
        coordination_command_line=line,
        common_resource_files=(*files, *script),
    )


def _node_count(fill: Filler, asked: MultiInstanceSpec, pool: PoolSpec) -> int:
    if asked.number is not None:
        return asked.number
    if pool.wanted.auto_scale_formula is not None:
        message = "how many nodes the pool has its formula says, and nobody knows by now: write a number"
        fill.report((*asked.at, "numberOfInstances"), message, "unknown-number")
    return max((pool.wanted.target_dedicated_nodes or 0) + (pool.wanted.target_spot_nodes or 0), 1)
