"""What a client's name of a model says beside the name: `gpt-5(high)`, `claude-opus-5[1m]`.

The last group in parentheses says how much to think. `[1m]` is how Claude Code's settings ask for the long context;
it takes the mark off before it sends the name, other programs that read those settings do not. The window itself is
asked for in a header, or is the model's only one, so that the mark has nothing to say to a provider.
"""

import re
from dataclasses import dataclass
from typing import Final

from translators.conversation import ThinkingMode, ThinkingWish
from translators.thinking import EFFORTS

_LONG_CONTEXT: Final = "[1m]"
_LONGEST: Final = 40
_TOKENS: Final = re.compile(r"\+?0*([0-9]{1,18})", re.ASCII)
_OFF: Final = ThinkingWish(ThinkingMode.OFF)
_AUTO: Final = ThinkingWish(ThinkingMode.AUTO)


@dataclass(frozen=True, slots=True)
class Reading:
    """How a name may be read. `names`: as it stands first, without all that it says beside the name last. `thinking`:
    what it says of that; None: nothing."""

    names: tuple[str, ...]
    thinking: ThinkingWish | None = None

    @property
    def bare(self) -> str:
        """The name alone."""
        return self.names[-1]


def read(asked: str) -> Reading:
    """A client's name. Text in parentheses that is no amount of thinking is left out too, and says nothing."""
    names = [asked]
    thinking: ThinkingWish | None = None
    group_seen = mark_seen = False
    while True:
        name = names[-1]
        if not mark_seen and name[-len(_LONG_CONTEXT) :].lower() == _LONG_CONTEXT:
            mark_seen = True
            names.append(name[: -len(_LONG_CONTEXT)].rstrip(" "))
        elif not group_seen and (group := _group(name)) is not None:
            group_seen = True
            thinking = wish_of(group[1])
            names.append(group[0])
        else:
            return Reading(tuple(names), thinking)


def target(name: str) -> tuple[str, ThinkingWish | None]:
    """An upstream's name as the config has it. Here only an amount of thinking is no part of the name."""
    base, text = _group(name) or ("", "")
    thinking = wish_of(text)
    return (base, thinking) if base and thinking is not None else (name, None)


def wish_of(text: str) -> ThinkingWish | None:
    """What a word or a number in parentheses asks for; None where it asks for nothing."""
    word = text.strip().lower()
    if word in ("none", "0"):
        return _OFF
    if word in ("auto", "-1"):
        return _AUTO
    if word in EFFORTS:
        return ThinkingWish(ThinkingMode.ON, effort=word)
    tokens = _TOKENS.fullmatch(word)
    if tokens is None:
        return None
    return ThinkingWish(ThinkingMode.ON, budget_tokens=int(tokens[1])) if int(tokens[1]) else _OFF


def _group(name: str) -> tuple[str, str] | None:
    """What stands before the last parentheses, and in them; None where none are at the end. What is asked for is
    logged: text that no line of a log should hold makes no group."""
    if not name.endswith(")"):
        return None
    base, opened, text = name[:-1].rpartition("(")
    return (base.rstrip(" "), text) if opened and len(text) <= _LONGEST and text.isprintable() else None
