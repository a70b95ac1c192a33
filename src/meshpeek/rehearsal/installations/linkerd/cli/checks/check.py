"""`linkerd check` and `linkerd multicluster check`: which checks are made, and what is printed."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable

from meshpeek.rehearsal.installations.linkerd.cli.api_client import (
    ApiClient,
    LinkerdError,
    known_servers,
    load_context,
)
from meshpeek.rehearsal.installations.linkerd.cli.arguments import Invocation
from meshpeek.rehearsal.installations.linkerd.cli.checks.core import (
    after_installation,
    before_installation,
)
from meshpeek.rehearsal.installations.linkerd.cli.checks.health import (
    Category,
    Check,
    Result,
    Subject,
    TableWriter,
    render_json,
    run_checks,
)
from meshpeek.rehearsal.installations.linkerd.cli.checks.multicluster import (
    EXTENSION_LABEL,
    multicluster,
)

_OUTPUTS = ("json", "table", "short")


def check(invocation: Invocation) -> int:
    """Run the checks of `linkerd check`, then those of the extensions that are installed."""
    output = _output(invocation)
    if invocation.truth("pre") and invocation.truth("proxy"):
        raise _invalid("--pre and --proxy flags are mutually exclusive")
    subject = _subject(invocation)
    if isinstance(subject, LinkerdError):
        return _report_client_error(subject, output)
    if invocation.truth("pre"):
        categories = before_installation()
    else:
        categories = after_installation(data_plane=invocation.truth("proxy"))
    groups = [categories]
    # A cluster that does not answer is told of by the core checks.
    with contextlib.suppress(LinkerdError):
        groups += [[_extension(name)] for name in _extensions(subject)]
    return _print(groups, subject, invocation.seconds("wait"), output)


def check_multicluster(invocation: Invocation) -> int:
    """Run the checks of `linkerd multicluster check`."""
    output = _output(invocation)
    subject = _subject(invocation)
    try:
        if isinstance(subject, LinkerdError):
            raise subject
        is_installed = "multicluster" in _extensions(subject)
    except LinkerdError as error:
        sys.stderr.write(f"failed to run multicluster check: {error}\n")
        return 1
    if not is_installed:
        sys.stderr.write(
            'namespace "multicluster" not found; install by running '
            "`linkerd multicluster install | kubectl apply -f -`\n"
        )
        return 1
    try:
        subject.cluster.get(f"/api/v1/namespaces/{subject.namespace}/configmaps/linkerd-config")
    except LinkerdError as error:
        sys.stderr.write(f"Failed to fetch linkerd config: {error}\n")
        return 1
    return _print([[multicluster()]], subject, invocation.seconds("wait"), output)


def _output(invocation: Invocation) -> str:
    output = invocation.text("output")
    if output not in _OUTPUTS:
        supported = ", ".join(_OUTPUTS)
        raise _invalid(f"Invalid output type '{output}'. Supported output types are: {supported}")
    return output


def _invalid(reason: str) -> LinkerdError:
    return LinkerdError(f"Validation error when executing check command: {reason}")


def _subject(invocation: Invocation) -> Subject | LinkerdError:
    kubeconfig = invocation.text("kubeconfig")
    try:
        context = load_context(kubeconfig, invocation.text("context"), os.environ)
        return Subject(
            ApiClient(context.server),
            invocation.text("linkerd-namespace"),
            known_servers(kubeconfig, os.environ),
            invocation.text("namespace"),
        )
    except LinkerdError as error:
        return error


def _report_client_error(error: LinkerdError, output: str) -> int:
    result = Result(
        "kubernetes-api",
        "can initialize the client",
        str(error),
        "https://linkerd.io/2.14/checks/#k8s-api",
    )
    return _finish([[result]], output)


def _extensions(subject: Subject) -> list[str]:
    """Return the names of the extensions that are installed, by their namespaces' label."""
    found = subject.cluster.get("/api/v1/namespaces", labelSelector=EXTENSION_LABEL)
    return [each["metadata"]["labels"][EXTENSION_LABEL] for each in found.get("items") or ()]


def _extension(name: str) -> Category:
    if name == "multicluster":
        return multicluster()
    command = f"linkerd-{name}"
    return Category(
        command,
        [
            Check(
                f"Linkerd extension command {command} exists",
                "extensions",
                lambda _: f'exec: "{command}": executable file not found in $PATH',
                is_warning=True,
            )
        ],
    )


def _print(
    groups: Iterable[Iterable[Category]], subject: Subject, patience: float, output: str
) -> int:
    return _finish((run_checks(group, subject, patience) for group in groups), output)


def _finish(groups: Iterable[Iterable[Result]], output: str) -> int:
    """Print the results of each group as they come, and return the exit status."""
    return _print_json(groups) if output == "json" else _print_table(groups, output)


def _print_json(groups: Iterable[Iterable[Result]]) -> int:
    has_failed = False
    for group in groups:
        results = list(group)
        has_failed |= any(result.is_failure for result in results)
        sys.stdout.write(render_json(results))
    return int(has_failed)


def _print_table(groups: Iterable[Iterable[Result]], output: str) -> int:
    writer = TableWriter(is_short=output == "short")
    has_failed = False
    for group in groups:
        for result in group:
            has_failed |= result.is_failure
            writer.write(result)
    writer.close(succeeded=not has_failed)
    return int(has_failed)
