"""Watch streams: what happens to the objects of one kind, as it happens.

Semantics of kube-apiserver's watch cache: without a resourceVersion (or with "0") the present
objects come first, as ADDED; with one, all that happened since; `sendInitialEvents` marks the end
of the present objects by a bookmark.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from typing import Any, NamedTuple

from meshpeek.http.exchange import encode
from meshpeek.rehearsal.store.field_selectors import Matcher
from meshpeek.rehearsal.store.store import HISTORY_LENGTH, Store, WatchEvent
from meshpeek.rehearsal.types.keys import ResourceKey
from meshpeek.rehearsal.types.objects import Object
from meshpeek.rehearsal.types.status import ApiError

BOOKMARK_SECONDS = 60.0
CHUNK_BYTES = 64 * 1024
INITIAL_EVENTS_END = "k8s.io/initial-events-end"


class SelectionPredicate(NamedTuple):
    """Which objects of a kind a request selects; `namespace` is None for all."""

    key: ResourceKey
    namespace: str | None
    matches: Matcher

    def holds(self, obj: Object | None) -> bool:
        """Return whether `obj` is selected."""
        if obj is None:
            return False
        if self.namespace and obj["metadata"].get("namespace") != self.namespace:
            return False
        return self.matches(obj)


class WatchOptions(NamedTuple):
    """The options of a watch; with `since` None the present objects come first."""

    since: int | None
    bookmarks: bool
    initial_events_end: bool
    timeout_seconds: float


async def watch(
    store: Store,
    selection: SelectionPredicate,
    options: WatchOptions,
    show: Callable[[Object], Any],
    bookmark: Callable[[int], Object],
    show_bookmark: Callable[[Object], Any],
) -> AsyncGenerator[bytes, None]:
    """Yield a watch's events, as JSON lines, until its time is over or the reader leaves.

    `show` turns an object into what the client asked for (a version, a Table); `bookmark` makes
    the object of a bookmark from a resourceVersion, `show_bookmark` what the client sees of it.
    A reader that falls further behind than the history is long is cut off, and will list again.
    """
    pending: deque[WatchEvent] = deque()
    awake = asyncio.Event()
    is_cut_off = False

    def follow(event: WatchEvent) -> None:
        nonlocal is_cut_off
        # The queue of a reader that reads nothing must not grow for ever.
        is_cut_off = is_cut_off or len(pending) >= HISTORY_LENGTH
        if event.key == selection.key and not is_cut_off:
            pending.append(event)
            awake.set()

    try:
        first = _first_events(store, selection, options, show)
    except ApiError as error:
        yield _line("ERROR", error.status())
        return
    version = store.resource_version
    unsubscribe = store.subscribe(follow)
    try:
        for chunk in _chunks(first):
            yield chunk
        if options.initial_events_end:
            end = bookmark(version)
            end["metadata"]["annotations"] = {INITIAL_EVENTS_END: "true"}
            yield _line("BOOKMARK", show_bookmark(end))
        loop = asyncio.get_running_loop()
        deadline = loop.time() + options.timeout_seconds
        while (left := deadline - loop.time()) > 0 and not is_cut_off:
            for chunk in _chunks(_taken(pending, selection, show)):
                yield chunk
            awake.clear()
            try:
                await asyncio.wait_for(awake.wait(), min(left, BOOKMARK_SECONDS))
            except TimeoutError:
                if options.bookmarks and loop.time() < deadline:
                    yield _line("BOOKMARK", show_bookmark(bookmark(store.resource_version)))
    finally:
        unsubscribe()


def _first_events(
    store: Store,
    selection: SelectionPredicate,
    options: WatchOptions,
    show: Callable[[Object], Any],
) -> Iterator[bytes]:
    """Return the lines that come first, of what the store holds now; raises ApiError 410, 504."""
    if options.since is not None:
        return _taken(deque(store.events_since(options.since)), selection, show)
    present = store.list(selection.key, selection.namespace)
    return (_line("ADDED", show(obj)) for obj in present if selection.matches(obj))


def _taken(
    events: deque[WatchEvent], selection: SelectionPredicate, show: Callable[[Object], Any]
) -> Iterator[bytes]:
    """Yield the lines of events, taken one by one from the front."""
    while events:
        event = events.popleft()
        if event.key == selection.key:
            line = _event_line(event, selection, show)
            if line:
                yield line


def _chunks(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Join lines, so that thousands of objects are not as many packets."""
    chunk = bytearray()
    for line in lines:
        chunk += line
        if len(chunk) >= CHUNK_BYTES:
            yield bytes(chunk)
            chunk.clear()
    if chunk:
        yield bytes(chunk)


def _event_line(
    event: WatchEvent, selection: SelectionPredicate, show: Callable[[Object], Any]
) -> bytes | None:
    """Return the event as this watch sees it: an object may enter or leave its selection."""
    before = selection.holds(event.previous)
    after = event.type != "DELETED" and selection.holds(event.object)
    if after:
        return _line("MODIFIED" if before else "ADDED", show(event.object))
    if before:
        last = event.object
        if event.type != "DELETED":
            version = str(event.resource_version)
            before_it = event.previous or {}
            last = {**before_it, "metadata": {**before_it["metadata"], "resourceVersion": version}}
        return _line("DELETED", show(last))
    return None


def _line(kind: str, obj: object) -> bytes:
    return encode({"type": kind, "object": obj}) + b"\n"
