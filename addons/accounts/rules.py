"""What a vendor's error means where the user knows better: `request-scoped-errors` of config.yaml."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from addons.accounts.outcome import Action, Outcome
from addons.regexp import Regexp


@dataclass(frozen=True, slots=True)
class Rule:
    """It holds where the status is the same and one of `words` stands in the body, or one of `patterns` is found there.
    With neither it never does."""

    status: int
    action: Action
    words: tuple[str, ...] = ()
    patterns: tuple[Regexp, ...] = ()

    def holds(self, status: int, body: str) -> bool:
        """Whether it is about this error."""
        if status != self.status:
            return False
        return any(word in body for word in self.words) or any(pattern.search(body) for pattern in self.patterns)


def ruled(outcome: Outcome, rules: Iterable[Rule], status: int, body: bytes) -> Outcome:
    """The outcome, with the action of the first rule that holds."""
    text = body.decode("utf-8", "replace")
    for rule in rules:
        if rule.holds(status, text):
            return replace(outcome, action=rule.action)
    return outcome
