"""What is tested of every rule of a simulated vendor."""

from collections.abc import Iterable

import pytest

from tests.vendors.rules import Asked, Refusal, Rule


def check_refuses(rule: Rule, bad: Iterable[Asked]) -> None:
    """It has a source, and says why it refuses each of these."""
    assert len(rule.source) > 10
    for asked in bad:
        with pytest.raises(Refusal) as refusal:
            rule.check(asked)
        assert refusal.value.status == 400
        assert refusal.value.message
