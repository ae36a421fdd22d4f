"""Frozen dataclasses <-> JSON values: what is read may come from anyone, so each field is held against its type."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from functools import lru_cache
from types import MappingProxyType, NoneType
from typing import Literal, TypeVar, cast, get_args, get_origin, get_type_hints

_T = TypeVar("_T")
_LARGEST = 2**53
StandIns = Mapping[type, Callable[[object], object]]
"""By type, what is written in place of a value, or made of what was written."""
_NONE: StandIns = MappingProxyType({})


def to_values(value: object, stand_ins: StandIns = _NONE) -> object:
    """The value as JSON has it: a dataclass as an object of its fields, a tuple as a list, all else as it is."""
    if type(value) in stand_ins:
        return stand_ins[type(value)](value)
    if is_dataclass(value):
        return {each.name: to_values(getattr(value, each.name), stand_ins) for each in fields(value)}
    if isinstance(value, tuple):
        return [to_values(each, stand_ins) for each in value]
    return value


def from_values(kind: type[_T], value: object, stand_ins: StandIns = _NONE) -> _T:
    """The `kind` whose `to_values` this is. Fields that are not there have their defaults; unknown ones are ignored.

    Args:
        kind: a dataclass of texts, numbers, literals, tuples, dataclasses, and any of these or None.

    Raises:
        ValueError: something is missing or of another type, a text holds half a character, or a number is not finite
            or, where it is whole, beyond what all readers of JSON agree on (2**53).
    """
    return cast(_T, _reader(cast(Hashable, kind))(value, stand_ins))


_Reader = Callable[[object, StandIns], object]


@lru_cache(maxsize=256)
def _reader(hint: object) -> _Reader:
    """What reads values of this type; made once for each, as records have thousands of values."""
    origin, arguments = get_origin(hint), get_args(hint)
    if is_dataclass(hint):
        return _fields_reader(cast(type, hint))
    if origin is tuple:
        return _items_reader(arguments[0]) if arguments[-1] is Ellipsis else _places_reader(arguments)
    if origin is Literal:
        return lambda value, _: _require(isinstance(value, str) and value in arguments, value)
    if NoneType in arguments:
        (other,) = map(_reader, set(arguments) - {NoneType})
        return lambda value, stand_ins: None if value is None else other(value, stand_ins)
    if isinstance(hint, type) and hint in _PLAIN:
        is_one = _PLAIN[hint]
        return lambda value, _: _require(is_one(value), value)
    raise TypeError(f"fields of type {hint} cannot be read")


def _fields_reader(kind: type) -> _Reader:
    hints = get_type_hints(kind)
    readers = {each.name: _reader(hints[each.name]) for each in fields(kind)}
    needed = {each.name for each in fields(kind) if each.default is MISSING and each.default_factory is MISSING}

    def read(value: object, stand_ins: StandIns) -> object:
        if kind in stand_ins:
            return stand_ins[kind](value)
        if not isinstance(value, dict):
            raise ValueError(f"a {kind.__name__} is {_shown(value)}")
        if missing := sorted(needed - value.keys()):
            raise ValueError(f"{kind.__name__}.{missing[0]} is missing")
        given, name = {}, ""
        try:
            for name, reader in readers.items():
                if name in value:
                    given[name] = reader(value[name], stand_ins)
        except _Unfit as error:
            raise ValueError(f"{kind.__name__}.{name} is {error}") from error
        return kind(**given)

    return read


def _items_reader(hint: object) -> _Reader:
    reader = _reader(hint)

    def read(value: object, stand_ins: StandIns) -> object:
        _require(isinstance(value, list), value)
        return tuple([reader(each, stand_ins) for each in cast("list[object]", value)])

    return read


def _places_reader(hints: Sequence[object]) -> _Reader:
    readers = [_reader(hint) for hint in hints]

    def read(value: object, stand_ins: StandIns) -> object:
        _require(isinstance(value, list) and len(value) == len(readers), value)
        pairs = zip(readers, cast("list[object]", value), strict=True)
        return tuple([reader(each, stand_ins) for reader, each in pairs])

    return read


def _is_integer(value: object) -> bool:
    return type(value) is int and abs(value) <= _LARGEST


def _is_number(value: object) -> bool:
    return (type(value) is float and math.isfinite(value)) or _is_integer(value)


def _is_text(value: object) -> bool:
    """Whether it is a text in which no half of a character stands alone: no file and no page can hold that."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


_PLAIN: Mapping[type, Callable[[object], bool]] = {
    str: _is_text,
    int: _is_integer,
    float: _is_number,
    bool: lambda value: type(value) is bool,
}


class _Unfit(ValueError):
    """A value that is not of its field's type; its text shows the value."""


def _require(holds: bool, value: object) -> object:
    if not holds:
        raise _Unfit(_shown(value))
    return value


def _shown(value: object) -> str:
    text = ascii(value)
    return text if len(text) <= 40 else f"{text[:40]}..."
