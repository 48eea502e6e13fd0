"""What is counted at a vendor is the prompt that it would answer, in a body that its count endpoint takes."""

import json
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.conformance.judges import check_accepted, targets
from tests.conformance.material import REQUEST_PAIRS, UPSTREAM_DIALECTS, asked
from tests.conformance.strategies import conversations
from translators import encode_conversation
from translators.conversation import Conversation
from translators.dialect import Operation, Target
from translators.registry import dialect

COUNTING = [name for name in UPSTREAM_DIALECTS if dialect(name).counting is not None]
PAIRS = [(client, upstream) for client, upstream in REQUEST_PAIRS if upstream in COUNTING]


def check_counted(conversation: Conversation, upstream: str, target: Target) -> tuple[str, ...]:
    """The paths of what is lost; a count loses nothing that a generation keeps."""
    generated = encode_conversation(conversation, upstream, replace(target, stream=False))
    counted = encode_conversation(conversation, upstream, replace(target, operation=Operation.COUNT_TOKENS))
    check_accepted(upstream, replace(target, operation=Operation.COUNT_TOKENS), counted.body)
    decode = dialect(upstream).decode_request
    one, other = decode(generated.body), decode(counted.body)
    for field in ("messages", "system", "tools", "hosted", "tool_choice", "parallel_tool_calls", "output_format"):
        assert getattr(one, field) == getattr(other, field)
    lost = {loss.path for loss in counted.losses}
    assert lost <= {loss.path for loss in generated.losses}
    return tuple(lost)


def test_three_dialects_can_count() -> None:
    assert COUNTING == ["anthropic", "gemini", "openai_responses"]


@pytest.mark.parametrize(("client", "upstream"), PAIRS)
def test_a_recorded_prompt_is_counted_as_it_would_be_answered(client: str, upstream: str) -> None:
    for case, target in product(asked(client), targets(upstream)):
        check_counted(dialect(client).decode_request(case.values[0]), upstream, target)


@pytest.mark.parametrize("upstream", COUNTING)
@given(data=st.data())
@settings(max_examples=60)
def test_how_a_prompt_is_to_be_answered_is_no_loss_to_its_count(upstream: str, data: st.DataObject) -> None:
    target = data.draw(st.sampled_from(targets(upstream)))
    conversation = replace(
        data.draw(conversations()),
        temperature=0.5,
        top_p=0.9,
        top_k=7,
        seed=7,
        stop=("a", " ", "c", "d", "e", "f"),
        frequency_penalty=1.5,
        presence_penalty=1.5,
        logprobs=3,
        n=2,
        service_tier="unheard-of",
        user="x" * 600,
    )
    lost = check_counted(conversation, upstream, target)
    assert not {path for path in lost if not path.startswith(("$.messages", "$.tool", "$.parallel"))}


@pytest.mark.parametrize("name", COUNTING)
def test_a_count_survives_the_way_through_its_answer(name: str) -> None:
    counting = dialect(name).counting
    assert counting is not None
    assert [counting.tokens(dialect(name).count_reply(tokens)) for tokens in (0, 1, 123_456_789)] == [0, 1, 123_456_789]
    assert json.loads(dialect(name).count_reply(7))
