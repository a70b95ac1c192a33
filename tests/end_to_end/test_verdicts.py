"""Golden cases of verdicts, which a writer of workshops can read: workshops/verdicts*.md."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from meshpeek.workshop.parse.vocabulary import ANNOTATIONS
from tests.conftest import ROOT, RunProgram

WORKSHOPS = ROOT / "tests" / "end_to_end" / "workshops"
CASE = re.compile(
    r"^#+ ([^\n]+)\n+```bash\n.*?^```\n+```text\n(.*?)^```$", re.MULTILINE | re.DOTALL
)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "options"), [("verdicts.md", ["--keep-going"]), ("verdicts-stopped.md", [])]
)
def test_every_case_has_its_verdict(
    meshpeek: RunProgram, tmp_path: Path, name: str, options: list[str]
) -> None:
    shutil.copy(WORKSHOPS / name, tmp_path)
    result = meshpeek("ci", *options, "--json", "j.json", name)
    assert result.returncode == 1
    (workshop,) = json.loads((tmp_path / "j.json").read_text())["workshops"]
    verdicts: dict[str, str] = {}
    for step in workshop["steps"]:
        title = workshop["sections"][step["section"]]
        told = "; ".join([step["outcome"], *step.get("reasons", [])])
        verdicts[title] = f"{verdicts.get(title, '')}{told}\n"
    assert verdicts == dict(CASE.findall((WORKSHOPS / name).read_text()))


def test_there_is_a_case_for_every_annotation() -> None:
    text = "".join(path.read_text() for path in WORKSHOPS.glob("verdicts*.md"))
    used = set(re.findall(r"^## meshpeek: ([\w-]+)", text, re.MULTILINE))
    assert used == set(ANNOTATIONS) - {"allow", "minutes", "output"}
