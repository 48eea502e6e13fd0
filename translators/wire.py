"""What a typed wire is made of: the shapes behind a field's annotation. For code that walks JSON beside its Structs."""

from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from msgspec import Struct


def members(wire: Any) -> tuple[Any, ...]:
    """The members of a union, aliases and constraints taken off; a plain type is its own only member."""
    if hasattr(wire, "__value__"):
        return members(wire.__value__)
    if get_origin(wire) is Annotated:
        return members(get_args(wire)[0])
    if isinstance(wire, UnionType) or get_origin(wire) is Union:
        return tuple(member for arg in get_args(wire) for member in members(arg))
    return (wire,)


def item_type(wire: Any) -> Any:
    """What a list or tuple of this type holds, None where it can be neither."""
    for member in members(wire):
        if get_origin(member) in (list, tuple):
            return get_args(member)[0]
    return None


def value_type(wire: Any) -> Any:
    """What a dict of this type holds, None where it can be none."""
    for member in members(wire):
        if get_origin(member) is dict:
            return get_args(member)[1]
    return None


def is_tuple(wire: Any) -> bool:
    """Whether a JSON array becomes a tuple."""
    return any(get_origin(member) is tuple for member in members(wire))


def structs(wire: Any) -> tuple[type[Struct], ...]:
    """The Structs that a JSON object may become: one, or several that are told apart by their tag."""
    return tuple(member for member in members(wire) if isinstance(member, type) and issubclass(member, Struct))
