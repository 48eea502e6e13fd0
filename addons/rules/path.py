"""Places in a JSON document, in the spelling of CLIProxyAPI's payload rules: gjson's for looking, sjson's for editing.

`a.b.0` goes through keys and indices; `\\.` is a dot in a key, and so of every other character; `:0` is the key "0"
where a list could be meant. `#(type=="x")` is the first element that the condition holds for, `#(type=="x")#` each;
conditions are put together with `&&`, and these with `||`.
For editing `-1` is behind the last element (in a filter: the last one). For looking `*` and `?` in a key stand for any
text and any character, `#` for the number of elements, `#.a` for the `a` of each of them.
Source: gjson SYNTAX.md, sjson README, CLIProxyAPI payload_helpers.go.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

APPEND: Final = "-1"
_INDEX: Final = re.compile(r"[0-9]{1,9}")
_EVERY_LETTER: Final = re.compile(r"\\?.", re.DOTALL)
_OPERATOR: Final = re.compile(r"==|!=|<=|>=|!%|=|<|>|%")

type Compare = Literal["", "==", "!=", "<", "<=", ">", ">=", "%", "!%"]


@dataclass(frozen=True, slots=True)
class Name:
    """A key, or an index. `forced`: a key in any case."""

    text: str
    forced: bool = False

    @property
    def index(self) -> int | None:
        """Its place in an array; None where it can be none."""
        return int(self.text) if not self.forced and _INDEX.fullmatch(self.text) else None


@dataclass(frozen=True, slots=True)
class Wild:
    """Keys that look like this."""

    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Each:
    """All elements; at the end of a path, how many they are."""


@dataclass(frozen=True, slots=True)
class Term:
    """What an element must be. `compare` "": that there is something."""

    left: "Path"
    compare: Compare
    right: str


@dataclass(frozen=True, slots=True)
class Query:
    """Elements that all terms of one of `either` hold for: the first, or `each`."""

    either: tuple[tuple[Term, ...], ...]
    each: bool


type Part = Name | Wild | Each | Query
type Path = tuple[Part, ...]
type Place = tuple[Name, ...]
"""A path whose elements are found."""


def parse(written: str) -> Path:
    """A path for looking. Raises ValueError in words for the config's author."""
    text = written.strip()
    if not text:
        raise ValueError("holds an empty path")
    return tuple(_part(piece) for piece in _pieces(text))


def parse_for_editing(written: str) -> Path:
    """The same, of which only conditions may stand for several places. Raises ValueError."""
    path = parse(written)
    for part in path:
        if isinstance(part, Wild | Each):
            raise ValueError(
                r"holds a path with `*`, `?` or `#`, which can't be set: write \* for the character itself"
            )
    return path


def _pieces(text: str) -> Iterator[str]:
    """Between the dots, escapes as they stand."""
    start = at = 0
    while at < len(text):
        if text[at] == "\\":
            at += 2
        elif text.startswith("#(", at):
            at = _past_query(text, at)
        elif text[at] == ".":
            yield text[start:at]
            start = at = at + 1
        else:
            at += 1
    yield text[start:]


def _past_query(text: str, at: int) -> int:
    """Where a condition ends; quotes and parentheses may stand in it."""
    depth, quoted = 0, False
    while at < len(text):
        letter = text[at]
        if letter == "\\":
            at += 1
        elif letter == '"':
            quoted = not quoted
        elif not quoted and letter in "()":
            depth += 1 if letter == "(" else -1
            if not depth:
                return at + 1
        at += 1
    raise ValueError('holds a condition without its end: write #(key=="value")')


def _part(piece: str) -> Part:
    if piece.startswith("#("):
        inner, _, behind = piece[2:].rpartition(")")
        if behind not in ("", "#"):
            raise ValueError("holds text behind a condition: write a dot between them")
        return _query(inner, each=behind == "#")
    if piece == "#":
        return Each()
    forced = piece.startswith(":") and len(piece) > 1
    return _name(piece[1:] if forced else piece, forced=forced)


def _name(piece: str, *, forced: bool) -> Part:
    text = ""
    is_wild = False
    letters = iter(piece)
    for letter in letters:
        if letter == "\\":
            letter = next(letters, "\\")
        elif letter in "*?":
            is_wild = True
        elif letter in "|@#":
            raise ValueError(
                f"holds a path with `{letter}`, which is not known here: write \\{letter} for the character"
            )
        text += letter
    if is_wild:
        return Wild(wild(piece))
    if not text:
        raise ValueError("holds a path with nothing between two dots")
    return Name(text, forced)


def wild(written: str) -> re.Pattern[str]:
    """What `*` (any text) and `?` (any character) stand for in it; `\\` before them is an escape.

    What is between two stars is looked for once, and stays where it is found first: several stars on a long text
    would otherwise take for ever.
    """
    pieces = [""]
    for letter in _EVERY_LETTER.findall(written):
        if letter == "*":
            pieces.append("")
        else:
            pieces[-1] += "." if letter == "?" else re.escape(letter[-1])
    first, *between = pieces
    last = [f".*{between.pop()}"] if between else []
    return re.compile("".join((first, *(f"(?>.*?{piece})" for piece in between), *last)), re.DOTALL)


def _query(inner: str, *, each: bool) -> Query:
    """gjson knows neither `||` nor `&&`: they are CLIProxyAPI's."""
    return Query(tuple(tuple(map(_term, _split(one, "&&"))) for one in _split(inner, "||")), each)


def _term(inner: str) -> Term:
    for at in _plain_places(inner):
        operator = _OPERATOR.match(inner, at)
        if operator is None:
            continue
        left, right = inner[:at].strip(), inner[operator.end() :].strip()
        if right.startswith("~"):
            raise ValueError("holds a condition with `~`, which is not known here")
        compare: Any = "==" if operator[0] == "=" else operator[0]
        return Term(parse(left) if left else (), compare, right)
    return Term(parse(inner), "", "")


def _split(inner: str, operator: str) -> Iterator[str]:
    start = 0
    for at in _plain_places(inner):
        if inner.startswith(operator, at):
            yield inner[start:at].strip()
            start = at + len(operator)
    yield inner[start:].strip()


def _plain_places(inner: str) -> Iterator[int]:
    """Where neither quotes nor escapes nor inner conditions are."""
    at, quoted = 0, False
    while at < len(inner):
        if inner[at] == "\\":
            at += 2
            continue
        if not quoted and inner.startswith("#(", at):
            at = _past_query(inner, at)
            continue
        if inner[at] == '"':
            quoted = not quoted
        elif not quoted:
            yield at
        at += 1
