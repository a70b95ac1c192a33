"""What three versions of kubectl say to rehearsal clusters, and what they must say.

The transcripts in `battery/` are written from what kubectl and kube-apiserver 1.27 say on a real
cluster; where versions of kubectl differ, they say so.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from meshpeek.rehearsal.launch import ClusterSeed, kubeconfig_text, start
from tests.rehearsal import transcript
from tests.tools import KUBECTL_VERSIONS, find_tool

ROOT = Path(__file__).parents[2]
TRANSCRIPTS = sorted((Path(__file__).parent / "battery").glob("*.txt"))
NEWEST = "1.37"
VERSIONS = ["1.20", "1.28", NEWEST]
IN_EVERY_VERSION = {"definitions", "workshop"}
FEWEST_COMMANDS = 80

MANIFESTS = ROOT / "k8s"
SEEDS = {
    "north": ClusterSeed((MANIFESTS / "north", MANIFESTS / "emissary"), ("east", "west")),
    "east": ClusterSeed((MANIFESTS / "east",)),
    "west": ClusterSeed((MANIFESTS / "west",)),
}


@pytest.fixture
def environment(version: str, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Serve three clusters, and return where bash finds this version of kubectl and them."""
    if version == NEWEST:
        program = str(Path(sys.executable).parent / "kubectl")
    else:
        program = find_tool(f"kubectl-{version}", KUBECTL_VERSIONS)
    binaries = tmp_path / "bin"
    binaries.mkdir()
    (binaries / "kubectl").symlink_to(program)
    log = tmp_path / "log"
    with start(SEEDS, log=log) as running:
        config = kubeconfig_text(running.servers)
        (tmp_path / "config").write_text(
            re.sub(r"^current-context: .*", "current-context: north", config, flags=re.MULTILINE)
        )
        yield {
            "PATH": f"{binaries}:{os.environ['PATH']}",
            "HOME": str(tmp_path),
            "TMPDIR": str(tmp_path),
            "KUBECONFIG": str(tmp_path / "config"),
            "KUBECACHEDIR": str(tmp_path / "cache"),
            "KUBERC": "off",
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
        }
    assert log.read_text() == ""


BATTERY = [
    (path, version)
    for path in TRANSCRIPTS
    for version in VERSIONS
    # Elsewhere, what one in the middle says, the oldest or the newest says too.
    if version in (VERSIONS[0], NEWEST) or path.stem in IN_EVERY_VERSION
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "version"), BATTERY, ids=[f"{version}-{path.stem}" for path, version in BATTERY]
)
def test_kubectl_says_what_is_written(
    path: Path, version: str, environment: dict[str, str]
) -> None:
    wrong = []
    for step in transcript.read(path):
        result = subprocess.run(
            ["bash", "-c", step.command],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )
        expected = step.expected_of(version)
        if not (
            transcript.matches(expected.stdout, result.stdout)
            and transcript.matches(expected.stderr, result.stderr)
            and result.returncode == expected.status
        ):
            wrong.append(f"{path.name}:{step.line}: with kubectl {version} it is")
            wrong.append("$ " + step.command.replace("\n", "\n> "))
            wrong += transcript.shown(result.stdout, result.stderr, result.returncode)
    assert not wrong, "\n".join(["", *wrong])


def test_the_battery_is_large_and_has_the_whole_workshop() -> None:
    commands = [step.command for path in TRANSCRIPTS for step in transcript.read(path)]
    assert sum("kubectl" in command for command in commands) >= FEWEST_COMMANDS
    blocks = re.findall(r"^```bash\n(.*?)^```", (ROOT / "workshop.md").read_text(), re.M | re.S)
    wanted = [
        " ".join(part.split())
        for block in blocks
        for line in block.replace("\\\n", " ").splitlines()
        for part in line.split("|")
        if part.strip().startswith("kubectl ")
    ]
    assert wanted
    run = [" ".join(command.replace("\\\n", " ").split()) for command in commands]
    assert [each for each in wanted if not any(each in command for command in run)] == []


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("web-<suffix>  1/1  <seconds>", "web-a7k2p   1/1   5s"),
        ("web-<suffix>", "web-abc"),
        ("age <minutes>", "age 5s"),
        ("two  spaces", "two spaces"),
        ("<seconds>", "<seconds>"),
        ("a.c", "abc"),
    ],
)
def test_an_expected_line_is_met_only_by_what_it_says(line: str, text: str) -> None:
    assert not transcript.matches([line], text)


def test_what_differs_from_run_to_run_is_let_through() -> None:
    expected = ["NAME  AGE", "web-<suffix>  <seconds>", "...", "end <number>"]
    text = "NAME        AGE\nweb-x7k2p   5s\nanything\n\nat all\nend 12\n\n"
    assert transcript.matches(expected, text)
    assert not transcript.matches(expected, text.replace("end", "and"))
