"""What a path stands for in a JSON document: looked at, set and taken out."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, Final

import msgspec

from addons.rules.document import Value
from addons.rules.path import APPEND, Compare, Each, Name, Part, Path, Place, Query, Term, Wild, wild
from translators.jsonio import ENCODER

MOST_FILLED: Final = 64
"""So many elements that are missing before an index are filled with null; sjson fills without end."""

_wild: Final = lru_cache(maxsize=256)(wild)


# Looking.


def find(value: Value, path: Sequence[Part]) -> Iterator[Value]:
    """What stands there; several only where a condition stands for each."""
    if not path:
        yield value
        return
    part, rest = path[0], path[1:]
    match part:
        case Name():
            inner = _at(value, part)
            if inner is not None:
                yield from find(inner, rest)
        case Wild(pattern=pattern):
            for key, inner in value.fields():
                if pattern.fullmatch(key) and (found := list(find(inner, rest))):
                    yield from found
                    return
        case Each():
            if value.kind == "array":
                yield _collected(value, rest)
        case Query():
            items = value.items()
            for index in _fitting(items, part):
                yield from find(items[index], rest)


def _at(value: Value, name: Name) -> Value | None:
    if value.kind == "object":
        return value.get(name.text)
    return None if name.index is None else value.item(name.index)


def _collected(value: Value, rest: Sequence[Part]) -> Value:
    items = value.items()
    if not rest:
        return Value(b"%d" % len(items))
    return Value(b"[" + b",".join(found.raw for item in items for found in find(item, rest)) + b"]")


def _fitting(items: Sequence[Value], query: Query) -> list[int]:
    fitting = (
        index
        for index, item in enumerate(items)
        if any(all(_holds(item, term) for term in terms) for terms in query.either)
    )
    if query.each:
        return list(fitting)
    first = next(fitting, None)
    return [] if first is None else [first]


def _holds(item: Value, term: Term) -> bool:
    """As gjson compares: a text with text, a number with a number, by what stands in the document."""
    found = next(find(item, term.left), None)
    if found is None:
        return False
    if not term.compare:
        return True
    match found.kind:
        case "string":
            return _compared(found.text or "", term.compare, _unquoted(term.right))
        case "number":
            try:
                return _compared(float(found.raw), term.compare, float(term.right))
            except ValueError:
                return False
        case "true" | "false":
            order = {"false": 0, "true": 1}
            other = order.get(term.right)
            return other is not None and _compared(order[found.kind], term.compare, other)
        case _:
            return False


def _compared(left: Any, compare: Compare, right: Any) -> bool:
    match compare:
        case "==":
            return bool(left == right)
        case "!=":
            return bool(left != right)
        case "<":
            return bool(left < right)
        case "<=":
            return bool(left <= right)
        case ">":
            return bool(left > right)
        case ">=":
            return bool(left >= right)
        case "%" | "!%":
            return isinstance(left, str) and (_wild(right).fullmatch(left) is not None) == (compare == "%")
        case "":
            return True


# Editing.


def resolve(value: Value, path: Path) -> list[Place]:
    """The path with what its conditions stand for, in the document's order. What is behind them need not exist."""
    found: list[tuple[Place, Value | None]] = [((), value)]
    for part in path:
        ahead: list[tuple[Place, Value | None]] = []
        for place, inner in found:
            if isinstance(part, Name):
                ahead.append(((*place, part), None if inner is None else _at(inner, part)))
            elif isinstance(part, Query) and inner is not None:
                items = inner.items()
                ahead += [((*place, Name(str(index))), items[index]) for index in _fitting(items, part)]
        found = ahead
    return [place for place, _ in found]


def look(value: Value, place: Place) -> Value | None:
    """What stands there."""
    return next(find(value, place), None)


def was_there(value: Value, place: Place) -> bool:
    """Whether something stood there before any edit."""
    for name in place:
        inner = _at(value, name)
        if inner is None or inner.fresh:
            return False
        value = inner
    return True


def put(value: Value, place: Place, raw: bytes) -> bool:
    """Sets the place, making what is missing on the way. False where it can't be, or has this value already."""
    for depth, name in enumerate(place):
        inner = _at(value, name)
        if inner is not None:
            value = inner
            continue
        rest = place[depth + 1 :]
        if any((missing.index or 0) > MOST_FILLED for missing in rest):
            return False
        if value.kind not in ("object", "array"):  # A plain value gives way, as sjson has it.
            value.replace(b"[]" if _is_of_array(name) else b"{}")
        return _add(value, name, _wrapped(rest, raw))
    if is_same(value, raw):
        return False
    value.replace(raw)
    return True


def cut(value: Value, place: Place) -> bool:
    """Takes out what stands there; False where there is nothing."""
    holder = look(value, place[:-1])
    name = place[-1]
    if holder is None:
        return False
    if holder.kind == "array":
        count = len(holder)
        index = count - 1 if name.text == APPEND and not name.forced else name.index
        if index is None or not 0 <= index < count:
            return False
        holder.drop(index)
        return True
    if holder.get(name.text) is None:
        return False
    holder.drop(name.text)
    return True


def shown(place: Place) -> str:
    """For people."""
    return ".".join(name.text for name in place)


def is_same(value: Value, raw: bytes) -> bool:
    """Whether both mean the same JSON."""
    return value.raw == raw or _same(value.plain(), msgspec.json.decode(raw))


def _add(value: Value, name: Name, raw: bytes) -> bool:
    if value.kind == "object":
        value.put(name.text, raw)
        return True
    count = len(value)
    index = count if name.text == APPEND and not name.forced else name.index
    if index is None or index - count > MOST_FILLED:
        return False
    while count < index:
        value.insert(count, b"null")
        count += 1
    value.insert(index, raw)
    return True


def _wrapped(rest: Place, raw: bytes) -> bytes:
    """The value in the objects and lists that are not there yet."""
    for name in reversed(rest):
        if _is_of_array(name):
            raw = b"[" + b"null," * (name.index or 0) + raw + b"]"
        else:
            raw = b"{" + ENCODER.encode(name.text) + b":" + raw + b"}"
    return raw


def _is_of_array(name: Name) -> bool:
    return name.index is not None or (name.text == APPEND and not name.forced)


def _same(left: Any, right: Any) -> bool:
    """JSON's equality: 1 and 1.0 are the same, 1 and true are not."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(_same(*pair) for pair in zip(left, right, strict=True))
    return bool(left == right)


def _unquoted(text: str) -> str:
    if len(text) < 2 or not text.startswith('"') or not text.endswith('"'):
        return text
    try:
        return str(msgspec.json.decode(text.encode()))
    except msgspec.DecodeError:
        return text[1:-1]
