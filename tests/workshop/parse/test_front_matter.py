"""What front matter settles, and what it refuses."""

from __future__ import annotations

import pytest

from meshpeek.workshop.model import Context, FrontMatter, NormalisationRule, SectionPlan, StandIn
from meshpeek.workshop.parse import parse
from meshpeek.workshop.problems import WorkshopError


def front_matter(yaml: str) -> FrontMatter:
    return parse(f"---\n{yaml}\n---\n", "w.md", _no_file).front_matter


def _no_file(path: str) -> str:
    raise AssertionError(path)


def problem(yaml: str) -> str:
    with pytest.raises(WorkshopError) as raised:
        front_matter(yaml)
    assert raised.value.problems[0].hint
    return raised.value.problems[0].message


def test_everything_at_once() -> None:
    settings = front_matter(
        """\
title: ignored
meshpeek:
  contexts: {north: cyan, east: bright_green, west: "#ff8800"}
  requires:
    kubectl: 1.20
    bat: ">=0.24"
    yq:
  env:
    BAT_STYLE: "grid,numbers"
    ENABLED: yes
    EMPTY: ""
  timeout: 1m30s
  stand-ins: [watch, pagers]
  rehearsal:
    north: {manifests: [k8s/north, k8s/mesh.yaml], links: [east, west]}
    west:
"""
    )
    assert settings.contexts == (
        Context("north", "cyan"),
        Context("east", "bright_green"),
        Context("west", "#ff8800"),
    )
    assert settings.requires == {"kubectl": "1.20", "bat": "0.24", "yq": ""}
    assert settings.env == {"BAT_STYLE": "grid,numbers", "ENABLED": "yes", "EMPTY": ""}
    assert settings.timeout == 90
    assert settings.stand_ins == {StandIn.WATCH, StandIn.PAGERS}
    assert settings.rehearsal == {
        "north": {"manifests": ["k8s/north", "k8s/mesh.yaml"], "links": ["east", "west"]},
        "west": {},
    }


def test_lists_will_do() -> None:
    settings = front_matter("meshpeek:\n  contexts: [north, east]\n  requires: [kubectl, step]")
    assert [context.name for context in settings.contexts] == ["north", "east"]
    assert len({context.colour for context in settings.contexts}) == 2
    assert settings.requires == {"kubectl": "", "step": ""}


@pytest.mark.parametrize("yaml", ["title: x", "meshpeek:", "# comment\ntitle: x", "{title: x}"])
def test_nothing_of_ours(yaml: str) -> None:
    assert front_matter(yaml) == FrontMatter()


@pytest.mark.parametrize(
    "text", ["---\n\ntext\n\n---\n", "---\nA rule, then\n---\n", "---\na: b\n"]
)
def test_a_rule_is_no_front_matter(text: str) -> None:
    assert parse(text, "w.md", _no_file).steps


def test_other_files_of_the_workshop_have_none() -> None:
    workshop = parse("<!-- @import other.md -->", "w.md", lambda _: "---\nmeshpeek: 1\n---\nText")
    assert [step.text for step in workshop.steps] == ["Text"]
    assert workshop.steps[0].span.line == 4


@pytest.mark.parametrize(
    ("yaml", "message"),
    [
        ("meshpeek: north", "the value of `meshpeek` must be a mapping"),
        ("meshpeek: [a]", "the value of `meshpeek` must be a mapping"),
        ("meshpeek:\n  contexts: north", "`contexts` must be a list"),
        ("meshpeek:\n  contexts: [a, a]", "duplicate context `a`"),
        ("meshpeek:\n  contexts: [[a]]", "a context must be text"),
        ("meshpeek:\n  contexts: {a: pink}", "unknown colour `pink`"),
        ("meshpeek:\n  contexts: {a: {b: c}}", "a colour must be text"),
        ("meshpeek:\n  requires: kubectl", "`requires` must be a list"),
        ("meshpeek:\n  requires: {kubectl: <2}", "invalid version `<2`"),
        ("meshpeek:\n  env: {A-B: c}", "invalid variable name `A-B`"),
        ("meshpeek:\n  env: {A: [b]}", "a variable's value must be text"),
        ("meshpeek:\n  timeout: 90", "invalid duration `90`"),
        ("meshpeek:\n  timeout: [1s]", "`timeout` must be text"),
        ("meshpeek:\n  rehearsal: [north]", "`rehearsal` must be a mapping"),
        ("meshpeek:\n  rehearsal: {north: {manifests: k8s}}", "`manifests` must be a list"),
        ("meshpeek:\n  rehearsal: {north: {link: []}}", "unknown key `link`"),
        ("meshpeek:\n  timeouts: 3s", "unknown key `timeouts`"),
        ("meshpeek:\n  [a]: b", "a key must be text"),
        ("meshpeak:\n  timeout: 3s", "unknown key `meshpeak`"),
    ],
)
def test_what_is_wrong(yaml: str, message: str) -> None:
    assert problem(yaml) == message


@pytest.mark.parametrize(
    ("yaml", "line", "column"),
    [
        ("a: b: c", 2, 5),
        ("a: b\nc: *d", 3, 4),
        ("a: [b\nc: d", 3, 2),
        ("a: b\nc: é\x07", 3, 5),
    ],
)
def test_what_is_no_yaml(yaml: str, line: int, column: int) -> None:
    with pytest.raises(WorkshopError) as raised:
        front_matter(yaml)
    (only,) = raised.value.problems
    assert only.message.startswith("invalid front matter: ")
    assert (only.span.line, only.span.column) == (line, column)


def test_all_wrong_keys_are_told_at_once() -> None:
    with pytest.raises(WorkshopError) as raised:
        front_matter("meshpeek:\n  timeout: x\n  context: x\n  env: x")
    assert [p.span.line for p in raised.value.problems] == [3, 4, 5]


def test_stand_ins_are_all_there_unless_the_workshop_says_otherwise() -> None:
    assert front_matter("meshpeek: {}").stand_ins == set(StandIn)
    assert front_matter("meshpeek: {stand-ins: false}").stand_ins == set()
    assert front_matter("meshpeek: {stand-ins: []}").stand_ins == set()
    assert problem("meshpeek: {stand-ins: true}") == "`stand-ins` must be a list or `false`"


def test_secrets_are_marked_or_named() -> None:
    settings = front_matter(
        """\
meshpeek:
  env:
    PLAIN: a
    TOKEN: {secret: true, value: hunter2}
    OPEN: {value: b, secret: false}
    INHERITED: {secret: true}
  secrets: [GITHUB_TOKEN]
"""
    )
    assert settings.env == {"PLAIN": "a", "TOKEN": "hunter2", "OPEN": "b"}
    assert settings.secrets == {"TOKEN", "INHERITED", "GITHUB_TOKEN"}


@pytest.mark.parametrize(
    ("yaml", "message"),
    [
        ("meshpeek: {env: {A: {}}}", "variable without a value"),
        ("meshpeek: {env: {A: {secret: yes, value: abcdef}}}", "`secret` must be true or false"),
        ("meshpeek: {env: {A: {secrets: true}}}", "unknown key `secrets`"),
        (
            "meshpeek: {env: {A: {secret: true, value: abc}}}",
            "a secret of 3 characters is too short to hide",
        ),
        ("meshpeek: {secrets: TOKEN}", "`secrets` must be a list"),
        ("meshpeek: {secrets: [A-B]}", "invalid variable name `A-B`"),
    ],
)
def test_secrets_that_cannot_be_taken(yaml: str, message: str) -> None:
    assert problem(yaml) == message


def test_normalising_can_be_settled() -> None:
    settings = front_matter(
        "meshpeek:\n  normalise:\n    off: [ages]\n    replace: {'v(\\d+)': 'v<\\1>'}"
    ).normalise
    assert settings.off == {NormalisationRule.AGES}
    assert [rule.pattern.sub(rule.text, "v7") for rule in settings.replacements] == ["v<7>"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("{on: [ages]}", "unknown key `on`"),
        ("{off: ages}", "`off` must be a list"),
        ("{off: [age]}", "unknown rule `age`"),
        (
            "{replace: {'(': x}}",
            "invalid regular expression `(`: missing ), unterminated subpattern",
        ),
        ("{replace: {'a': '\\1'}}", "invalid regular expression `a`: invalid group reference 1"),
    ],
)
def test_normalising_is_checked(settings: str, message: str) -> None:
    assert problem(f"meshpeek: {{normalise: {settings}}}").startswith(message)


INSTALL = """\
meshpeek:
  contexts: [north, east]
  install: [linkerd]
  rehearsal:
    north: {install: []}
    east: {install: [linkerd, gateway-api]}
"""


def test_what_is_installed() -> None:
    settings = front_matter(INSTALL)
    assert settings.install == ("linkerd",)
    assert settings.rehearsal == {
        "north": {"install": []},
        "east": {"install": ["linkerd", "gateway-api"]},
    }
    assert front_matter("meshpeek: {install: []}").install == ()
    assert front_matter("meshpeek: {contexts: [dev]}").install is None


def test_what_is_installed_is_known() -> None:
    text = f"---\n{INSTALL}---\n"
    with pytest.raises(WorkshopError) as raised:
        parse(text, "w.md", _no_file, installations=lambda: ("linkerd-viz", "gateway"))
    first, *others = raised.value.problems
    assert first.render() == (
        "w.md:4:13: error: unknown installation `linkerd`\n"
        "  |\n4 |   install: [linkerd]\n  |             ^^^^^^^\n"
        "  hint: did you mean `linkerd-viz`?"
    )
    assert [(str(each.span), each.message) for each in others] == [
        ("w.md:7", "unknown installation `linkerd`"),
        ("w.md:7", "unknown installation `gateway-api`"),
    ]
    assert parse(text, "w.md", _no_file, installations=lambda: ("linkerd", "gateway-api"))


@pytest.mark.parametrize(
    "settings", ["install: linkerd", "rehearsal: {a: {install: linkerd}}", "install: null"]
)
def test_what_is_installed_is_a_list(settings: str) -> None:
    assert problem(f"meshpeek: {{{settings}}}") == "`install` must be a list"


def test_a_talk_can_be_planned() -> None:
    text = "---\nmeshpeek:\n  minutes: {One: 2, Two things: 0.5}\n---\n# One\n## Two _things_\n"
    workshop = parse(text, "w.md", _no_file)
    assert workshop.front_matter.minutes == (
        SectionPlan("One", 2, 3),
        SectionPlan("Two things", 0.5, 3),
    )


def test_a_plan_is_for_sections_that_there_are() -> None:
    with pytest.raises(WorkshopError) as raised:
        parse("---\nmeshpeek:\n  minutes:\n    Onn: 2\n---\n# One\n", "w.md", _no_file)
    assert raised.value.render() == (
        "w.md:4:5: error: unknown section `Onn`\n"
        "  |\n4 |     Onn: 2\n  |     ^^^\n  hint: did you mean `One`?"
    )
    assert problem("meshpeek: {minutes: {One: soon}}") == "invalid number of minutes `soon`"


@pytest.mark.parametrize("between", ["", "\n", "\n<!-- a remark -->\n"])
def test_a_section_says_its_minutes_itself(between: str) -> None:
    text = f"# One\n{between}<!-- @# meshpeek: minutes 2.5 -->\n\nText.\n\n## Two\n\nText.\n"
    workshop = parse(text, "w.md", _no_file)
    (plan,) = workshop.front_matter.minutes
    assert (plan.title, plan.minutes) == ("One", 2.5)
    assert [step.text for step in workshop.steps] == ["# One\n\nText.", "## Two\n\nText."]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}\n# One\n", "`minutes` is not below a heading"),
        ("# One\n\nText.\n\n{}\n", "`minutes` is not below a heading"),
        ("# One\n{}\n{}\n", "duplicate `minutes` for section `One`"),
        ("<!-- meshpeek:\nminutes: {One: 1}\n-->\n# One\n{}\n", "duplicate `minutes` for"),
        ("# One\n\n```bash\ntrue\n```\n{}\n", "`minutes` is not below a heading"),
    ],
)
def test_minutes_that_are_for_no_section_are_wrong(text: str, message: str) -> None:
    with pytest.raises(WorkshopError) as raised:
        parse(text.replace("{}", "<!-- @# meshpeek: minutes 2 -->"), "w.md", _no_file)
    assert message in raised.value.problems[0].message


def test_what_ci_and_pytest_do_with_a_workshop() -> None:
    settings = front_matter(
        "meshpeek:\n  pytest: true\n  matrix: {linkerd: [stable-2.14.10], kubernetes: [1.27, 1.30]}"
    )
    assert settings.pytest is True
    assert settings.matrix == {"linkerd": ("stable-2.14.10",), "kubernetes": ("1.27", "1.30")}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("pytest: yes", "`pytest` must be true or false"),
        ("pytest: [true]", "`pytest` must be text"),
        ("pytests: true", "unknown key `pytests`"),
        ("matrix: [linkerd]", "`matrix` must be a mapping"),
        ("matrix: {'a b': [1]}", "invalid name `a b` of something that has versions"),
        ("matrix: {workshop: [1]}", "invalid name `workshop` of something that has versions"),
        ("matrix: {linkerd: 1}", "`linkerd` must be a list"),
        ("matrix: {linkerd: []}", "`linkerd` has no version"),
        ("matrix: {linkerd: [1, 1]}", "duplicate version `1`"),
        ("matrix: {linkerd: [[1]]}", "a version must be text"),
    ],
)
def test_what_ci_and_pytest_cannot_do(settings: str, message: str) -> None:
    assert problem(f"meshpeek: {{{settings}}}") == message


@pytest.mark.parametrize(
    ("settings", "hint"),
    [
        ("contexts: north", "write `contexts: [north]`"),
        ("contexts: north, east", "write `contexts: [north, east]`"),
        ("requires: kubectl", "write `requires: [kubectl]`"),
        ("install: linkerd", "write `install: [linkerd]`"),
    ],
)
def test_a_word_in_place_of_a_list_is_told_what_a_list_looks_like(settings: str, hint: str) -> None:
    with pytest.raises(WorkshopError) as raised:
        front_matter(f"meshpeek:\n  {settings}")
    assert raised.value.problems[0].hint == hint
