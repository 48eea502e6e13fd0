"""A session stays with one credential, where the config wants that."""

from typing import Any

import pytest

from addons.accounts.outcome import Outcome, OutcomeKind, Scope
from addons.accounts.pool import Lease
from addons.conduct import Conductors
from tests.support.conducting import Play, Stage, chat, key_of, refuse, reply

MINE = {"x-claude-code-session-id": "mine"}
KEYS = ["k-1", "k-2", "k-3"]


def stage(*providers: dict[str, Any], **routing: Any) -> Stage:
    """`routing` in snake case; with affinity."""
    settings = {key.replace("_", "-"): value for key, value in {"session_affinity": True, **routing}.items()}
    return Stage({"openai-compatibility": list(providers or [chat("a", KEYS)]), "routing": settings})


def served(one: Stage, **asked: Any) -> str:
    """The key that answers one more request."""
    attempt = one.play(**asked).attempt()
    reply(attempt)
    return key_of(attempt)


def turns(one: Stage) -> list[str]:
    """Who answers my session while others come between."""
    keys = []
    for _ in range(3):
        keys.append(served(one, headers=MINE))
        served(one, headers={"x-session-id": f"another {len(keys)}"})
    return keys


def test_a_session_stays_and_the_others_take_turns() -> None:
    assert turns(stage()) == ["a-k-1"] * 3
    assert len(set(turns(stage(session_affinity=False)))) > 1


def test_a_conversation_without_an_id_stays_too() -> None:
    one = stage()
    first = {"model": "big", "messages": [{"role": "user", "content": "hello"}]}
    longer = {**first, "messages": [*first["messages"], {"role": "assistant", "content": "hi"}]}
    assert served(one, body=first) == served(one, body=longer) == "a-k-1"
    assert served(one) == "a-k-2"


def test_a_session_stays_with_its_model_of_an_alias() -> None:
    one = stage(chat("a", models=[{"name": "one", "alias": "big"}, {"name": "two", "alias": "big"}]))
    models = []
    for session in ("mine", "second", "mine", "third", "mine"):
        play = one.play(headers={"session-id": session})
        reply(play.attempt())
        models.append(play.exchange.attempts[0].model)
    assert models[::2] == ["one"] * 3
    assert set(models[1::2]) == {"one", "two"}


def test_a_session_stays_with_the_pool_that_took_it_over_whatever_its_priority() -> None:
    one = stage(chat("high", priority=1), chat("low"))
    play = one.play(headers=MINE)
    refuse(play.attempt(), 500)
    reply(play.attempt())
    one.now_s += 3600 / 2
    assert served(one) == "high-k-1"
    assert served(one, headers=MINE) == "low-k-1"


def rest(one: Stage, play: Play, status: int = 429) -> None:
    refuse(play.attempt(), status, retry_after="9")


def test_a_failure_that_rests_the_credential_frees_the_session() -> None:
    one = stage()
    served(one, headers=MINE)
    play = one.play(headers=MINE)
    rest(one, play)
    reply(play.attempt())
    one.now_s += 10
    assert served(one, headers=MINE) == "a-k-2"


def test_a_fault_of_the_request_changes_nothing() -> None:
    one = stage()
    served(one, headers=MINE)
    for status in (400, 404):
        refuse(one.play(headers=MINE).attempt(), status)
    assert served(one, headers=MINE) == "a-k-1"


def test_a_session_whose_credential_rests_goes_to_another_one() -> None:
    one = stage(chat("high", priority=1), chat("low", ["k-1", "k-2"]))
    play = one.play(headers=MINE)
    rest(one, play)
    reply(play.attempt())  # Bound to the lower tier.
    one.now_s += 10
    low = one.play(headers=MINE)
    rest(one, low)
    assert served(one, headers=MINE) == "high-k-1"
    assert one.in_use() == 0


def test_a_session_whose_credential_rests_because_of_others_keeps_no_lease_of_its_pool() -> None:
    one = stage(chat("high", priority=1), chat("low", ["k-1", "k-2"]))
    play = one.play(headers=MINE)
    rest(one, play)
    bound = play.attempt()
    assert key_of(bound) == "low-k-1"
    reply(bound)
    one.now_s += 10
    lease = one.pools["low"].pick(one.now_s, "another")
    assert isinstance(lease, Lease)
    one.pools["low"].give_back(lease, Outcome(OutcomeKind.UNAUTHORIZED, Scope.CREDENTIAL), one.now_s)
    assert served(one, headers=MINE) == "high-k-1"
    assert one.in_use() == 0


def test_a_session_that_was_silent_for_long_is_free() -> None:
    one = stage(session_affinity_ttl="1h")
    served(one, headers=MINE)
    one.now_s += 3500
    assert served(one, headers=MINE) == "a-k-1"
    one.now_s += 3601
    assert served(one, headers=MINE) == "a-k-2"


def test_counting_tokens_binds_nobody() -> None:
    key = {"api-key": "k-1", "base-url": "http://a.test", "models": [{"name": "big"}]}
    one = Stage({"claude-api-key": [key], "routing": {"session-affinity": True}})
    attempt = one.play(operation="count_tokens", headers=MINE).attempt()
    attempt.opened(200, ())
    attempt.feed(b'{"input_tokens": 7}')
    attempt.close()
    assert one.shared.sessions is not None
    assert one.shared.sessions.size == 0


@pytest.mark.parametrize(("ttl", "kept"), [("1h", True), ("2h", False)])
def test_a_change_of_the_config_keeps_the_sessions_unless_they_last_differently(ttl: str, kept: bool) -> None:
    one = stage(session_affinity_ttl="1h")
    served(one, headers=MINE)
    other = stage(session_affinity_ttl=ttl)
    one.shared = Conductors(one.pools, other.settings, one.sink, lambda: one.now_s, before=one.shared)
    assert (served(one, headers=MINE) == "a-k-1") is kept
