"""The pytest plugin: workshops as tests, see `pytest_items`, and clusters for anybody's tests.

pytest loads this whenever it starts, for everybody who has meshpeek installed. So nothing else is
imported before there is a workshop to collect.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

if TYPE_CHECKING:
    from meshpeek.cli.pytest_items import WorkshopFile
    from meshpeek.rehearsal import Clusters


class StartClusters(Protocol):
    """What `rehearsal_clusters` gives to a test: a function that starts clusters."""

    def __call__(
        self, *names: str, install: Iterable[str] = (), manifests: Iterable[Path | str] = ()
    ) -> Clusters:
        """Start clusters, which end with the test; see `meshpeek.rehearsal.clusters`."""


@pytest.fixture
def rehearsal_clusters() -> Iterator[StartClusters]:
    """Start embedded Kubernetes clusters, which end with the test: `rehearsal_clusters("north")`.

    `install` names what is on each, `manifests` are files or folders of objects. What is returned
    has `kubeconfig`, `servers` and `environment`.
    """
    from meshpeek.rehearsal import clusters

    with ExitStack() as running:

        def start(
            *names: str, install: Iterable[str] = (), manifests: Iterable[Path | str] = ()
        ) -> Clusters:
            return running.enter_context(clusters(*names, install=install, manifests=manifests))

        yield start


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("meshpeek", "executable Markdown workshops")
    group.addoption(
        "--meshpeek",
        action="store_true",
        help="collect all workshops: .md files that begin with settings, not only "
        "those with `pytest: true` under it; and any .md file that is named",
    )
    group.addoption(
        "--meshpeek-rehearse",
        action="store_true",
        help="run workshops on embedded clusters, each on its own; no real one is touched",
    )
    group.addoption(
        "--meshpeek-sealed",
        action="store_true",
        help="with --meshpeek-rehearse: each in a network of its own, which reaches nothing else",
    )
    group.addoption(
        "--meshpeek-scratch",
        action="store_true",
        help="run each workshop in a copy of its folder, which is removed afterwards",
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> WorkshopFile | None:
    """Collect a file if it is a workshop and selected."""
    if file_path.suffix.lower() != ".md":
        return None
    from meshpeek.workshop.folders import is_marked_for_pytest, is_workshop

    if parent.config.getoption("meshpeek"):
        is_selected = parent.session.isinitpath(file_path) or is_workshop(file_path)
    else:
        is_selected = is_marked_for_pytest(file_path)
    if not is_selected:
        return None
    from meshpeek.cli.pytest_items import WorkshopFile

    return WorkshopFile.from_parent(parent, path=file_path)
