"""No secret is in the log or in any report, and expectations see what was really written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import RunProgram

REPORTS = ("events", "junit", "json")
TOKEN = "ghp_" + "0aB" * 12
WORKSHOP = f"""\
---
meshpeek:
  env:
    PASSWORD: {{secret: true, value: correct-horse}}
  secrets: [OUTER]
---
<!-- @SHOW -->

Never say outer-battery.

```bash
## meshpeek: expect correct-horse
echo $PASSWORD; printf outer-; sleep 0.1; echo battery
printf $OUTER | base64
echo {TOKEN} >&2; false
```
"""


@pytest.mark.parametrize("command", [("ci",), ("run", "--pace", "0")])
def test_secrets_are_nowhere(meshpeek: RunProgram, tmp_path: Path, command: tuple[str]) -> None:
    (tmp_path / "w.md").write_text(WORKSHOP)
    options = [word for name in REPORTS for word in (f"--{name}", f"report.{name}")]
    result = meshpeek(*command, *options, "w.md", OUTER="outer-battery")
    assert result.returncode == 1
    texts = {name: (tmp_path / f"report.{name}").read_text() for name in REPORTS}
    texts |= {"stdout": result.stdout, "stderr": result.stderr}
    for text in texts.values():
        for secret in ("correct-horse", "outer-battery", "b3V0ZXItYmF0dGVyeQ", TOKEN[8:]):
            assert secret not in text
    assert result.stdout.count("***") >= 5
    assert "2 passed, 1 failed" in result.stdout


def test_a_secret_that_is_too_short_to_be_hidden_is_refused(
    meshpeek: RunProgram, tmp_path: Path
) -> None:
    (tmp_path / "w.md").write_text("---\nmeshpeek: {secrets: [PIN]}\n---\n```bash\ntrue\n```\n")
    result = meshpeek("ci", "w.md", PIN="123")
    assert result.returncode == 3
    assert "the value of PIN is too short to hide: 3 characters" in result.stderr
    assert meshpeek("ci", "w.md", PIN="").returncode == 0
