"""Events and what goes with them, from one process of meshpeek to another.

Both are the same version of meshpeek, and no other process has the pipe: so this is pickle, in
frames that begin with their length. The steps of a workshop are sent once. Events refer to them by
number, so that a step is the same object in all events, as sinks expect.
"""

from __future__ import annotations

import io
import os
import pickle
import struct
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import IO, Any

from meshpeek.workshop.model import AnyStep, Workshop

_LENGTH = struct.Struct("!Q")


class FrameWriter:
    """Makes frames of values; steps of a `workshop`, once that is set, are sent as numbers."""

    def __init__(self) -> None:
        self._workshop: Workshop | None = None  # keeps the ids of its steps in use
        self._numbers: Mapping[int, int] = {}

    def refer_to(self, workshop: Workshop) -> None:
        """Send steps of `workshop`, which the reader has, as numbers from now on."""
        self._workshop = workshop
        self._numbers = {id(step): number for number, step in enumerate(workshop.steps)}

    def frame(self, content: object) -> bytes:
        """Return the frame of `content`."""
        body = io.BytesIO()
        _Pickler(body, self._numbers).dump(content)
        return _LENGTH.pack(body.tell()) + body.getbuffer()


class FrameReader:
    """Reads frames from bytes that arrive in pieces."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._steps: Sequence[AnyStep] = ()

    def refer_to(self, workshop: Workshop) -> None:
        """Take numbers for steps of `workshop` from now on."""
        self._steps = workshop.steps

    def feed(self, data: bytes) -> Iterator[Any]:
        """Yield the values whose frames `data` completes."""
        self._buffer += data
        position = 0
        while len(self._buffer) >= (begin := position + _LENGTH.size):
            end = begin + _LENGTH.unpack_from(self._buffer, position)[0]
            if len(self._buffer) < end:
                break
            content = _Unpickler(bytes(self._buffer[begin:end]), self._steps).load()
            position = end
            yield content
        del self._buffer[:position]


def read_frame(descriptor: int) -> Any:  # noqa: ANN401  # whatever was sent
    """Read one frame, and no byte more. Raises EOFError if it is incomplete."""
    (length,) = _LENGTH.unpack(_read_exactly(descriptor, _LENGTH.size))
    return _Unpickler(_read_exactly(descriptor, length), ()).load()


def _read_exactly(descriptor: int, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        block = os.read(descriptor, size - len(data))
        if not block:
            raise EOFError
        data += block
    return bytes(data)


def _read_only(mapping: dict[Any, Any]) -> Mapping[Any, Any]:
    return MappingProxyType(mapping)


class _Pickler(pickle.Pickler):
    def __init__(self, file: IO[bytes], numbers: Mapping[int, int]) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self._numbers = numbers

    def persistent_id(self, obj: object) -> int | None:
        return self._numbers.get(id(obj))

    def reducer_override(self, obj: object) -> Any:  # noqa: ANN401  # pickle's
        if isinstance(obj, MappingProxyType):
            return _read_only, (dict(obj),)
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    def __init__(self, data: bytes, steps: Sequence[AnyStep]) -> None:
        super().__init__(io.BytesIO(data))
        self._steps = steps

    def persistent_load(self, pid: int) -> AnyStep:
        return self._steps[pid]
