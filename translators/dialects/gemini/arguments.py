"""Arguments of a call that come in pieces: each names by a JSON path where it belongs (RFC 9535, names and indexes)."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

import msgspec

from translators.dialects.gemini.wire import PartialArgument

MAX_INDEX: Final = 1 << 16
_STEP: Final = re.compile(r"\.([^.\[\]]+)|\[(\d{1,9})\]|\['((?:[^'\\]|\\.)*)'\]|\[\"((?:[^\"\\]|\\.)*)\"\]")
_ESCAPED: Final = re.compile(r"\\(.)")

type Step = str | int


class BadPath(ValueError):
    """A path that says nothing about where its value belongs."""


class Arguments:
    """take(piece): in the order of the stream. text(): the JSON of what has come so far."""

    def __init__(self) -> None:
        self._root: dict[str, Any] = {}

    def take(self, piece: PartialArgument) -> None:
        """Raises BadPath."""
        steps = steps_of(piece.json_path or "")
        last = steps[-1]
        place: Any = self._root
        for step, following in pairwise(steps):
            place = _entered(place, step, [] if isinstance(following, int) else {})
        if piece.string_value is not None:
            before = _found(place, last)
            _put(place, last, (before if isinstance(before, str) else "") + piece.string_value)
        elif piece.number_value is not None:
            number = piece.number_value
            _put(place, last, int(number) if isinstance(number, float) and number.is_integer() else number)
        elif piece.bool_value is not None:
            _put(place, last, piece.bool_value)
        elif piece.null_value is not None:
            _put(place, last, None)

    def text(self) -> str:
        """One JSON object."""
        return msgspec.json.encode(self._root).decode()


def steps_of(path: str) -> list[Step]:
    """`$.steps[2].name` as "steps", 2, "name". Raises BadPath."""
    steps: list[Step] = list(_steps(path))
    if not steps:
        raise BadPath(path)
    return steps


def _steps(path: str) -> Iterator[Step]:
    if not path.startswith("$"):
        raise BadPath(path)
    at = 1
    while at < len(path):
        match = _STEP.match(path, at)
        if match is None:
            raise BadPath(path)
        name, index, single, double = match.groups()
        if index is not None:
            yield int(index)
        else:
            yield name if name is not None else _ESCAPED.sub(r"\1", single if single is not None else double)
        at = match.end()


def _entered(place: Any, step: Step, fresh: Any) -> Any:
    """What stands there, or something new of the kind that the next step needs."""
    inner = _found(place, step)
    if not isinstance(inner, type(fresh)):
        inner = fresh
        _put(place, step, inner)
    return inner


def _found(place: Any, step: Step) -> Any:
    if isinstance(place, list):
        return place[step] if isinstance(step, int) and step < len(place) else None
    return place.get(step)


def _put(place: Any, step: Step, value: Any) -> None:
    if isinstance(place, list):
        if not isinstance(step, int) or step > min(len(place), MAX_INDEX):
            raise BadPath(str(step))
        place[step : step + 1] = [value]
    elif isinstance(step, str):
        place[step] = value
    else:
        raise BadPath(str(step))
