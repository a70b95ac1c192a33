"""The language server answers a real client: what an editor shows while a workshop is typed."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient

from meshpeek.cli.editing.document_index import DocumentIndex
from meshpeek.workshop.parse import parse
from meshpeek.workshop.parse.setting_blocks.front_matter_keys import READERS
from meshpeek.workshop.parse.setting_blocks.schema import SETTINGS, settings_schema
from meshpeek.workshop.problems import WorkshopError
from tests.conftest import ROOT

SCHEMA = ROOT / "src/meshpeek/workshop/parse/setting_blocks/settings.schema.json"

TEXT = """\
<!-- meshpeek:
contexts: [north, east]

-->
<!-- @import parts.md -->

# 🙂 Title

```bash
#@macro greet
echo 🙂
#@end
```

<!-- @SHOW -->

<!-- @greet -->
<!-- @# meshpeek: exit 1 -->

```bash
kubectl --context north get ns
$ ls
```
"""


def position(text: str, needle: str) -> types.Position:
    """Return the place behind `needle`, in UTF-16 as LSP counts."""
    before = text[: text.index(needle) + len(needle)]
    line = before.split("\n")[-1]
    return types.Position(before.count("\n"), len(line.encode("utf-16-le")) // 2)


async def converse(folder: Path, talk: Callable[[LanguageClient, str], Awaitable[None]]) -> None:
    config = ClientServerConfig(server_command=[sys.executable, "-m", "meshpeek", "lsp"])
    client = await config.start()
    try:
        await client.initialize_session(
            types.InitializeParams(types.ClientCapabilities(), root_uri=folder.as_uri())
        )
        await talk(client, (folder / "w.md").as_uri())
    finally:
        await client.shutdown_session()
        await client.stop()


def open_document(client: LanguageClient, uri: str, text: str) -> None:
    client.text_document_did_open(
        types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, "markdown", 1, text))
    )


@pytest.mark.slow
def test_an_editor_is_told_of_mistakes_words_and_places(tmp_path: Path) -> None:
    (tmp_path / "parts.md").write_text("Text.\n")
    (tmp_path / "w.md").write_text(TEXT)

    async def talk(client: LanguageClient, uri: str) -> None:
        open_document(client, uri, TEXT)
        await client.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        (found,) = client.diagnostics[uri]
        assert found.code == "prompt"
        assert found.severity is types.DiagnosticSeverity.Warning
        line = TEXT.split("\n").index("$ ls")
        assert (found.range.start.line, found.range.start.character) == (line, 0)

        changed = TEXT.replace("$ ls", "ls").replace("exit 1", "exti 1")
        client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(2, uri),
                [types.TextDocumentContentChangeWholeDocument(changed)],
            )
        )
        await client.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        (found,) = client.diagnostics[uri]
        assert found.severity is types.DiagnosticSeverity.Error
        assert "did you mean `exit`?" in found.message

        document = types.TextDocumentIdentifier(uri)
        hover = await client.text_document_hover_async(
            types.HoverParams(document, position(changed, "@SHO"))
        )
        assert hover is not None
        assert "type commands" in str(hover.contents)
        completion = await client.text_document_completion_async(
            types.CompletionParams(document, position(changed, "--context "))
        )
        assert [item.label for item in completion or ()] == ["north", "east"]
        place = await client.text_document_definition_async(
            types.DefinitionParams(document, position(changed, "<!-- @gre"))
        )
        assert isinstance(place, types.Location)
        assert place.range.start.line == TEXT.split("\n").index("#@macro greet")
        symbols = await client.text_document_document_symbol_async(
            types.DocumentSymbolParams(document)
        )
        assert [symbol.name for symbol in symbols or ()] == ["🙂 Title", "greet"]

    asyncio.run(converse(tmp_path, talk))


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("<!-- @wait", {"wait", "waitafter", "wait_clear"}),
        ("```bash\n#@imm", {"immed", "immediate"}),
        ("<!-- @# meshpeek: ex", {"exit", "expect", "expect-error"}),
        ("```bash\n## meshpeek: al", {"always", "allow"}),
        ("<!-- @# meshpeek: allow pro", {"prompt"}),
        ("<!-- @# meshpeek: allow read, pl", {"placeholder"}),
        ("<!-- meshpeek:\ncontexts: [n, s]\n-->\n```bash\nkubectl --context ", {"n", "s"}),
        ("<!-- meshpeek:\ncon", {"contexts"}),
        ("<!-- meshpeek:\ntimeout: 2m\nma", {"matrix"}),
        ("Some text that waits", set()),
        ("```bash\nwait", set()),
        ("<!-- @hook my_hook X -->\n<!-- @my", {"my_hook"}),
    ],
)
def test_what_may_stand_at_a_place(before: str, expected: set[str]) -> None:
    index = DocumentIndex(before, "w.md", str)
    lines = before.split("\n")
    assert {item.name for item in index.complete(len(lines), len(lines[-1]))} == expected


@pytest.mark.parametrize(
    ("line", "column", "meaning"),
    [
        ("<!-- @SHOW -->", 8, "type commands and wait"),
        ("<!-- @# meshpeek: until 3s -->", 20, "Repeat the command"),
        ("## meshpeek: always", 14, "even after a failure"),
        ("<!-- @wait_clear -->", 8, "A builtin macro"),
        ("Some text", 3, None),
        ("kubectl get ns", 3, None),
    ],
)
def test_what_a_word_means(line: str, column: int, meaning: str | None) -> None:
    item = DocumentIndex(line, "w.md", str).describe(1, column)
    assert (item is None) is (meaning is None)
    assert meaning is None or (item is not None and meaning in item.meaning)


def test_an_import_leads_to_its_file() -> None:
    index = DocumentIndex("<!-- @import parts/a.md -->", "d/w.md", lambda _: "Text.")
    span = index.find_definition(1, 16)
    assert span is not None
    assert span.path == "d/parts/a.md"


def test_the_schema_has_every_setting_and_is_the_published_one() -> None:
    assert list(SETTINGS) == list(READERS)
    Draft202012Validator.check_schema(settings_schema())
    assert json.loads(SCHEMA.read_text()) == json.loads(json.dumps(settings_schema()))


GOOD: list[Any] = [
    {"contexts": ["north", "east"]},
    {"contexts": {"north": "red", "east": "#56B4E9", "west": None}},
    {"contexts": ["north", "east"], "current": "east"},
    {"size": "120x40"},
    {"sealed": True},
    {"requires": ["kubectl"]},
    {"requires": {"kubectl": "1.20", "bat": ""}},
    {"env": {"A": "b", "N": 1, "T": {"value": "long enough", "secret": True}}},
    {"env": {"T": {"secret": True}}},
    {"secrets": ["TOKEN"]},
    {"timeout": "1m30s"},
    {"minutes": {}},
    {"stand-ins": False},
    {"stand-ins": ["pagers"]},
    {"normalise": {"off": ["order"], "replace": {"a+": "b"}}},
    {"rehearsal": {"north": {"manifests": ["k8s"], "links": [], "install": []}}},
    {"install": []},
    {"pytest": True},
    {"matrix": {"linkerd": ["stable-2.14.10"]}},
    {"lint": {"off": ["prompt"]}},
    {},
]
BAD: list[Any] = [
    {"contxts": ["north"]},
    {"contexts": "north"},
    {"contexts": {"north": "reddish"}},
    {"contexts": ["north", "north"]},
    {"env": {"A B": "c"}},
    {"env": {"A": {"vale": "c"}}},
    {"secrets": "TOKEN"},
    {"secrets": ["two words"]},
    {"timeout": "soon"},
    {"minutes": {"One": "soon"}},
    {"size": "wide"},
    {"sealed": "perhaps"},
    {"current": ["east"]},
    {"stand-ins": True},
    {"stand-ins": ["cats"]},
    {"normalise": {"on": []}},
    {"normalise": {"off": ["cats"]}},
    {"rehearsal": {"north": {"manifest": []}}},
    {"install": "linkerd"},
    {"pytest": "perhaps"},
    {"matrix": {"linkerd": []}},
    {"matrix": {"workshop": ["1"]}},
    {"lint": {"off": ["promt"]}},
    ["contexts"],
]


@pytest.mark.parametrize(
    ("settings", "good"), [(s, True) for s in GOOD] + [(s, False) for s in BAD]
)
def test_the_schema_takes_what_the_reader_takes(settings: object, good: bool) -> None:
    assert Draft202012Validator(settings_schema()).is_valid(settings) is good
    try:
        parse(f"<!-- meshpeek:\n{json.dumps(settings)}\n-->\n", "w.md", str)
    except WorkshopError:
        assert not good
    else:
        assert good
