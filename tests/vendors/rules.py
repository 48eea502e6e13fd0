"""The refusals of a simulated vendor, one small function each, in a table that names where each is written down."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.vendors.server import Request


class Refusal(Exception):
    """What the vendor will not take. `kind` is its own word for it where the status does not say enough."""

    def __init__(
        self, message: str, *, status: int = 400, param: str | None = None, code: str | None = None, kind: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.param = param
        self.code = code
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that is JSON: what rules look at."""

    request: Request
    body: dict[str, Any]


type Check = Callable[[Asked], None]


@dataclass(frozen=True, slots=True)
class Rule:
    """`source`: SDK type, page of the vendor's documentation, or "recorded: ..." for what a real vendor answered."""

    name: str
    source: str
    check: Check


class RuleBook:
    """A vendor's rules, in the order in which they are applied."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []

    def __iter__(self) -> Iterator[Rule]:
        return iter(self._rules)

    def rule(self, source: str) -> Callable[[Check], Check]:
        """Enters a function that raises Refusal."""

        def enter(check: Check) -> Check:
            self._rules.append(Rule(check.__name__, source, check))
            return check

        return enter

    def extend(self, other: "RuleBook") -> None:
        """Enters another book behind this one."""
        self._rules += other

    def apply(self, asked: Asked) -> None:
        """Raises the first Refusal."""
        for rule in self._rules:
            rule.check(asked)
