"""What JSON OpenAI's Responses accept: read off the SDK's types, which come from the vendor's own description."""

import collections.abc
import types
from typing import Any, Final, Literal, Required, Union, get_args, get_origin

import typing_extensions
from openai.types.responses import input_token_count_params, response_compact_params, response_create_params
from typing_extensions import is_typeddict

from tests.vendors import shape
from tests.vendors.shape import Check, Flaw, Json, Misshapen, Path, Shape

PLAIN: Final[dict[Any, Check]] = {
    str: shape.string,
    int: shape.integer,
    float: shape.number,
    bool: shape.boolean,
    object: shape.anything,
    Any: shape.anything,
}
LISTS: Final = (list, collections.abc.Iterable, collections.abc.Sequence)
REQUIRED: Final[Any] = Required
UNIONS: Final = (Union, types.UnionType)

NOT_REQUIRED: Final = {"FunctionToolParam": {"strict", "parameters"}, "ResponseReasoningItemParam": {"id"}}
"""Recorded: left out by clients, and taken. An id of reasoning that is not its own is refused, none is not:
github.com/BerriAI/litellm/pull/15782."""

TAKEN: Final[dict[str, dict[str, Check]]] = {
    "EasyInputMessageParam": {"id": shape.string},
    "Message": {"id": shape.string},
}
"""Recorded: what Codex sends beyond the SDK's types."""

_known: dict[Any, Check] = {}


def of(hint: Any) -> Check:
    """The check that a type stands for."""
    if hint in PLAIN:
        return PLAIN[hint]
    origin, args = get_origin(hint), get_args(hint)
    if origin is REQUIRED:
        return of(args[0])
    if origin is Literal:
        return shape.words(*args)
    if origin in LISTS:
        return shape.many(of(args[0]))
    if origin is dict:
        return shape.mapping
    if origin in UNIONS:
        return _one_of([member for member in args if member is not type(None)], null=type(None) in args)
    assert is_typeddict(hint), hint
    return _struct(hint)


def _struct(declared: Any) -> Check:
    """Made when it is first needed: types hold themselves."""

    def check(value: Json, at: Path) -> None:
        if declared not in _known:
            _known[declared] = _shape(declared)
        _known[declared](value, at)

    return check


def _shape(declared: Any) -> Shape:
    hints = typing_extensions.get_type_hints(declared, include_extras=True)
    needed = {name for name, hint in hints.items() if get_origin(hint) is REQUIRED}
    needed -= NOT_REQUIRED.get(declared.__name__, set())
    required = {name: of(hint) for name, hint in hints.items() if name in needed}
    optional = {name.removesuffix("_"): of(hint) for name, hint in hints.items() if name not in needed}
    optional |= TAKEN.get(declared.__name__, {})
    return Shape(f"{declared.__module__}.{declared.__name__}", required=required, optional=optional)


def _one_of(members: list[Any], *, null: bool) -> Check:
    """Members that have a type are told apart by it; of several, one must fit."""

    def check(value: Json, at: Path) -> None:
        if value is None and null:
            return
        fitting = members
        if isinstance(value, dict):
            fitting = [member for member in members if _may_be(member, value.get("type"))]
            if not fitting:
                raise Misshapen((*at, "type"), Flaw.VALUE if "type" in value else Flaw.MISSING, "a known type")
        flaws: list[Misshapen] = []
        for member in fitting:
            try:
                of(member)(value, at)
            except Misshapen as flaw:
                flaws.append(flaw)
            else:
                return
        raise max(flaws, key=lambda flaw: len(flaw.at))

    return check


def _may_be(declared: Any, kind: Any) -> bool:
    if not is_typeddict(declared):
        return get_origin(declared) is dict or declared is object
    hint = typing_extensions.get_type_hints(declared, include_extras=True).get("type")
    return hint is None or kind in _words(hint) or (kind is None and get_origin(hint) is not REQUIRED)


def _words(hint: Any) -> list[Any]:
    if get_origin(hint) is Literal:
        return list(get_args(hint))
    return [word for inner in get_args(hint) for word in _words(inner)]


_BASE: Final = _shape(response_create_params.ResponseCreateParamsBase)
REQUEST: Final = Shape(
    _BASE.source,
    required=_BASE.required,
    optional={
        **_BASE.optional,
        "stream": shape.nullable(shape.boolean),  # Declared apart from the base class.
        "client_metadata": shape.mapping,  # Recorded: Codex sends it to api.openai.com, too.
    },
)
COMPACT: Final = _shape(response_compact_params.ResponseCompactParams)
COUNT: Final = _shape(input_token_count_params.InputTokenCountParams)
