"""What becomes of each field of the extension's templates. Pure."""

from batchctl.importing.report import Row, Verdict

MARK = "az_batch:template_filepath"
F = "job.properties."

FIELDS = (
    Row(
        "parameters, variables",
        Verdict.CARRIED,
        "",
        "evaluated: of a file of values, `--var NAME=VALUE`, or `defaultValue`; checked against type and bounds",
    ),
    Row(
        "[…] in any text",
        Verdict.CHANGED,
        "",
        "`parameters`, `variables`, `concat` are evaluated; what is no expression loses its brackets, as there",
    ),
    Row("apiVersion, type", Verdict.DROPPED, "", "about the template"),
    Row(
        f"{F}taskFactory.parametricSweep",
        Verdict.CARRIED,
        "job.tasks[].forEach",
        "`end` is included, a missing `step` is 1; ids count from 0; `{0:3}` is `{item:03d}`",
    ),
    Row(
        f"{F}taskFactory.taskPerFile",
        Verdict.CARRIED,
        "job.tasks[].forEach.blobs",
        "`prefix` is a plain prefix; a resource file of `{url}` is the blob itself, elsewhere `{url}` is an error",
    ),
    Row(f"{F}taskFactory.taskCollection", Verdict.CARRIED, "job.tasks[]"),
    Row(
        f"{F}taskFactory.mergeTask", Verdict.CARRIED, "job.tasks[]", "id `merge`, after all others; its braces are text"
    ),
    Row(
        "commandLine",
        Verdict.CARRIED,
        "commandLine",
        "with the shell that the tool puts around it; a quote in it is told of",
    ),
    Row(
        "fileGroup",
        Verdict.CARRIED,
        "storage.containers",
        "the container `fgrp-…`, with the tool's SHA-1 where the name was cleaned",
    ),
    Row(
        "resourceFiles[].source",
        Verdict.CARRIED,
        "resourceFiles",
        "a prefix that looks like a file's name is taken for one blob where there is a `filePath`",
    ),
    Row(
        "outputFiles[].destination.autoStorage",
        Verdict.CARRIED,
        "outputFiles",
        "refused where several tasks would write the same blob",
    ),
    Row(
        "packageReferences",
        Verdict.CARRIED,
        "startTask, jobPreparationTask",
        "apt and yum, as an administrator; sources and keys are not added, as there",
    ),
    Row(
        "applicationTemplateInfo",
        Verdict.CARRIED,
        "job",
        f"its file is to be among the sources; the job is labelled `{MARK}`",
    ),
    Row("all else", Verdict.CARRIED, "", "as of `az batch`"),
)
