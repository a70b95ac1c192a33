"""The parent's side of the rehearsal clusters: starting the process that serves them.

The contract: one JSON line on its stdin says what each cluster holds, one JSON line on its
stdout says where each is served or why it cannot be, and it serves until its stdin ends. So it
ends with its parent, however that ends.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, NamedTuple

from meshpeek.rehearsal.errors import RehearsalError
from meshpeek.rehearsal.kubeconfig_format import KubeconfigContext, dump_kubeconfig
from meshpeek.rehearsal.seeding.cluster_seed import ClusterSeed
from meshpeek.rehearsal.stand_ins.browser import install_page_program
from meshpeek.rehearsal.stand_ins.cluster_makers import CONTROL_VARIABLE
from meshpeek.rehearsal.stand_ins.session_tools import Tools, install_tools

_PATIENCE = 30.0
_GRACE = 2.0
_REPLY_LIMIT = 1 << 20
_INSTALL_HINT = (
    "install what rehearsal needs: `pip install '.[rehearsal]'` in meshpeek's own folder"
)


class Page(NamedTuple):
    """A page for a browser: what it shows, its URL, and the variable that holds that in a session.

    What it shows may be not there yet: then it is not open.
    """

    title: str
    url: str
    variable: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class RunningClusters:
    """Rehearsal clusters that answer: their URLs by name, and the id of the process.

    `pages` are what they serve for a browser. `control` is the URL through which more clusters are
    made: see `origin_of`.
    `changes` are the lines of `report_changes`, until the process ends, where they were asked for.
    """

    servers: Mapping[str, str]
    pid: int
    control: str = ""
    pages: tuple[Page, ...] = ()
    changes: Iterator[bytes] = field(default_factory=lambda: iter(()))


@dataclass(frozen=True, slots=True)
class Equipment:
    """What a session on rehearsal clusters needs: variables, tools, and the pages it knows of."""

    environment: Mapping[str, str]
    tools: Tools
    pages: tuple[Page, ...] = ()


@dataclass(frozen=True, slots=True)
class Keeping:
    """The file in which clusters outlive their process; `resume` begins with what it holds."""

    path: Path
    resume: bool = False


@contextlib.contextmanager
def start(
    clusters: Mapping[str, ClusterSeed],
    *,
    patience: float = _PATIENCE,
    log: Path | None = None,
    keeping: Keeping | None = None,
    reporting: bool = False,
) -> Iterator[RunningClusters]:
    """Serve `clusters` while the context lasts; all of them have answered when it is entered.

    `patience` bounds the wait for them, in seconds. What goes wrong in the process is written to
    `log`. With `reporting` the process tells what changes in the clusters.
    Raises RehearsalError with what to do where they cannot be served.
    """
    with open(log, "wb+") if log else tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "meshpeek.rehearsal"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            # A ^C in the terminal is for the workshop's command, not for its clusters.
            start_new_session=True,
        )
        try:
            request = _request(clusters, keeping, reporting)
            reply, rest = _exchange(process, request, patience)
            # Those that resume may be others: the session makes and ends clusters.
            expected = None if keeping and keeping.resume else set(clusters)
            answer = _understand(reply, expected, errors)
            yield RunningClusters(
                {name: str(server) for name, server in answer["clusters"].items()},
                process.pid,
                str(answer.get("control", "")),
                tuple(Page(**page) for page in answer.get("pages", ())),
                _lines(process, rest),
            )
        finally:
            _stop(process)


def equip(
    directory: Path,
    servers: Mapping[str, str],
    environment: Mapping[str, str] = os.environ,
    pages: tuple[Page, ...] = (),
    current_context: str = "",
    *,
    control: str = "",
    shows_pages: bool = True,
) -> Equipment:
    """Make `directory` (which exists) a session's own: kubeconfig, cache and a `bin` folder.

    `servers` are URLs by context name. `pages` are those that the session is to know of, and to
    show if `shows_pages`. `current_context` may be a name that is no context: then commands have to
    name one. `control` is the URL at which the session's tools make more clusters. `environment` is
    what the session would have otherwise: its PATH decides which tools are real. Raises
    RehearsalError where there is no kubectl that can be used.
    """
    kubeconfig = directory / "kubeconfig"
    kubeconfig.touch(mode=0o600)
    kubeconfig.write_text(kubeconfig_text(servers, current_context), encoding="utf-8")
    variables = {
        "KUBECONFIG": str(kubeconfig),
        "KUBECACHEDIR": str(directory / "kube-cache"),
        "KUBERC": "off",
        CONTROL_VARIABLE: control,
        **{page.variable: page.url for page in pages},
    }
    binaries = directory / "bin"
    binaries.mkdir()
    install_page_program(directory, [(page.title, page.url) for page in pages if shows_pages])
    tools = install_tools(binaries, next(iter(servers), None), {**environment, **variables})
    path = environment.get("PATH", os.defpath)
    return Equipment({**variables, "PATH": f"{binaries}{os.pathsep}{path}"}, tools, pages)


def origin_of(control: str) -> str:
    """Return what the URLs of all clusters of a process begin with, of those made later too."""
    return control.rpartition("/")[0]


def kubeconfig_text(servers: Mapping[str, str], current_context: str = "") -> str:
    """Return a kubeconfig with a context for each of `servers` (URLs by name)."""
    contexts = [
        # k3d calls a cluster's entry so; the workshop renames its context only.
        KubeconfigContext(name, f"k3d-{name.removeprefix('k3d-')}", server, "rehearsal")
        for name, server in servers.items()
    ]
    return dump_kubeconfig(contexts, current_context)


def _request(
    clusters: Mapping[str, ClusterSeed], keeping: Keeping | None, reporting: bool
) -> bytes:
    seeds = {name: seed.to_json() for name, seed in clusters.items()}
    request: dict[str, Any] = {"clusters": seeds}
    if reporting:
        request["report"] = True
    if keeping:
        request |= {"keep": str(keeping.path.absolute()), "resume": keeping.resume}
    return json.dumps(request).encode() + b"\n"


def _lines(process: subprocess.Popen[bytes], begun: bytes) -> Iterator[bytes]:
    """Yield the lines of the output that begins with `begun`, while the process writes them."""
    while process.stdout is not None:
        *lines, begun = begun.split(b"\n")
        yield from lines
        chunk = os.read(process.stdout.fileno(), 65536)
        if not chunk:
            return
        begun += chunk


def _exchange(
    process: subprocess.Popen[bytes], request: bytes, patience: float
) -> tuple[bytes, bytes]:
    """Send the request line and return the reply line, and what follows it already.

    At the end of output it is what there is of the line.

    Raises RehearsalError if the line does not arrive in time.
    """
    if process.stdin is None or process.stdout is None:
        raise ValueError("the process was started without pipes")
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(request)
        process.stdin.flush()
    reply = b""
    deadline = time.monotonic() + patience
    while b"\n" not in reply and len(reply) < _REPLY_LIMIT:
        left = max(0.0, deadline - time.monotonic())
        if not select.select([process.stdout], [], [], left)[0]:
            raise RehearsalError(
                f"the rehearsal clusters did not answer within {patience:g} seconds",
                hint="try again when the machine is less busy",
            )
        chunk = os.read(process.stdout.fileno(), 65536)
        if not chunk:
            break
        reply += chunk
    line, _, rest = reply.partition(b"\n")
    return line, rest


def _understand(
    reply: bytes, expected: Collection[str] | None, errors: IO[bytes]
) -> dict[str, Any]:
    """Return what the reply says; raises what it reports.

    It has the URLs of the clusters that have the `expected` names, if those are known.
    """
    try:
        answer: Any = json.loads(reply)
    except ValueError:
        raise _crashed(_tail(errors)) from None
    if not isinstance(answer, dict):
        raise _crashed(_tail(errors))
    if "error" in answer:
        is_input = bool(answer.get("is_input"))
        said = str(answer["error"]) if is_input else f"rehearsal clusters: {answer['error']}"
        raise RehearsalError(said, hint=answer.get("hint"), is_input=is_input)
    servers = answer.get("clusters")
    if not isinstance(servers, dict) or expected not in (None, set(servers)):
        raise _crashed(_tail(errors))
    return answer


def _tail(errors: IO[bytes]) -> str:
    errors.seek(0)
    return errors.read().decode(errors="replace").strip()


def _crashed(said: str) -> RehearsalError:
    missing = re.search(r"No module named '([^']+)'", said)
    if missing and not missing[1].startswith("meshpeek"):
        return RehearsalError(
            f"rehearsal clusters need the Python package {missing[1].partition('.')[0]}, "
            "which is not installed",
            hint=_INSTALL_HINT,
        )
    last = said.splitlines()[-1] if said else "the process ended without a word"
    return RehearsalError(
        f"the rehearsal clusters could not be started: {last}",
        hint="this is a defect of meshpeek; please report it with the line above",
    )


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the process and wait for it: by the end of its input, else TERM, else KILL."""
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(BrokenPipeError):
                stream.close()
    for insist in (process.terminate, process.kill):
        try:
            process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            insist()
        else:
            return
    process.wait()
