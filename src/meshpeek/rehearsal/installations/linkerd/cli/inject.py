"""`linkerd inject`: marks workloads for the proxy injector, as stable-2.14.10 does."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from meshpeek.rehearsal.installations.linkerd.cli.api_client import LinkerdError
from meshpeek.rehearsal.types.yaml_documents import dump_stream, load_documents

_ANNOTATION = "linkerd.io/inject"
_WARNING = "\N{DOUBLE EXCLAMATION MARK}"
_POD_TEMPLATES = {
    "Pod": (),
    "Deployment": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "ReplicationController": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}


@dataclass(frozen=True, slots=True)
class Report:
    """What became of one object; `outcome` is injected, annotated or skipped."""

    kind: str
    name: str
    outcome: str
    host_network: bool = False
    disabled: bool = False
    udp: bool = False


def read_input(source: str) -> str:
    """Return the YAML of a file, of all files below a folder, or of stdin (`-`)."""
    if source == "-":
        return sys.stdin.read()
    path = Path(source)
    if not path.exists():
        raise LinkerdError(f"stat {source}: no such file or directory")
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    try:
        texts = [file.read_text(encoding="utf-8") for file in files]
    except (OSError, UnicodeDecodeError) as error:
        raise LinkerdError(f"cannot read {source}: {error}") from None
    return "\n---\n".join(texts)


def inject(text: str) -> tuple[str, list[Report]]:
    """Annotate all workloads and namespaces in `text`; return the YAML and what was done."""
    try:
        documents = load_documents(text)
    except yaml.YAMLError as error:
        raise LinkerdError(f"error converting YAML to JSON: {error}") from None
    reports = [report for document in documents for report in _inject_document(document)]
    return dump_stream(document for document in documents if document is not None), reports


def render_reports(reports: list[Report]) -> str:
    """Return what goes to stderr: warnings, then a line for each object."""
    warnings = list(_warnings(reports))
    lines = ["", *warnings, *([""] if warnings else []), *map(_describe, reports), ""]
    return "\n".join(lines) + "\n"


def _inject_document(document: Any) -> Iterator[Report]:  # noqa: ANN401
    if not isinstance(document, dict) or "kind" not in document:
        yield Report("", "", "skipped")
        return
    if document["kind"] == "List":
        for item in document.get("items") or []:
            yield from _inject_document(item)
        return
    kind = str(document["kind"])
    name = str((document.get("metadata") or {}).get("name", ""))
    if kind == "Namespace":
        _annotate(document)
        yield Report("namespace", name, "annotated")
        return
    yield _inject_workload(document, kind, name)


def _inject_workload(document: dict[str, Any], kind: str, name: str) -> Report:
    template = _pod_template(document, kind)
    if template is None:
        return Report(kind.lower(), name, "skipped")
    spec = template.get("spec") or {}
    annotations = (template.get("metadata") or {}).get("annotations") or {}
    host_network = spec.get("hostNetwork") is True
    disabled = annotations.get(_ANNOTATION) == "disabled"
    outcome = "skipped" if host_network or disabled else "injected"
    if outcome == "injected":
        _annotate(template)
    return Report(kind.lower(), name, outcome, host_network, disabled, _uses_udp(spec))


def _pod_template(document: dict[str, Any], kind: str) -> dict[str, Any] | None:
    if kind not in _POD_TEMPLATES:
        return None
    template: Any = document
    for key in _POD_TEMPLATES[kind]:
        template = template.get(key) if isinstance(template, dict) else None
    return template if isinstance(template, dict) else None


def _annotate(holder: dict[str, Any]) -> None:
    metadata = holder.get("metadata") or {}
    metadata["annotations"] = (metadata.get("annotations") or {}) | {_ANNOTATION: "enabled"}
    holder["metadata"] = metadata


def _uses_udp(spec: dict[str, Any]) -> bool:
    containers = spec.get("containers") or []
    return any(p.get("protocol") == "UDP" for c in containers for p in c.get("ports") or [])


def _warnings(reports: list[Report]) -> Iterator[str]:
    def named(chosen: list[Report]) -> str:
        return ", ".join(f"{r.kind}/{r.name}" for r in chosen)

    if host := [r for r in reports if r.host_network]:
        yield f'{_WARNING} "hostNetwork: true" detected in {named(host)}'
    if disabled := [r for r in reports if r.disabled]:
        yield f'{_WARNING} "{_ANNOTATION}: disabled" annotation set on {named(disabled)}'
    if all(r.outcome == "skipped" for r in reports):
        yield f"{_WARNING} no supported objects found"
    if udp := [r for r in reports if r.udp]:
        verb = "uses" if len(udp) == 1 else "use"
        yield f'{_WARNING} {named(udp)} {verb} "protocol: UDP"'


def _describe(report: Report) -> str:
    if not report.kind:
        return 'document missing "kind" field, skipped'
    return f'{report.kind} "{report.name}" {report.outcome}'
