"""What a run without reports loads of them: nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_ci_without_reports_loads_none(tmp_path: Path) -> None:
    (tmp_path / "w.md").write_text("```bash\ntrue\n```\n")
    code = (
        "import sys\nfrom meshpeek.cli.main import main\n"
        "sys.argv = ['meshpeek', 'ci', 'w.md']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(*sys.modules, file=sys.stderr)\n"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stderr.split()
    assert "meshpeek.sinks.reports.registry" in loaded
    kinds = {"incremental", "cast", "github", "jsonl", "junit", "html", "json_document"}
    sinks = [name for name in loaded if name.startswith("meshpeek.sinks.")]
    assert not [name for name in sinks if kinds & {*name.split(".")}]
