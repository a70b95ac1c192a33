"""Settings that are not understood are an error: in no form do they mean "no settings"."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshpeek.workshop.folders import is_workshop
from meshpeek.workshop.model import FrontMatter
from meshpeek.workshop.parse import parse
from meshpeek.workshop.problems import WorkshopError
from tests.conftest import RunProgram

KEYS = "  contexts: [north]\n  secrets: [TOKEN]\n"
SETTINGS = f"meshpeek:\n{KEYS}"
INDENTED = "".join(f"  {line}\n" for line in SETTINGS.splitlines())
FENCE = "```bash\ntrue\n```\n"

READ = {
    "plain": f"---\n{SETTINGS}---\n",
    "ended by dots": f"---\n{SETTINGS}...\n",
    "blanks behind the lines": f"---  \n{SETTINGS}---\t\n",
    "byte order mark": f"\ufeff---\n{SETTINGS}---\n",
    "carriage returns": f"---\n{SETTINGS}---\n".replace("\n", "\r\n"),
    "indented": f"---\n{INDENTED}---\n",
    "a key with blanks": f"---\nLast updated: 2024-01-01\n{SETTINGS}---\n",
    "a key with a dollar sign": f"---\n$schema: https://example.com\n{SETTINGS}---\n",
    "a key with a slash": f"---\ndocs/owner: me\n{SETTINGS}---\n",
    "a key with a question mark": f"---\n? title\n: x\n{SETTINGS}---\n",
    "a merge key": f"---\n<<: {{title: x}}\n{SETTINGS}---\n",
    "an anchor": f"---\n&a title: x\n{SETTINGS}---\n",
    "a tag": f"---\n!!str title: x\n{SETTINGS}---\n",
    "an empty first line": f"---\n\n{SETTINGS}---\n",
    "a comment of YAML": f"---\n# remark\n{SETTINGS}---\n",
    "in braces": "---\n{meshpeek: {contexts: [north], secrets: [TOKEN]}}\n---\n",
    "in a comment": f"<!-- meshpeek:\n{KEYS}-->\n",
    "in a comment, not indented": "<!-- meshpeek:\ncontexts: [north]\nsecrets: [TOKEN]\n-->\n",
    "in a comment, in braces": "<!-- meshpeek:\n{contexts: [north], secrets: [TOKEN]}\n-->\n",
    "in a comment, below a licence": f"<!--\nApache\n-->\n\n<!-- meshpeek:\n{KEYS}-->\n",
    "in a comment, below front matter": f"---\ntitle: x\n---\n<!-- meshpeek:\n{KEYS}-->\n",
    "in a comment, without blanks": f"<!--meshpeek:\n{KEYS}-->\n",
    "in a comment, blanks behind the lines": f"<!-- meshpeek: \n{KEYS}-->\t\n",
    "in a comment, carriage returns": f"<!-- meshpeek:\n{KEYS}-->\n".replace("\n", "\r\n"),
    "in a comment, behind a byte order mark": f"\ufeff<!-- meshpeek:\n{KEYS}-->\n",
    "in a comment, with empty lines": f"\n\n<!-- meshpeek:\n\n{KEYS}\n# remark\n-->\n",
    "in quotes": f'---\n"meshpeek"{SETTINGS.removeprefix("meshpeek")}---\n',
}

REFUSED = {
    "four dashes at the end": f"---\n{SETTINGS}----\n",
    "five dashes at the end": f"---\n{SETTINGS}-----\n",
    "an indented end": f"---\n{SETTINGS} ---\n",
    "two dashes at the end": f"---\n{SETTINGS}--\n",
    "a dash of typography at the end": f"---\n{SETTINGS}\u2014\n",
    "a comment behind the end": f"---\n{SETTINGS}--- # end\n",
    "no end": f"---\n{SETTINGS}",
    "no end, and a later rule that is none": f"---\n{SETTINGS}\ntext\n\n***\n",
    "an empty line before it": f"\n---\n{SETTINGS}---\n",
    "a licence before it": f"<!--\nApache-2.0\n-->\n---\n{SETTINGS}---\n",
    "a one-line comment before it": f"<!-- Apache-2.0 -->\n\n---\n{SETTINGS}---\n",
    "a comment behind the beginning": f"--- # comment\n{SETTINGS}---\n",
    "an indented beginning": f" ---\n{SETTINGS}---\n",
    "two dashes at the beginning": f"--\n{SETTINGS}--\n",
    "four dashes at the beginning": f"----\n{SETTINGS}----\n",
    "a dash of typography": f"\u2014\n{SETTINGS}\u2014\n",
    "no lines of dashes": f"{SETTINGS}\n# Title\n",
    "a title before it": f"# Title\n\n---\n{SETTINGS}---\n",
    "text before it": f"Some text\n\n---\n{SETTINGS}---\n",
    "TOML": '+++\n[meshpeek]\ncontexts = ["north"]\n+++\n',
    "nothing but known keys": "---\ncontexts: [north]\nsecrets: [TOKEN]\n---\n",
    "a title, and known keys": "---\ntitle: x\nsecrets: [TOKEN]\n---\n",
    "a list": "---\n- meshpeek:\n    contexts: [north]\n---\n",
    "a capital letter": f"---\n{SETTINGS.capitalize()}---\n",
    "a misspelt key": f"---\n{SETTINGS.replace('meshpeek', 'meshpeak')}---\n",
    "twice": f"---\n{SETTINGS}{SETTINGS}---\n",
    "below a merge key": "---\n<<: {meshpeek: {contexts: [north]}}\n---\n",
    "tabs": "---\nmeshpeek:\n\tcontexts: [north]\n---\n",
    "no blank behind the colon": "---\nmeshpeek:{contexts: [north]}\n---\n",
    "text before the settings": f"---\nSome text\n{SETTINGS}---\n",
    "a comment that is not closed": f"<!-- meshpeek:\n{KEYS}",
    "a comment closed behind the last setting": f"<!-- meshpeek:\n{KEYS.rstrip()} -->\n",
    "a comment closed too early": f"<!-- meshpeek:\n  timeout: 5m # --> {KEYS}-->\n",
    "a comment with text behind its end": f"<!-- meshpeek:\n{KEYS}--> text\n",
    "a comment in one line": "<!-- meshpeek: {contexts: [north], secrets: [TOKEN]} -->\n",
    "a comment, a key in its first line": "<!-- meshpeek: contexts: [north]\n-->\n",
    "a comment that begins below its mark": f"<!--\nmeshpeek:\n{KEYS}-->\n",
    "a comment hidden from demosh": f"<!-- @# meshpeek:\n{KEYS}-->\n",
    "an indented comment": f" <!-- meshpeek:\n{KEYS}-->\n",
    "a comment without a colon": f"<!-- meshpeek\n{KEYS}-->\n",
    "a comment with a capital letter": f"<!-- Meshpeek:\n{KEYS}-->\n",
    "a comment with a misspelt word": f"<!-- meshpeak:\n{KEYS}-->\n",
    "a comment of nothing but known keys": "<!--\ncontexts: [north]\nsecrets: [TOKEN]\n-->\n",
    "a comment below a title": f"# Title\n\n<!-- meshpeek:\n{KEYS}-->\n",
    "a comment below text": f"text\n<!-- meshpeek:\n{KEYS}-->\n",
    "a comment below a directive": f"<!-- @SHOW -->\n<!-- meshpeek:\n{KEYS}-->\n",
    "a comment below code": f"```text\nx\n```\n<!-- meshpeek:\n{KEYS}-->\n",
    "a comment below front matter and text": f"---\nx: y\n---\nz\n<!-- meshpeek:\n{KEYS}-->\n",
    "a comment, and front matter": f"---\n{SETTINGS}---\n<!-- meshpeek:\n{KEYS}-->\n",
    "a comment with a list": "<!-- meshpeek:\n- contexts: [north]\n-->\n",
    "a comment with an unknown key": "<!-- meshpeek:\ncontxts: [north]\n-->\n",
    "a comment with the key in it": f"<!-- meshpeek:\n{SETTINGS}-->\n",
    "a comment with invalid YAML": "<!-- meshpeek:\ncontexts: [north\n-->\n",
    "a comment with tabs": "<!-- meshpeek:\n\tcontexts: [north]\n-->\n",
    "a comment with an annotation": "<!-- meshpeek:\n  timeout 5m\n-->\n",
    "two comments": f"<!-- meshpeek:\n{KEYS}-->\n<!-- meshpeek:\n{KEYS}-->\n",
}

NOBODYS = {
    "a rule, then text": "---\n\nSome text\n\n---\n",
    "a rule and a heading": "---\n# Title\n\ntext\n\n---\n",
    "somebody else's": "---\ntitle: meshpeek\ntags: [a, b]\nenv: prod\n---\n",
    "nested": "---\nother:\n  meshpeek:\n    contexts: [north]\n---\n",
    "a word in prose": "The key is called\nmeshpeek: it holds settings.\n",
    "shown in a fence": f"---\n\nWrite this:\n\n```yaml\n{SETTINGS}```\n",
    "a long comment": "<!--\n---\nmeshpeek: {contexts: [north]}\n---\n-->\n\ntext\n",
    "a comment about us": "<!-- meshpeek is a runner -->\n\ntext\n",
    "a comment about us, in lines": "<!-- meshpeek\nis a runner: of workshops -->\n\ntext\n",
    "a comment shown in a fence": f"```markdown\n<!-- meshpeek:\n{KEYS}-->\n```\n",
    "a note about secrets": "# Title\n\n<!-- secrets: tell none -->\n",
    "an annotation": "<!-- @# meshpeek: exit 0 -->\n",
    "nothing": "",
}


def read(text: str) -> FrontMatter:
    return parse(f"{text}\n{FENCE}", "w.md", _no_file).front_matter


def _no_file(path: str) -> str:
    raise AssertionError(path)


@pytest.mark.parametrize("form", READ)
def test_settings_are_read(form: str) -> None:
    settings = read(READ[form])
    assert [context.name for context in settings.contexts] == ["north"]
    assert settings.secrets == {"TOKEN"}


@pytest.mark.parametrize("form", REFUSED)
def test_settings_that_would_not_be_read_are_an_error_with_a_place(form: str) -> None:
    with pytest.raises(WorkshopError) as raised:
        read(REFUSED[form])
    problem = raised.value.problems[0]
    assert problem.hint
    assert problem.excerpt


@pytest.mark.parametrize("form", NOBODYS)
def test_what_is_not_meant_for_us_is_left_alone(form: str) -> None:
    assert read(NOBODYS[form]) == FrontMatter()


@pytest.mark.parametrize("form", [*READ, *REFUSED, *NOBODYS])
def test_a_folder_s_workshops_are_those_that_have_settings(tmp_path: Path, form: str) -> None:
    text = {**READ, **REFUSED, **NOBODYS}[form]
    (tmp_path / "w.md").write_text(f"{text}\n{FENCE}", newline="")
    assert is_workshop(tmp_path / "w.md") is (form not in NOBODYS)


@given(
    st.lists(
        st.sampled_from(
            [
                "---",
                "--",
                "----",
                " ---",
                "...",
                "",
                "<!-- c -->",
                "title: x",
                "# c",
                "text",
                "\u2014",
            ]
        ),
        max_size=6,
    ),
    st.integers(0, 6),
)
def test_settings_at_the_top_are_read_or_refused_whatever_stands_around_them(
    lines: list[str], place: int
) -> None:
    lines = [*lines[:place], *SETTINGS.splitlines(), *lines[place:]]
    before = [line for line in lines[:place] if line.strip() and line != "<!-- c -->"]
    is_prose = before[:1] and before[0] in ("title: x", "# c", "text", "...")
    # Between a pair of `---` that is closed before them they stand in the text.
    is_over = "---" in lines[:1] and any(line in ("---", "...") for line in lines[1:place])
    if is_prose or is_over:
        return
    try:
        settings = read("\n".join(lines))
    except WorkshopError:
        return
    assert settings.secrets == {"TOKEN"}


@pytest.mark.parametrize("command", ["lint", "steps", "ci"])
def test_every_command_refuses_them(meshpeek: RunProgram, tmp_path: Path, command: str) -> None:
    (tmp_path / "good.md").write_text(f"{READ['plain']}\n{FENCE}")
    (tmp_path / "w.md").write_text(f"{REFUSED['four dashes at the end']}\n```bash\nfalse\n```\n")
    result = meshpeek(command, "w.md")
    assert result.returncode == 2
    assert (result.stdout + result.stderr).rstrip() == (
        "w.md:5:1: error: the settings in line 2 are not read: front matter ends with a line of "
        "exactly `---`, and there is none\n"
        "  |\n5 | ----\n  | ^^^^\n"
        "  hint: write `---` here"
    )


def test_a_folder_with_them_is_not_green(meshpeek: RunProgram, tmp_path: Path) -> None:
    (tmp_path / "fold").mkdir()
    (tmp_path / "fold" / "good.md").write_text(f"---\nmeshpeek: {{}}\n---\n{FENCE}")
    (tmp_path / "fold" / "rotten.md").write_text(f"{REFUSED['no end']}\n```bash\nfalse\n```\n")
    result = meshpeek("ci", "fold")
    assert result.returncode == 2
    assert "fold/rotten.md:1:1: error: " in result.stderr
