"""What kubectl says to a rehearsal cluster, beside what it said to a real kube-apiserver 1.36.

The lines in `recorded_answers/` build on one another, so they run in order, on one cluster. What
kube-apiserver has changed since 1.27, and what the recorded one added, is taken out of both sides
where that can be told by its form (LATER). Every other difference is in `differences.txt`, with
its reason; one that is there and no longer differs fails the test as well.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from meshpeek.rehearsal.launch import ClusterSeed, kubeconfig_text, start
from tests.rehearsal import transcript

RECORDED = Path(__file__).parent / "recorded_answers"
LEAST = 322
LINES = 355

ALWAYS_DIFFERENT = [
    (r"(?m)^[EIW]\d{4} [\d:.]+ +\d+ ", "LOG "),
    (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "UID"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z| [+-]\d{4})", "TIME"),
    (r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} [\d:]{8} [+-]\d{4}", "TIME"),
    (r"(resourceVersion\W*)\d+", r"\1RV"),
    (r"(Resource Version: +)\d+", r"\1RV"),
    (r"(Expected resource version to be 1, was) \d+", r"\1 RV"),
    (r"(https?://)?127\.0\.0\.1:\d+(/[0-9a-f]{32}/[a-z0-9]+)?", "URL"),
    (r"\b((?:[a-z0-9]+-)+)[0-9a-z]{8,10}-[bcdfghjklmnpqrstvwxz2456789]{5}\b", r"\1POD"),
    (r"\b((?:[a-z0-9]+-)+)(?=[a-z]*\d)[bcdf5-9ghjklmnpqrstvwxz24]{8,10}\b", r"\1RS"),
    (r"(pod-template-hash[=:\" ]+)[0-9a-z]{6,10}", r"\1HASH"),
    (r"\b((default|[a-z0-9-]+)-token|kube-api-access)-[a-z0-9]{5}\b", "TOKEN"),
    (r"\b(172|10)(\.\d+){3}", "IP"),
    (r"(?<![\w\":=])(\d+d)?(\d+h)?(\d+m)?\d+[smhd]\b", "AGE"),
    (r"kubectl-[\w.-]*edit-\w+", "EDITFILE"),
    (r"\S+/(LIVE|MERGED)-\d+", r"\1"),
    (r"\b3[0-2]\d{3}\b", "NODEPORT"),
    (r"\b(web|pr2|sv1|sv2)-[a-z0-9]{5} ", r"\1-SLICE "),
    (r" +", " "),
    (r"(?m) $", ""),
]
"""What differs from run to run, and the word that stands for it."""

LATER = [
    # The recorded server puts a ConfigMap into each namespace, and into each Pod's token volume.
    (r"(?m)^(\S*/|)openshift-service-ca\.crt.*\n", ""),
    (r"(?m)^Listing labels for ConfigMap\./openshift-service-ca\.crt:\n x=y\n", ""),
    (r"(?m)^ - configMap:\n items:\n - key: service-ca\.crt\n path: .*\n name: .*\n", ""),
    (r"(?m)^ ConfigMapName: openshift-service-ca\.crt\n Optional: false\n", ""),
    # Fields, labels and warnings since 1.28; null times are left out since 1.34.
    (r"(?m)^ creationTimestamp: null\n", ""),
    (r',"creationTimestamp":null', ""),
    (r"(?m)^ (terminatingReplicas: 0|manualSelector: false|podReplacementPolicy: \w+)\n", ""),
    (r"(?m)^ endpoints\.kubernetes\.io/managed-by=endpoint-controller\n", ""),
    (r"(?m)^Warning: v1 Endpoints is deprecated in v1\.33\+.*\n", ""),
    (r"(?m) PREEMPTIONPOLICY$| PreemptLowerPriority$", ""),
    # Groups and kinds since 1.28, and one that is deprecated and absent here.
    (r"(?m)^(authentication\.k8s\.io/v1beta1|(flowcontrol\S*|resource)\.k8s\.io/\w+)\n", ""),
    (r"(?m)^(\w+classes (Device|VolumeAttributes)Class|ipaddresses IPAddress)\n", ""),
    (r"(?m)^(resourceslices|servicecidrs|resourceclaims|resourceclaimtemplates) \w+\n", ""),
    (r"(?m)^(mutat|validat)ingadmissionpolic\w+ \w+\n", ""),
    (r"(?m)^componentstatuses \w+\n", ""),
    # The words of events, and how values are written in errors: as JSON, not as Go has them.
    (r"(?m)(replica set \S+) (?:from \d+ to (\d+)|to (\d+)(?: from \d+)?)$", r"\1 to \2\3"),
    (r'Invalid value: "object": (?=min must)', "Invalid value: "),
    (r"map\[string\]string(\{[^{}]*\})", r"\1"),
    (r"\[\]string\{([^{}]*)\}", r"[\1]"),
    (
        r"v1\.LabelSelector\{MatchLabels:(.*?), "
        r"MatchExpressions:\[\]v1\.LabelSelectorRequirement\(nil\)\}",
        r'{"matchLabels":\1}',
    ),
    (
        r'Invalid value: "": (kind|name|uid) must not be empty',
        'Invalid value: "": must not be empty',
    ),
    (r'": *"', '":"'),
    (r'", "', '","'),
    # kubectl 1.37 instead of 1.36.
    (r"#success=(\d+) #failure=", r"successThreshold=\1 failureThreshold="),
    (r'(doesn\'t have a resource type "\w+") in group "[\w.]+"', r"\1"),
]
"""What is the same but for the version (1.27 here), and for what the recorded build adds."""


def normalised(text: str) -> list[str]:
    """Return the lines of `text` without what always differs."""
    return _replaced(text, ALWAYS_DIFFERENT).rstrip("\n").splitlines()


def common(lines: list[str]) -> list[str]:
    """Return normalised lines without what is another version's."""
    text = _replaced("".join(f"{line}\n" for line in lines), LATER)
    # The API server ranges over maps: several causes come in any order.
    causes = [line for line in text.splitlines() if line.startswith("* ")]
    return [*(line for line in text.splitlines() if line not in causes), *sorted(causes)]


def _replaced(text: str, table: list[tuple[str, str]]) -> str:
    for pattern, replacement in table:
        text = re.sub(pattern, replacement, text)
    return text


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Serve a cluster, and return what bash needs to reach its empty namespace `t`."""
    log = tmp_path / "log"
    with start({"north": ClusterSeed(install=())}, log=log) as running:
        config = kubeconfig_text(running.servers, "north")
        config = re.sub(r"(?m)^    user: ", "    namespace: t\n    user: ", config)
        (tmp_path / "config").write_text(config)
        yield {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(tmp_path),
            "TMPDIR": str(tmp_path),
            "KUBECONFIG": str(tmp_path / "config"),
            "KUBECACHEDIR": str(tmp_path / "cache"),
            "KUBERC": "off",
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            # kubectl is started some 350 times: it need not collect garbage, nor start threads.
            "GOGC": "off",
            "GOMAXPROCS": "1",
        }
    assert log.read_text() == ""


@pytest.mark.slow
def test_answers_are_those_of_a_real_api_server(
    environment: dict[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "files"
    shutil.copytree(RECORDED / "files", folder)

    def run(command: str) -> tuple[list[str], list[str], int]:
        result = subprocess.run(
            ["bash", "-c", command],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )
        return normalised(result.stdout), normalised(result.stderr), result.returncode

    assert run("kubectl create namespace t")[2] == 0
    excused = dict(_differences())
    same, wrong = 0, []
    for step in transcript.read(RECORDED / "answers.txt"):
        stdout, stderr, status = run(step.command)
        real = step.expected_of("")
        is_same = (common(stdout), common(stderr), status) == (
            common(real.stdout),
            common(real.stderr),
            real.status,
        )
        same += is_same
        reason = excused.get(step.command, "")
        if is_same == bool(reason) and not (is_same and reason.startswith("Sometimes")):
            wrong.append(f"{step.line}: $ {step.command}")
            wrong += transcript.shown("\n".join(stdout), "\n".join(stderr), status)
    assert not wrong, "\n".join(["", *wrong])
    assert same >= LEAST


def test_each_difference_has_a_reason() -> None:
    commands = [step.command for step in transcript.read(RECORDED / "answers.txt")]
    assert len(commands) == LINES
    differences = _differences()
    assert [each for each, _ in differences if each not in commands] == []
    assert all(reason for _, reason in differences)


def _differences() -> list[tuple[str, str]]:
    """Return the commands that are answered otherwise, each with the heading that says why."""
    found, reason = [], ""
    for line in (RECORDED / "differences.txt").read_text().splitlines():
        if line.startswith("$ "):
            found.append((line[2:], reason))
        elif line:
            reason = line
    return found
