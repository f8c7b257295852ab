"""Which account a command speaks to (design D9), and the cloud that is made of it."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from batchctl.cli.options import Options
from batchctl.cli.plan_files import is_plan
from batchctl.cli.speaking import SPEC_CODECS, Voice
from batchctl.errors import UsageError
from batchctl.frozen import dataclass
from batchctl.opening.known_prices import known_prices, region_of
from batchctl.opening.target import azure_target, choose, target_of
from batchctl.opening.variables import parse_variables

if TYPE_CHECKING:
    from batchctl.cloud.azure_cloud import Azure
    from batchctl.cloud.connect import Target
    from batchctl.reconcile.kept.document import Place
    from batchctl.spec.model import Spec


@dataclass(frozen=True, slots=True)
class Opened:
    """A spec that was loaded from `path`, and the account that it is for."""

    path: Path
    spec: "Spec"
    cloud: "Azure"
    place: "Place"


def open_spec(
    path: Path, options: Options, out: Voice, *, names_alone: bool = False, environ: Mapping[str, str] = os.environ
) -> Opened:
    """Load the spec, or what it names, and find its account. Sends no request to it."""
    from batchctl.clock import SystemClock

    spec = read_spec(path, options, out, names_alone=names_alone, environ=environ)
    chosen = _target(spec, options.target, os.environ, out)
    if overlays := [overlay.file for overlay in spec.source.overlays]:
        out.overlays(overlays)
    # Imported once the spec is known to be right: azure is the greater part of what a command loads (design D17).
    from batchctl.cloud.connect import connect
    from batchctl.reconcile.kept.document import Place

    place = Place(batch=chosen.batch_url, storage=chosen.storage_url)
    out.account(place, SPEC_CODECS[-1])
    spec = replace(spec, prices=known_prices(options.prices, place.batch), region=region_of(place.batch))
    return Opened(path, spec, connect(chosen, SystemClock(), options.parallelism, out.say), place)


def read_spec(
    path: Path,
    options: Options,
    out: Voice,
    *,
    names_alone: bool = False,
    environ: Mapping[str, str] = os.environ,
    asks: bool = True,
) -> "Spec":
    """Load the spec, or what it names; from here on its secrets are hidden. `asks`: key vaults are read."""
    from platformdirs import user_cache_path

    from batchctl import hashes
    from batchctl.opening.outside import Outside
    from batchctl.spec.load import load, load_names

    hashes.open_memory(user_cache_path("batchctl"))
    if is_plan(path):
        raise UsageError(f"{path} is a saved plan: `batchctl show` shows it, `batchctl apply` does what it says")
    variables = parse_variables(options.var)
    beside = {"var_files": options.var_file, "overlays": options.overlay}
    if names_alone:
        spec = load_names(path, variables, environ, **beside)
    else:
        found = Outside(environ, read=asks)
        spec = load(path, variables, found, allow_python=options.allow_python, **beside)
    from batchctl.verbs.saved import codec_for

    codec = codec_for(spec)
    SPEC_CODECS.append(codec)
    out.hide(codec)
    return spec


def named_storage(spec: "Spec") -> str:
    """Where the blobs of the account are that the spec or the environment names; nobody is asked. Where none is named,
    an address with a name to be filled in."""
    from batchctl.cloud.connect import NOWHERE

    if choose(spec, None, os.environ)[0] != "azure":
        return NOWHERE.storage_url
    return azure_target(spec, os.environ).storage_url


def open_account(options: Options, out: Voice) -> "Azure":
    """The account that the flags or the environment name; no spec is asked."""
    from batchctl.clock import SystemClock
    from batchctl.cloud.connect import connect

    return connect(_target(None, options.target, os.environ, out), SystemClock(), say=out.say)


def _target(spec: "Spec | None", target: str | None, environ: Mapping[str, str], out: Voice) -> "Target":
    """The target, said in the first line."""
    name, why = choose(spec, target, environ)
    if name == "azure":
        chosen = azure_target(spec, environ)
        out.target("local" if chosen.is_on_loopback else name, why, chosen.batch_url)
        return chosen
    from batchctl import local

    # Said first: the first start installs Azurite, which takes its time.
    out.target(name, why)
    return target_of(local.ensure_running(out.say))
