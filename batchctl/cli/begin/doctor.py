"""batchctl doctor: what stands between this machine and a run, each line with its remedy."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from batchctl.cli.begin.findings import Finding, clock, credential
from batchctl.cli.options import Options, with_options
from batchctl.cli.speaking import open_printer
from batchctl.cli.target import read_spec
from batchctl.errors import BatchctlError, CloudError, UsageError
from batchctl.opening.target import azure_target, choose, target_of

if TYPE_CHECKING:
    from datetime import datetime

    from batchctl.cloud.connect import Target

LIBRARIES = ("azure-batch", "azure-storage-blob", "azure-identity", "azure-mgmt-batch")
EXTRAS = {"azure-mgmt-batch": "for pools of Azure Resource Manager and quotas: pip install 'batchctl[arm]'"}
ANSWER_WITHIN = 10.0


@with_options
def doctor(
    spec: Annotated[
        Path | None, typer.Argument(metavar="[SPEC]", help="Whose account is looked at.", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The findings as JSON.")] = False,
    *,
    options: Options,
) -> None:
    """Look for what keeps a run from working: versions, credentials, addresses, clocks, local services. Starts nothing.

    Ends with 1 if there is a problem.
    """
    out = open_printer(options.no_color)
    loaded = read_spec(spec, options, out, names_alone=True) if spec else None
    name, why = choose(loaded, options.target, os.environ)
    found: list[Finding] = []
    for one in (*_machine(), *(_local() if name == "local" else _azure(lambda: azure_target(loaded, os.environ), why))):
        found.append(one)
        if not as_json:
            remedy = f" -> {one.remedy}" if one.remedy else ""
            out.line(f"{one.state:<8} {one.what}: {one.said}{remedy}")
    if as_json:
        sys.stdout.write(json.dumps([asdict(one) for one in found], indent=2) + "\n")
    raise typer.Exit(int(any(one.state == "problem" for one in found)))


def _machine() -> Iterator[Finding]:
    from importlib.metadata import PackageNotFoundError, version

    from batchctl.version import __version__

    yield Finding("batchctl", "ok", __version__)
    yield Finding("python", "ok", f"{sys.version.partition(' ')[0]} ({sys.executable})")
    for name in LIBRARIES:
        try:
            yield Finding(name, "ok", version(name))
        except PackageNotFoundError:
            yield Finding(name, "warning", "not installed", EXTRAS.get(name, "install batchctl anew"))


def _local() -> Iterator[Finding]:
    """Of the services of this machine, which start by themselves when they are needed."""
    from platformdirs import user_cache_path

    from batchctl import local
    from batchctl.local.azurite import VERSION, find_node, is_installed

    yield Finding("target", "ok", "local: no other account is named, or --target says so")
    status = local.status()
    try:
        yield Finding("node", "ok", find_node().node)
    except CloudError as error:
        yield Finding("node", "problem", "none that serves", str(error))
    if not status.running:
        is_there = is_installed(user_cache_path("batchctl"))
        yield Finding("Azurite", "ok", f"{VERSION}, {'installed' if is_there else 'installed at the first start'}")
        yield Finding("local services", "ok", f"they do not run, and start when they are needed ({status.home})")
        return
    yield Finding("Azurite", "ok", VERSION)
    if status.idle_seconds is None:
        yield Finding("local services", "problem", f"they do not answer ({status.home})", "batchctl local stop")
        return
    yield Finding("local services", "ok", f"they run ({status.home})")
    yield from _answers(target_of(local.ensure_running(lambda _line: None)))


def _azure(target: "Callable[[], Target]", why: str) -> Iterator[Finding]:
    try:
        chosen = target()
    except UsageError as error:
        yield Finding("target", "problem", f"azure: {why}", str(error))
        return
    yield Finding("target", "ok", f"azure: {why}")
    yield credential("batch", chosen.batch_key is not None, "AZURE_BATCH_ACCESS_KEY", os.environ)
    yield credential("storage", chosen.storage_key is not None, "AZURE_STORAGE_KEY", os.environ)
    yield from _answers(chosen)


def _answers(target: "Target") -> Iterator[Finding]:
    """Both endpoints, without a signature and then with one, and the quota where it is told."""
    from batchctl.clock import SystemClock
    from batchctl.cloud.connect import connect

    here, reached = SystemClock(), []
    for what, url in (("batch", target.batch_url), ("storage", target.storage_url)):
        try:
            there = _date_of(url, target)
        except (OSError, UsageError) as error:
            remedy = "see the address, the network, HTTPS_PROXY, REQUESTS_CA_BUNDLE"
            why = getattr(error, "reason", error)
            yield Finding(f"{what} endpoint", "problem", f"{url} does not answer: {why}", remedy)
            continue
        reached.append(what)
        yield Finding(f"{what} endpoint", "ok", url)
        yield clock(what, here.now(), there)
    try:
        cloud = connect(target, here)
    except BatchctlError as error:
        yield Finding("account", "problem", "nobody can sign in", str(error))
        return
    if "batch" in reached:
        yield _asked("batch access", cloud.images)
    if "storage" in reached:
        yield _asked("storage access", cloud.containers)
    if target.has_arm and "batch" in reached:
        yield _quota(cloud.quotas)


def _asked(what: str, ask: Callable[[], object]) -> Finding:
    try:
        ask()
    except BatchctlError as error:
        return Finding(what, "problem", str(error), "see the credential above, and its roles in the account")
    return Finding(what, "ok", "it answers whom it knows")


def _quota(ask: Callable[[], object]) -> Finding:
    from batchctl.cloud_answers import Quotas

    try:
        told = ask()
    except BatchctlError as error:
        return Finding("quota", "warning", str(error), "the credential needs Reader on the Batch account")
    if not isinstance(told, Quotas):
        return Finding("quota", "warning", "not told", "name account.resourceId, and sign in with Reader on it")
    if told.untold:
        return Finding("quota", "warning", told.untold[0], "ask again in a while")
    kinds = {"dedicated cores": told.dedicated_cores, "spot cores": told.spot_cores, "pools": told.pools}
    return Finding("quota", "ok", ", ".join(f"{most} {what}" for what, most in kinds.items() if most is not None))


def _date_of(url: str, target: "Target") -> "datetime | None":
    """The service's time, whatever it says to a request of nobody. Raises OSError where it does not answer."""
    import ssl
    from email.utils import parsedate_to_datetime
    from urllib.error import HTTPError
    from urllib.parse import urlsplit
    from urllib.request import HTTPSHandler, ProxyHandler, build_opener

    from batchctl.cloud.clients.storage import trusted_certificates
    from batchctl.cloud.connect import LOOPBACK

    trusted = target.trusted or trusted_certificates()
    of_folder = Path(trusted).is_dir()
    context = ssl.create_default_context(capath=trusted) if of_folder else ssl.create_default_context(cafile=trusted)
    secure = HTTPSHandler(context=context)
    opener = build_opener(secure, ProxyHandler({} if urlsplit(url).hostname in LOOPBACK else None))
    try:
        with opener.open(url, timeout=ANSWER_WITHIN) as answer:
            date = answer.headers["Date"]
    except HTTPError as error:
        date = error.headers["Date"]
    try:
        return parsedate_to_datetime(date) if date else None
    except ValueError:
        return None
