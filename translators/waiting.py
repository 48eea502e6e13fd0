"""Calls that wait for their results, for results that do not say which call they answer."""

from collections import defaultdict, deque
from collections.abc import Callable


class Waiting[Call]:
    """add(name, call): one more. oldest(name): the first of that tool ("" for any) that has no result yet, or None.

    Linear in all: a call that has its result is looked at once.
    """

    def __init__(self, is_answered: Callable[[Call], bool]) -> None:
        self._is_answered = is_answered
        self._calls: defaultdict[str, deque[Call]] = defaultdict(deque)

    def add(self, name: str, call: Call) -> None:
        self._calls[""].append(call)
        if name:
            self._calls[name].append(call)

    def oldest(self, name: str) -> Call | None:
        calls = self._calls.get(name)
        while calls and self._is_answered(calls[0]):
            calls.popleft()
        return calls[0] if calls else None
