"""Values: frozen data that is equal to data of its own type alone.

A named tuple equals any tuple with the same fields, whatever its class, and is false without any.
A dataclass does not, but making one costs every start of the program 2 ms; a value costs 0.01 ms.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, NoReturn, Self, dataclass_transform

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass_transform(frozen_default=True)
class Value:
    """The base of classes whose annotations are the fields of their instances, as in a dataclass.

    Fields cannot be set, except in a copy (see `replace`). A subclass has its base's fields first.
    """

    __match_args__: ClassVar[tuple[str, ...]] = ()
    _defaults: ClassVar[Mapping[str, Any]] = _NOTHING

    def __init_subclass__(cls) -> None:
        own = tuple(cls.__annotations__)
        cls.__match_args__ = (*cls.__match_args__, *own)  # type: ignore[misc]  # mypy's own rule
        defaults = {name: cls.__dict__[name] for name in own if name in cls.__dict__}
        cls._defaults = {**cls._defaults, **defaults}

    def __init__(self, *fields: Any, **named: Any) -> None:  # noqa: ANN401  # each has its own type
        names = self.__match_args__
        if len(fields) == len(names) and not named:  # most are made so, thousands in a run
            self.__dict__.update(zip(names, fields, strict=True))
            return
        given = dict(zip(names, fields, strict=False)) | named
        if len(given) < len(fields) + len(named):
            raise TypeError(f"{type(self).__name__}: more arguments than the fields {names}")
        values = self.__dict__
        values.update(self._defaults)
        values.update(given)
        if values.keys() != set(names):
            wrong = ", ".join(sorted(values.keys() ^ set(names)))
            raise TypeError(f"{type(self).__name__}: missing or unknown fields: {wrong}")

    def replace(self, **changes: Any) -> Self:  # noqa: ANN401  # each has its own type
        """Return a copy with other values in the fields that `changes` names."""
        return type(self)(**{**self.__dict__, **changes})

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash((type(self), *(self.__dict__[name] for name in self.__match_args__)))

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={self.__dict__[name]!r}" for name in self.__match_args__)
        return f"{type(self).__name__}({fields})"

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is frozen: {name} cannot be set")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is frozen: {name} cannot be deleted")
