"""Faces in Chromium: the workshop's moments, as its audience sees them, and the page itself."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from meshpeek.rehearsal import ClusterSeed, RunningClusters, start
from tests.browser import OpenPage, accessibility_violations
from tests.conftest import PROGRAM, ROOT

pytestmark = pytest.mark.slow

PATIENCE = 90
MANIFESTS = ROOT / "k8s"
SEEDS = {
    "north": ClusterSeed((MANIFESTS / "north",), ("east", "west")),
    "east": ClusterSeed((MANIFESTS / "east",)),
    "west": ClusterSeed((MANIFESTS / "west",)),
}
GREEN, BLUE = "color north green", "color2-west west blue"
SMILES, LATE = "smiley-east east 😃", "504 smiley-east"
LEADS_ASTRAY = b'{"spec":{"rules":[{"backendRefs":[{"name":"nowhere","port":80}]}]}}'


_SHOW = """\
cd "${0%/*}"
echo "$MESHPEEK_FACES" > shown
read -r < seen
"""


class Show:
    """The workshop as a test; where it shows a browser, it waits until we have looked."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        (folder / "k8s").symlink_to(MANIFESTS)
        text = (ROOT / "workshop.md").read_text()
        (folder / "workshop.md").write_text(f"{text}\n<!-- @show_browser -->\n")
        self._ends = []
        for name in ("shown", "seen"):
            os.mkfifo(folder / name)
            self._ends.append(os.open(folder / name, os.O_RDWR))
        (folder / "show").write_text(_SHOW)
        hooks = {"DEMO_HOOK_BROWSER": f"bash {folder}/show", "DEMO_HOOK_TERMINAL": ":"}
        self._log = folder / "ci.log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "ci", "--rehearse", "workshop.md"],
                cwd=folder,
                env=environment | hooks,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def shown(self) -> str:
        """Wait until the workshop shows a browser; return the URL."""
        shown, _ = self._ends
        assert select.select([shown], [], [], PATIENCE)[0], self._log.read_text()
        return os.read(shown, 1024).decode().strip()

    def go_on(self) -> None:
        os.write(self._ends[1], b"\n")

    def end(self) -> None:
        assert self.process.wait(PATIENCE) == 0, self._log.read_text()

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(PATIENCE)
        for end in self._ends:
            os.close(end)


@pytest.fixture
def show(tmp_path: Path, clean_environment: dict[str, str]) -> Iterator[Show]:
    show = Show(tmp_path, clean_environment)
    yield show
    show.close()


@pytest.fixture(scope="module")
def clusters() -> Iterator[RunningClusters]:
    with start(SEEDS) as running:
        yield running


@pytest.fixture
def look(open_page: OpenPage) -> Iterator[Callable[..., Page]]:
    """Return a function that opens a page whose clock runs fast, and that asks nobody else."""
    pages = []

    def opens(url: str, speed: int = 20, **settings: object) -> Page:
        page = open_page(bypass_csp=True, **settings)  # axe-core brings a script of its own
        pages.append(page)
        page.set_default_timeout(PATIENCE * 1000)
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{url}?speed={speed}")
        return page

    asked: list[str] = []
    yield opens
    for page in pages:
        page.context.close()
    assert {url.partition("/faces/")[0] for url in asked if not url.startswith("data:")} <= {
        page.url.partition("/faces/")[0] for page in pages
    }


def wait_for_shares(page: Page, part: str, low: float, high: float, kind: str) -> None:
    """Wait until `kind` has a share from `low` to `high` of all that a full window shows."""
    page.wait_for_function(
        """([part, kind, low, high]) => {
            const row = document.querySelector(`#shares-${part} [data-kind="${kind}"]`);
            const share = Number(row?.dataset.share ?? 0);
            const isFull = document.getElementById("window").textContent === "160";
            return isFull && low <= share && share <= high;
        }""",
        arg=[part, kind, low, high],
    )


def wait_for_all_cells(page: Page) -> None:
    page.wait_for_function("() => !document.querySelector('#cells .tint:empty')")


def kinds(page: Page, part: str) -> list[str | None]:
    rows = page.locator(f"#shares-{part} li")
    return [row.get_attribute("data-kind") for row in rows.all()]


@contextlib.contextmanager
def moment(show: Show, page: Page) -> Iterator[None]:
    """Look at the page when the workshop says so; in between it rests, or it takes all the time."""
    show.shown()
    page.get_by_role("button", name="Count afresh").click()
    page.get_by_role("button", name="Pause").click()
    yield
    page.get_by_role("button", name="Pause").click()
    show.go_on()


def test_the_moments_of_the_workshop(show: Show, look: Callable[..., Page]) -> None:
    page = look(show.shown())
    routes = page.locator("#routes")
    wait_for_shares(page, "color", 1, 1, GREEN)
    assert kinds(page, "smiley") == [SMILES]
    expect(routes).to_contain_text("given up after 5 s")
    page.get_by_role("button", name="Pause").click()
    show.go_on()

    with moment(show, page):  # the timeout is 300 ms now
        wait_for_shares(page, "smiley", 0.3, 0.5, LATE)
        page.locator("#cells .count:not(:empty)").first.wait_for()
        expect(routes).to_contain_text("given up after 300 ms")
        assert kinds(page, "color") == [GREEN]

    with moment(show, page):  # the canary
        wait_for_shares(page, "color", 0.4, 0.6, BLUE)
        assert kinds(page, "color") == [GREEN, BLUE]

    with moment(show, page):  # everything has moved
        wait_for_shares(page, "color", 1, 1, BLUE)

    with moment(show, page):  # and `color` has been deleted in north
        wait_for_shares(page, "color", 1, 1, BLUE)
        assert set(page.locator("#cells .tint").all_inner_texts()) <= {"blue", "pink", ""}

    show.end()
    expect(page.get_by_role("alert")).to_contain_text("The rehearsal has ended")


@pytest.mark.parametrize(
    ("width", "height", "scheme"),
    [(1280, 800, "light"), (1920, 1080, "dark"), (360, 740, "light"), (360, 740, "dark")],
)
def test_the_page_is_fit_for_everybody(
    clusters: RunningClusters, look: Callable[..., Page], width: int, height: int, scheme: str
) -> None:
    page = look(clusters.pages[0].url, width=width, height=height, color_scheme=scheme)
    wait_for_all_cells(page)
    assert accessibility_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_keyboard_reaches_every_cell(
    clusters: RunningClusters, look: Callable[..., Page]
) -> None:
    page = look(clusters.pages[0].url)
    title = page.locator("#trace-title")
    expect(title).to_have_text("One request, from row 1, column 1")
    pause = page.get_by_role("button", name="Pause")
    page.keyboard.press("Tab")
    expect(pause).to_be_focused()
    page.keyboard.press("Tab")
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "ArrowUp", "ArrowLeft", "ArrowDown"):
        page.keyboard.press(key)
    expect(title).to_have_text("One request, from row 2, column 2")
    chosen = page.get_by_role("button", name="row 2, column 2")
    expect(chosen).to_be_focused()
    expect(chosen).to_have_attribute("aria-pressed", "true")
    expect(chosen).to_have_accessible_name("row 2, column 2: smiling on green")
    page.keyboard.press("End")
    expect(title).to_have_text("One request, from row 4, column 4")


def test_a_pause_stops_the_requests(clusters: RunningClusters, look: Callable[..., Page]) -> None:
    page = look(clusters.pages[0].url)
    wait_for_all_cells(page)
    pause = page.get_by_role("button", name="Pause")
    pause.click()
    page.evaluate(
        """() => {
            performance.setResourceTimingBufferSize(100_000);  // 250 are there after two seconds
            window.asked = () => performance.getEntriesByType("resource")
                .filter(({ name }) => name.includes("/cell?")).length;
        }"""
    )
    # What is under way comes to its end, then nothing is asked for four of the page's periods.
    page.wait_for_function(
        """() => {
            const isSame = asked() === window.before;
            window.before = asked();
            return isSame;
        }""",
        polling=400,
    )
    pause.click()
    before = page.evaluate("asked()")
    page.wait_for_function("(before) => asked() > before + 16", arg=before)


def test_motion_is_kept_to_what_it_has_to_be(
    clusters: RunningClusters, look: Callable[..., Page]
) -> None:
    page = look(clusters.pages[0].url, reduced_motion="reduce")
    face = page.locator(".face").first
    expect(face).to_have_css("transition-duration", "0s")
    page.wait_for_function(
        "() => [...document.querySelectorAll('.face')].some((face) => face.style.opacity === '0.4')"
    )
    opacities = page.locator(".face").evaluate_all("(faces) => faces.map((f) => f.style.opacity)")
    assert set(opacities) <= {"0", "0.4", "0.5", "1"}


def test_failures_are_drawn_with_signs(look: Callable[..., Page]) -> None:
    with start(SEEDS) as running:
        page = look(running.pages[0].url)
        wait_for_all_cells(page)
        path = "apis/policy.linkerd.io/v1beta3/namespaces/faces/httproutes/smiley-router"
        send(f"{running.servers['north']}/{path}", "PATCH", LEADS_ASTRAY)
        wait_for_shares(page, "smiley", 1, 1, "500 nowhere")
        expect(page.get_by_role("button", name="row 1, column 1")).to_have_accessible_name(
            "row 1, column 1: cursing on green, error"
        )
        expect(page.locator(".mark").first).to_be_visible()
        expect(page.locator("#routes")).to_contain_text("there is no Service nowhere")
        assert accessibility_violations(page) == []
        send(f"{running.servers['north']}/api/v1/namespaces/faces/services/face", "DELETE")
        expect(page.get_by_role("alert")).to_contain_text("There is no Faces in these clusters")


def send(url: str, method: str, body: bytes = b"") -> None:
    headers = {"Content-Type": "application/merge-patch+json"}
    request = urllib.request.Request(url, body or None, headers, method=method)
    with urllib.request.urlopen(request, timeout=PATIENCE) as response:
        assert response.status == 200


def test_the_address_of_the_page_does_not_lead_to_the_clusters(clusters: RunningClusters) -> None:
    (faces,) = clusters.pages
    assert faces.is_open
    beginning, _, _ = faces.url.removesuffix("/").rpartition("/")
    for path in ("north/version", "north", "", "faces/north/version"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"{beginning}/{path}", timeout=PATIENCE)
    assert beginning not in clusters.servers["north"]
    request = urllib.request.Request(faces.url, headers={"Host": "faces.example"})
    with pytest.raises(urllib.error.HTTPError, match="421"):
        urllib.request.urlopen(request, timeout=PATIENCE)
    without_slash = faces.url.removesuffix("/")
    with urllib.request.urlopen(without_slash, timeout=PATIENCE) as response:
        assert response.url == faces.url
