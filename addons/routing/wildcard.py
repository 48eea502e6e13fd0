"""Names that patterns of the config stand for."""

from collections.abc import Iterable


def fits(pattern: str, name: str) -> bool:
    """Whether a pattern in which only `*` is special, for any text, stands for the name. Case does not matter."""
    pieces = tuple(pattern.strip().lower().split("*"))
    return _fits(pieces, name.lower()) if len(pieces) > 1 else pieces[0] == name.lower()


class Excluded:
    """`excluded-models`: names and patterns in which only `*` is special, for any text. Case does not matter."""

    __slots__ = ("_names", "_patterns")

    def __init__(self, patterns: Iterable[str] = ()) -> None:
        written = {pattern.strip().lower() for pattern in patterns} - {""}
        self._names = frozenset(pattern for pattern in written if "*" not in pattern)
        self._patterns = tuple(tuple(pattern.split("*")) for pattern in sorted(written - self._names))

    def __bool__(self) -> bool:
        return bool(self._names or self._patterns)

    def __contains__(self, name: str) -> bool:
        lowered = name.lower()
        return lowered in self._names or any(_fits(pieces, lowered) for pieces in self._patterns)


def _fits(pieces: tuple[str, ...], name: str) -> bool:
    """Whether the pieces stand in the name in this order, the first at its beginning and the last at its end."""
    first, *between, last = pieces
    if len(name) < len(first) + len(last) or not name.startswith(first) or not name.endswith(last):
        return False
    at, end = len(first), len(name) - len(last)
    for piece in between:
        found = name.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True
