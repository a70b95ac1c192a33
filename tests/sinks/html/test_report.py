"""The page of a run, in a browser as its readers open it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html
from playwright.sync_api import Page, expect

from meshpeek.run.events import (
    CommandEnded,
    Event,
    JobsLeft,
    RunRefused,
    RunStarted,
    StepSkipped,
    TextShown,
    Verdict,
    VerdictKind,
)
from meshpeek.sinks.html import prose
from meshpeek.sinks.html.report import HtmlFormatter
from meshpeek.sinks.reports.control_characters import without_controls
from meshpeek.workshop.model import Command, Mode
from meshpeek.workshop.parse import parse
from tests.browser import OpenPage, accessibility_violations
from tests.conftest import RunProgram
from tests.sinks.reports.formatted import now, text, texts
from tests.sinks.story import result, tell

WORKSHOP = """\
---
meshpeek:
  contexts: {north: "#56B4E9", east: yellow}
---

# Colours

```bash
echo hidden
function kubectl { [[ $2 = north ]]; }
```

<!-- @SHOW -->

## Reading

Some *words*, an ![image](https://example.invalid/x.png), <b onclick="alert(1)">markup</b>,
[a link](https://example.invalid) and [no script](javascript:alert(1)).

```bash
printf '\\e[31mred\\e[0m <script>document.title = "owned"</script>\\n'
kubectl --context north
```

## Failing

```bash
kubectl --context east get pods
```

### Not reached

```bash
echo later
```
"""


def three_workshops() -> list[Event]:
    return [*tell(Mode.CI), RunRefused("b.md", "no"), *tell(Mode.CI)]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "story.html"
    path.write_text(text(HtmlFormatter(now), three_workshops()))
    return path


@pytest.fixture
def report(meshpeek: RunProgram, tmp_path: Path) -> Path:
    (tmp_path / "w.md").write_text(WORKSHOP)
    (tmp_path / "kubeconfig").write_text(
        "{contexts: [{name: north, context: {cluster: c}}, {name: east, context: {cluster: c}}],"
        " clusters: [{name: c, cluster: {server: 'http://127.0.0.1:9'}}]}"
    )
    result = meshpeek("ci", "--html", "page.html", "w.md", KUBECONFIG=str(tmp_path / "kubeconfig"))
    assert result.returncode == 1, result.stderr
    return tmp_path / "page.html"


def opened(page: Page, path: Path) -> list[str]:
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(path.as_uri())
    return requests


@pytest.mark.slow
def test_a_reader_finds_the_failure_and_loads_nothing(open_page: OpenPage, report: Path) -> None:
    page = open_page()
    requests = opened(page, report)
    expect(page).to_have_title("✗ 1 failed · w.md")
    failure = page.locator(".failures a")
    expect(failure).to_have_text("w.md:28")
    assert failure.bounding_box()["y"] < 400
    failure.click()
    step = page.locator(".step.failed")
    expect(step).to_be_in_viewport()
    expect(step).to_contain_text("exit status 1")
    expect(step.locator(".badge")).to_have_text("east")
    entries = page.locator(".outline li")
    assert [entry.get_attribute("class") for entry in entries.all()] == [
        "passed", "passed", "failed", "skipped deep",
    ]  # fmt: skip
    entries.nth(3).locator("a").click()
    expect(page.locator(".step.skipped")).to_be_in_viewport()
    expect(page.locator(".a-fg1")).to_have_css("color", "rgb(255, 107, 107)")
    expect(page.get_by_text('<script>document.title = "owned"</script>').last).to_be_visible()
    assert page.locator("img, [onclick], [href^='javascript']").count() == 0
    assert requests == [report.as_uri()]


@pytest.mark.slow
def test_searching_and_showing_failures_only(open_page: OpenPage, report: Path) -> None:
    page = open_page()
    opened(page, report)
    page.keyboard.press("/")
    page.keyboard.type("kubectl --context north")
    expect(page.locator("#found")).to_have_text("1 step")
    expect(page.locator(".step:visible")).to_contain_text("kubectl --context north")
    page.keyboard.press("Escape")
    expect(page.locator(".step:visible")).to_have_count(6)
    page.get_by_role("button", name="Failed only").click()
    expect(page.locator(".step:visible")).to_have_count(1)
    expect(page.locator(".part:visible h2")).to_have_text("Failing")


@pytest.mark.slow
@pytest.mark.parametrize("hidden", ["", "delete Navigator.prototype.clipboard"])
def test_a_command_is_copied_without_its_prompts(
    open_page: OpenPage, story: Path, hidden: str
) -> None:
    page = open_page()
    page.add_init_script(hidden)  # browsers hide it from pages on a network without https
    opened(page, story)
    button = page.locator(".step:has-text('endpoints') .copy").first
    button.click()
    expect(button).to_have_text("Copied")
    page.locator("#find").focus()
    page.keyboard.press("Control+V")
    pasted = page.input_value("#find").split()  # a field of one line has no newlines
    assert pasted == ["kubectl", "--context=east", "get", "endpoints", "\\", "smiley"]


@pytest.mark.slow
def test_it_is_whole_without_javascript(open_page: OpenPage, report: Path) -> None:
    page = open_page(javascript=False)
    opened(page, report)
    expect(page.locator("#find")).to_be_hidden()
    expect(page.locator(".step:visible")).to_have_count(6)
    expect(page.locator(".failures")).to_be_visible()


@pytest.mark.slow
def test_the_theme_is_the_reader_s_and_can_be_changed(open_page: OpenPage, report: Path) -> None:
    page = open_page(color_scheme="dark")
    opened(page, report)
    expect(page.locator("body")).to_have_css("background-color", "rgb(18, 21, 27)")
    page.get_by_role("button", name="Theme").click()
    expect(page.locator("body")).to_have_css("background-color", "rgb(246, 244, 238)")


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_everybody_can_use_it(open_page: OpenPage, story: Path, scheme: str, width: int) -> None:
    page = open_page(width=width, color_scheme=scheme)
    opened(page, story)
    assert accessibility_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_identities_are_unique_and_links_lead_somewhere() -> None:
    for page in texts(HtmlFormatter(now), three_workshops()):
        identities = re.findall(r' id="([^"]+)"', page)
        assert len(identities) == len(set(identities))
        assert set(re.findall(r'href="#([^"]+)"', page)) <= set(identities)


def test_failures_are_listed_as_far_as_there_is_room() -> None:
    code = "\n".join(f"echo {number} {'x' * 80}" for number in range(100))
    workshop = parse(f"# T\n\n```bash\nfalse\n{code}\n```\n", "w.md", lambda path: path)
    told = Verdict(VerdictKind.FAILED, ("exit status 1",))
    steps = [step for step in workshop.steps if isinstance(step, Command)]
    ended = [CommandEnded(step, result("", told)) for step in steps]
    *_, page = texts(HtmlFormatter(now), [RunStarted(workshop, Mode.CI, False), *ended])
    failures = html.fromstring(page).xpath("//ol[@class='failures']/li")
    listed = [failure.xpath("string(code)") for failure in failures]
    assert listed[:2] == ["false", f"echo 0 {'x' * 63}…"]
    assert failures[-1].text_content() == f"and {101 - len(failures) + 1} more"
    assert 20 < len(failures) < 40


MARKUP = st.text(st.sampled_from("<>&'\"/=ab-!; \x00\x01\x1b"), max_size=12) | st.sampled_from(
    [
        "<script>alert(1)</script>",
        "--></pre></main>",
        "' onclick='x",
        '" onclick="x',
        "&lt;",
        "{{ x }}",
    ]
)


@given(MARKUP, MARKUP, MARKUP, MARKUP)
def test_no_words_of_a_run_are_markup(path: str, title: str, output: str, reason: str) -> None:
    workshop = parse("# Title\n\n```bash\ntrue\n```\n", "w.md", lambda path: path)
    narration, command = workshop.steps
    assert isinstance(command, Command)
    command = command.replace(note=reason, contexts=(reason,), text=output, name=title)
    sections = tuple(section.replace(title=title) for section in workshop.sections)
    told = Verdict(VerdictKind.FAILED, (reason,), reason)
    events = [
        RunStarted(workshop.replace(path=path, sections=sections), Mode.CI, True),
        TextShown(narration, output),  # type: ignore[arg-type]
        CommandEnded(command, result(output, told)),
        StepSkipped(command, reason),
        JobsLeft(output),
        RunRefused(path, reason),
    ]
    page = html.fromstring(text(HtmlFormatter(now), events))
    assert page.xpath("//@*[starts-with(name(), 'on')]") == []
    assert len(page.xpath("//script | //img")) == 1
    shown = page.xpath("string(//*[@class='reasons']/li)")
    assert shown == without_controls(reason)


def test_narration_keeps_its_words_and_no_tags() -> None:
    shown = prose.to_html("## T\n\n<div onclick=x>one</div>\n\n<kbd>two</kbd> | a\n", "T")
    assert shown == "<p>one</p>\n<p>two | a</p>\n"
