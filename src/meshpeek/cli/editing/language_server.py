"""A language server for workshops, on pygls: what an editor is told while its author types."""

from __future__ import annotations

import shutil
from pathlib import Path

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.uris import from_fs_path, to_fs_path

from meshpeek import __version__
from meshpeek.cli.editing.document_index import DocumentIndex
from meshpeek.cli.workshops import known_installations
from meshpeek.errors import MeshpeekError
from meshpeek.workshop.linting import lint
from meshpeek.workshop.loading import read_text
from meshpeek.workshop.problems import Problem
from meshpeek.workshop.spans import Span

_KINDS = {
    "directive": types.CompletionItemKind.Keyword,
    "annotation": types.CompletionItemKind.Property,
    "macro": types.CompletionItemKind.Function,
    "context": types.CompletionItemKind.Value,
    "setting": types.CompletionItemKind.Field,
    "code": types.CompletionItemKind.EnumMember,
}


def make_server() -> LanguageServer:
    """Return a server; its `start_io` serves an editor at the standard streams."""
    server = LanguageServer("meshpeek", __version__)

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: types.DidOpenTextDocumentParams) -> None:
        _publish(server, params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: types.DidChangeTextDocumentParams) -> None:
        _publish(server, params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def saved(params: types.DidSaveTextDocumentParams) -> None:
        _publish(server, params.text_document.uri)

    @server.feature(
        types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=["@", " ", "="])
    )
    def complete(params: types.CompletionParams) -> list[types.CompletionItem]:
        index = _index(server, params.text_document.uri)
        return [
            types.CompletionItem(
                item.name,
                kind=_KINDS[item.kind],
                detail=item.usage,
                documentation=item.meaning,
            )
            for item in index.complete(*_place(index, params.position))
        ]

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def hover(params: types.HoverParams) -> types.Hover | None:
        index = _index(server, params.text_document.uri)
        item = index.describe(*_place(index, params.position))
        if item is None:
            return None
        text = f"`{item.usage}`\n\n{item.meaning}"
        return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text))

    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    def define(params: types.DefinitionParams) -> types.Location | None:
        index = _index(server, params.text_document.uri)
        span = index.find_definition(*_place(index, params.position))
        if span is None:
            return None
        uri = from_fs_path(str(Path(span.path).absolute()))
        return types.Location(uri or "", _range(span, "")) if uri else None

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    def symbols(params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
        index = _index(server, params.text_document.uri)
        return [
            types.DocumentSymbol(
                name,
                types.SymbolKind.Namespace if kind == "section" else types.SymbolKind.Function,
                _range(span, index.line(span.line)),
                _range(span, index.line(span.line)),
            )
            for kind, name, span in index.symbols()
        ]

    return server


def _index(server: LanguageServer, uri: str) -> DocumentIndex:
    return DocumentIndex(server.workspace.get_text_document(uri).source, _path(uri), read_text)


def _path(uri: str) -> str:
    return to_fs_path(uri) or "untitled.md"


def _publish(server: LanguageServer, uri: str) -> None:
    document = server.workspace.get_text_document(uri)
    path = _path(uri)
    try:
        problems = lint(
            document.source,
            path,
            read_text,
            installations=known_installations,
            is_command=lambda word: shutil.which(word) is not None,
            exists=lambda name: (Path(path).parent / name).exists(),
        )
    except MeshpeekError:
        problems = []
    lines = document.source.split("\n")
    server.text_document_publish_diagnostics(
        types.PublishDiagnosticsParams(
            uri,
            [_diagnostic(problem, lines) for problem in problems if problem.span.path == path],
            document.version,
        )
    )


def _diagnostic(problem: Problem, lines: list[str]) -> types.Diagnostic:
    line = lines[problem.span.line - 1] if problem.span.line <= len(lines) else ""
    severity = types.DiagnosticSeverity
    return types.Diagnostic(
        _range(problem.span, line),
        problem.message + (f"\nhint: {problem.hint}" if problem.hint else ""),
        severity.Warning if problem.is_warning else severity.Error,
        code=problem.code or None,
        source="meshpeek",
    )


def _range(span: Span, line: str) -> types.Range:
    """Return a span as LSP has ranges: 0-based, in units of UTF-16."""
    start = _units(line[: span.column - 1]) if line else span.column - 1
    end = start + (_units(line[span.column - 1 : span.column - 1 + span.width]) or span.width)
    return types.Range(types.Position(span.line - 1, start), types.Position(span.line - 1, end))


def _place(index: DocumentIndex, position: types.Position) -> tuple[int, int]:
    """Return the 1-based line, and how many characters precede the position in it."""
    line = index.line(position.line + 1)
    units = 0
    for column, character in enumerate(line):
        if units >= position.character:
            return position.line + 1, column
        units += _units(character)
    return position.line + 1, len(line)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
