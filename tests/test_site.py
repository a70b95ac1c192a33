"""The documents as a site: each page has its place, links lead to headings, the tutorial works."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT, RunProgram

PAGES = sorted((ROOT / "docs").glob("*.md"))
DOCUMENTS = [ROOT / "README.md", *PAGES]


class _Loader(yaml.SafeLoader):
    """Reads mkdocs.yml, tags for Python among it."""


for _tag in ("!ENV", "tag:yaml.org,2002:python/"):
    _Loader.add_multi_constructor(_tag, lambda *_: None)


def slugs(document: Path) -> set[str]:
    """Return the anchors of a document's headings, as GitHub makes them."""
    text = re.sub(r"^(`{3,}).*?^\1", "", document.read_text(), flags=re.MULTILINE | re.DOTALL)
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def pages_of(nav: object) -> Iterator[str]:
    if isinstance(nav, str):
        yield nav
    elif isinstance(nav, list):
        for each in nav:
            yield from pages_of(each)
    elif isinstance(nav, dict):
        for each in nav.values():
            yield from pages_of(each)


def test_each_page_has_its_place_in_the_site() -> None:
    settings = yaml.load((ROOT / "mkdocs.yml").read_text(), _Loader)  # tags are dropped
    listed = list(pages_of(settings["nav"]))
    assert sorted(listed) == [page.name for page in PAGES]
    assert (ROOT / settings["hooks"][0]).exists()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_each_link_to_a_heading_leads_to_one(document: Path) -> None:
    for path, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#([^)]+)\)", document.read_text()):
        target = (document.parent / path) if path else document
        assert anchor in slugs(target), f"{path}#{anchor}"


@pytest.mark.slow
def test_the_tutorial_works_as_it_is_written(meshpeek: RunProgram, tmp_path: Path) -> None:
    text = (ROOT / "docs" / "first-workshop.md").read_text()
    lines = re.findall(r"^\$ meshpeek (.*)$", text, re.MULTILINE)
    new, test, lint, present = lines
    written = meshpeek(*shlex.split(new))
    assert written.returncode == 0, written.stderr
    assert written.stdout.strip() in text
    workshop = tmp_path / "talk.md"
    passed = meshpeek(*test.split())
    assert passed.returncode == 0
    count = re.search(r"ends with `(\d+ passed)`", text)
    assert count
    assert passed.stdout.rstrip().splitlines()[-1].startswith(count[1])
    assert meshpeek(*lint.split()).stdout == ""
    assert present == "present --rehearse talk.md"
    original = workshop.read_text()
    assert "--replicas=2" in original
    changed = original.replace("--replicas=2", "--replicas=1").replace("until 60s", "until 1s")
    workshop.write_text(changed)
    failed = meshpeek(*test.split())
    assert failed.returncode == 1
    assert "the output lacks “2/2”" in failed.stdout
