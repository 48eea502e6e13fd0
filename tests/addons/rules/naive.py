"""JSON for tests: any document, written in any layout; and edits of plain Python values, told as simply as can be."""

import json
from typing import Any, Final

from hypothesis import strategies as st

KEYS: Final = ("a", "b", "c", "0", "1", "d.e", "é", 'q"', "\\")
PLAIN: Final = st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.sampled_from(["", "x", "é\n", "{]", '"'])
VALUES: Final = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)
DOCUMENTS: Final = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=5)
PATHS: Final = st.lists(st.sampled_from([*KEYS, "-1", "2"]), min_size=1, max_size=4)
BLANKS: Final = st.sampled_from(["", " ", "\n\t", "  "])


@st.composite
def written(draw: st.DrawFn, values: Any = DOCUMENTS) -> tuple[dict[str, Any], bytes]:
    """A document, and one of the ways to write it."""
    value = draw(values)
    return value, (draw(BLANKS) + _write(draw, value) + draw(BLANKS)).encode()


def _write(draw: st.DrawFn, value: Any) -> str:
    blank = draw(BLANKS)
    if isinstance(value, dict):
        members = [
            f"{blank}{json.dumps(key, ensure_ascii=draw(st.booleans()))}{blank}:{blank}{_write(draw, item)}{blank}"
            for key, item in value.items()
        ]
        return "{" + (",".join(members) or blank) + "}"
    if isinstance(value, list):
        return "[" + (",".join(f"{blank}{_write(draw, item)}{blank}" for item in value) or blank) + "]"
    return json.dumps(value, ensure_ascii=draw(st.booleans()))


def spelled(path: list[str]) -> str:
    """As a rule writes it."""
    return ".".join("".join(f"\\{letter}" if letter in '.\\*?|#@"' else letter for letter in name) for name in path)


def put(value: Any, path: list[str], new: Any) -> Any:
    """The value with something new at the path; ValueError where that can't be."""
    name, *rest = path
    if not isinstance(value, dict | list):
        value = [] if name.isdecimal() or name == "-1" else {}
    if isinstance(value, dict):
        inner = put(value.get(name), rest, new) if rest else new
        return {**value, name: inner}
    if name != "-1" and not name.isdecimal():
        raise ValueError(name)
    index = len(value) if name == "-1" else int(name)
    filled = value + [None] * (index + 1 - len(value))
    filled[index] = put(filled[index], rest, new) if rest else new
    return filled


def cut(value: Any, path: list[str]) -> Any:
    """The value without what stands there."""
    name, *rest = path
    if isinstance(value, dict):
        if name not in value:
            return value
        if rest:
            return {**value, name: cut(value[name], rest)}
        return {key: item for key, item in value.items() if key != name}
    if not isinstance(value, list) or not value:
        return value
    index = len(value) - 1 if name == "-1" and not rest else int(name) if name.isdecimal() else len(value)
    if index >= len(value):
        return value
    if rest:
        return [*value[:index], cut(value[index], rest), *value[index + 1 :]]
    return value[:index] + value[index + 1 :]
