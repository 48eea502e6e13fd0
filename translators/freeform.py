"""Free-form tools, whose input is a text and no JSON: neutral calls of them hold `{"input": "the text"}`.

A vendor without such tools gets a function with that one field instead; its calls are unwrapped again for the client.
"""

from typing import Final

from translators.conversation import Grammar, Tool
from translators.jsonio import ENCODER, quoted

FIELD: Final = "input"
WRAP: Final = ('{"input":"', '"}')
"""What stands before and behind the escaped text."""

_OPENING: Final = '"'
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


def wrapped(text: str) -> str:
    """The arguments of a call with this text."""
    return f"{WRAP[0]}{escaped(text)}{WRAP[1]}"


def escaped(text: str) -> str:
    """A piece of the text, as it stands within the arguments."""
    return quoted(text)[1:-1].decode()


def unwrapped(arguments: str) -> str:
    """The text of a call. Arguments of another shape are the text themselves: the model meant something by them."""
    unwrapper = Unwrapper()
    return unwrapper.feed(arguments) + unwrapper.close()


def as_function(tool: Tool) -> tuple[str, bytes]:
    """A free-form tool's description and schema, as a function."""
    grammar = tool.freeform or Grammar()
    words = [tool.description, "The input is free text, no JSON: it stands in the field `input` as it is."]
    if grammar.definition:
        words.append(f"It follows this grammar ({grammar.syntax}):\n{grammar.definition}")
    schema = {
        "type": "object",
        "properties": {FIELD: {"type": "string"}},
        "required": [FIELD],
        "additionalProperties": False,
    }
    return "\n\n".join(filter(None, words)), ENCODER.encode(schema)


class Unwrapper:
    """feed(piece): the text that a piece of streamed arguments adds. close(): the rest.

    Arguments of another shape than `{"input": "..."}` come out whole at the end, as `unwrapped` has them.
    """

    def __init__(self) -> None:
        self._all: list[str] = []
        self._waiting = ""
        self._inside = False
        self._over = False

    def feed(self, piece: str) -> str:
        """ "" where nothing can be told yet."""
        self._all.append(piece)
        if self._over:
            return ""
        self._waiting += piece
        if not self._inside:
            self._begin()
        return self._text() if self._inside else ""

    def close(self) -> str:
        """What was not told yet."""
        return "" if self._inside else "".join(self._all)

    def _begin(self) -> None:
        """Looks for the text's first letter."""
        head = self._waiting.lstrip()
        for expected in ("{", f'"{FIELD}"', ":", _OPENING):
            if not head.startswith(expected):
                self._over = bool(head) and not expected.startswith(head)
                return
            head = head[len(expected) :].lstrip() if expected != _OPENING else head[1:]
        self._inside, self._waiting = True, head

    def _text(self) -> str:
        """All that is complete: an escape may be cut anywhere."""
        self._all.clear()
        text, self._waiting, self._over = _read(self._waiting)
        return text


def _read(waiting: str) -> tuple[str, str, bool]:
    """The text of the complete letters, what waits for more, and whether it has ended."""
    out: list[str] = []
    at = 0
    while at < len(waiting):
        stop = _next_special(waiting, at)
        out.append(waiting[at:stop])
        at = stop
        if at == len(waiting):
            break
        if waiting[at] == '"':
            return "".join(out), "", True
        letter, length = _escape(waiting, at)
        if length == 0:
            break
        out.append(letter)
        at += length
    return "".join(out), waiting[at:], False


def _next_special(text: str, at: int) -> int:
    places = [place for place in (text.find('"', at), text.find("\\", at)) if place >= 0]
    return min(places, default=len(text))


def _escape(text: str, at: int) -> tuple[str, int]:
    """The letter of the escape there, and its length; 0 where it is not complete. A surrogate pair is one letter."""
    if len(text) < at + 2:
        return "", 0
    kind = text[at + 1]
    if kind != "u":
        return _ESCAPES.get(kind, kind), 2
    if len(text) < at + 6:
        return "", 0
    code = _code(text, at)
    if not 0xD800 <= code < 0xDC00:
        return chr(code) if not 0xDC00 <= code < 0xE000 else "\ufffd", 6
    if len(text) < at + 12 and text.startswith("\\u"[: len(text) - at - 6], at + 6):
        return "", 0
    low = _code(text, at + 6) if text.startswith("\\u", at + 6) else 0
    if not 0xDC00 <= low < 0xE000:
        return "\ufffd", 6
    return chr(0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)), 12


def _code(text: str, at: int) -> int:
    try:
        return int(text[at + 2 : at + 6], 16)
    except ValueError:
        return 0xFFFD
