"""The container in which a task of Batch Shipyard runs."""

from collections.abc import Iterator

from batchctl.importing.found import Document, Found
from batchctl.importing.shipyard.around import TO, Around
from batchctl.importing.templates import joined


def container_of(task: Found, around: Around) -> Document | None:
    image = task.get("docker_image") or task.get("image")
    if image is None:
        if not task.get("singularity_image"):
            task.wrong("docker_image is missing")
        return None
    missing = around.job.get("allow_run_on_missing_image")
    if image.text() in around.images or (missing and missing.truth()):
        image.carried(f"{TO}.containerSettings.imageName")
    else:
        why = "the tool refuses it: it is not among global_resources.docker_images; here Batch pulls it"
        image.changed(f"{TO}.containerSettings.imageName", why)
    said: Document = {"imageName": image.text()}
    if options := " ".join(_run_options(task, around)):
        said["containerRunOptions"] = joined([options])
    where = task.get("default_working_dir") or around.job.get("default_working_dir")
    if where is not None and where.carried(f"{TO}.containerSettings.workingDirectory").text() == "container":
        said["workingDirectory"] = "containerImageDefault"
    return said


def _run_options(task: Found, around: Around) -> Iterator[str]:
    to = f"{TO}.containerSettings.containerRunOptions"
    if (more := task.get("additional_docker_run_options")) is not None:
        yield from more.carried(to).texts()
    removes = task.get("remove_container_after_exit") or around.job.get("remove_container_after_exit")
    if removes is None or removes.carried(to).truth():
        yield "--rm"
    if (memory := task.get("shm_size") or around.job.get("shm_size")) is not None:
        yield f"--shm-size={memory.carried(to).text()}"
    if (name := task.get("name")) is not None:
        yield f"--name {name.carried(to).text()}"
    for field_name, option in (("labels", "-l"), ("ports", "-p")):
        if (found := task.get(field_name)) is not None:
            yield from (f"{option} {text}" for text in found.carried(to).texts())
    if (entry := task.get("entrypoint")) is not None:
        yield f"--entrypoint {entry.carried(to).text()}"
    if (user := around.job.get("user_identity", "specific_user")) is not None:
        user.known("uid", "gid").carried(to, "the node's /etc/passwd, group and shadow are not mounted")
        yield f"--user {user.need('uid').whole()}:{user.need('gid').whole()}"
    yield from _volumes(task, around, to)
    yield from _gpus(task, around, to)


def _volumes(task: Found, around: Around, to: str) -> Iterator[str]:
    for place in (around.job.get("data_volumes"), task.get("data_volumes")):
        for name in place.carried(to).texts() if place else ():
            volume = around.volumes.get(name)
            if volume is None:
                around.job.wrong(f"global_resources.volumes.data_volumes has no {name!r}")
            volume.known("host_path", "container_path", "bind_options").carried(to)
            parts = [volume.get(key) for key in ("host_path", "container_path", "bind_options")]
            yield "-v " + ":".join(part.text() for part in parts if part is not None)


def _gpus(task: Found, around: Around, to: str) -> Iterator[str]:
    asked = task.get("gpus") or around.job.get("gpus")
    if asked is not None:
        text = asked.carried(to).text()
        if text != "disable":
            yield f"--gpus={text}"
    elif around.nodes.gpus:
        # The tool gives them to every container on a size that has some.
        yield "--gpus=all"
