"""A chat client from before there were tools: it asks with `functions`, and reads `function_call` alone.

Source: openai.types.chat.chat_completion_message and chat_completion_chunk: function_call, deprecated.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import openai
import pytest
from openai.types.chat import ChatCompletion

from tests.conformance.judges import check_accepted, targets
from tests.conformance.material import UPSTREAM_DIALECTS, recordings
from tests.conformance.said import STOPS, STREAMS, arguments
from tests.conformance.sdks import as_json
from tests.support.served import Answers, answering
from translators import ReplyStream, TranslatedRequest, stream_of, translate_reply, translate_request
from translators.conversation import Reply, Text, ToolCall
from translators.dialect import Context, Target
from translators.events import StopReason
from translators.registry import dialect

CLIENT: Final = "openai_chat"
UPSTREAMS: Final = [name for name in UPSTREAM_DIALECTS if name != CLIENT]
ASKED: Final[dict[str, Any]] = {
    "model": "asked-for",
    "messages": [
        {"role": "user", "content": "What is the weather in Paris?"},
        {"role": "assistant", "content": None, "function_call": {"name": "weather", "arguments": '{"city":"Paris"}'}},
        {"role": "function", "name": "weather", "content": "rain"},
        {"role": "user", "content": "And in Rome?"},
    ],
    "functions": [{"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}],
    "function_call": "auto",
}


STREAMED: Final = [
    pytest.param(name, path, id=path.name)
    for name in UPSTREAMS
    for path in (recordings(name, ".sse") if name in STREAMS else ())
    if (said := STREAMS[name](path.read_bytes())).calls and not said.failed
    if STOPS[name].get(said.stop or "") is not StopReason.LENGTH
]
"""(upstream, file): the recorded streams that call something; the SDK raises where one ends at the limit."""
TWO_CALLS: Final = Reply(
    id="r1",
    model="m",
    parts=(
        Text("Let me see."),
        ToolCall("c1", "weather", '{"city":"Rome"}'),
        ToolCall("c2", "weather", '{"city":"Oslo"}'),
    ),
    stop=StopReason.TOOL_USE,
)


def asked_of(upstream: str, target: Target | None = None) -> TranslatedRequest:
    return translate_request(json.dumps(ASKED).encode(), CLIENT, upstream, target=target)


@pytest.fixture(scope="module")
def answers() -> Iterator[Answers]:
    with answering() as server:
        yield server


@pytest.fixture(scope="module")
def sdk(answers: Answers) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{answers.base_url}/v1", api_key="test-key-1", max_retries=0) as client:
        yield client


def first_call(completion: ChatCompletion) -> str:
    """As such a client reads it, told to look for it."""
    [choice] = completion.choices
    function = choice.message.function_call
    assert function is not None
    assert not choice.message.tool_calls
    assert choice.finish_reason == "function_call"
    return as_json([(function.name, arguments(function.arguments, {}))])


@pytest.mark.parametrize("upstream", UPSTREAMS)
def test_one_function_is_asked_for_at_a_time(upstream: str) -> None:
    for target in targets(upstream):
        sent = asked_of(upstream, target)
        check_accepted(upstream, target, sent.body)
        alone = b'"disable_parallel_tool_use":true' in sent.body or b'"parallel_tool_calls":false' in sent.body
        assert {loss.path for loss in sent.losses} == (set() if alone else {"$.parallel_tool_calls"})


@pytest.mark.parametrize("upstream", UPSTREAMS)
def test_a_whole_reply_says_its_first_call_as_a_function_call(
    upstream: str, answers: Answers, sdk: openai.OpenAI
) -> None:
    context = asked_of(upstream).context
    body = dialect(upstream).encode_reply(TWO_CALLS, Context())
    answers.put(translate_reply(body, upstream, CLIENT, context=context))
    whole = sdk.chat.completions.create(model="m", messages=[])
    answers.put(stream_of(body, upstream, CLIENT, context=context), dialect(CLIENT).stream_content_type)
    with sdk.chat.completions.stream(model="m", messages=[]) as stream:
        streamed = stream.get_final_completion()
    for completion in (whole, streamed):
        assert first_call(completion) == as_json([("weather", {"city": "Rome"})])
        assert completion.choices[0].message.content == "Let me see."


@pytest.mark.parametrize(("upstream", "path"), STREAMED)
def test_a_recorded_stream_says_its_first_call_as_a_function_call(
    upstream: str, path: Path, answers: Answers, sdk: openai.OpenAI
) -> None:
    body = path.read_bytes()
    expected = as_json(STREAMS[upstream](body).calls[:1])
    stream = ReplyStream(upstream, CLIENT, context=asked_of(upstream).context)
    answers.put(stream.feed(body) + stream.close(), dialect(CLIENT).stream_content_type)
    with sdk.chat.completions.stream(model="m", messages=[]) as read:
        assert first_call(read.get_final_completion()) == expected
    answers.put(stream.whole())
    assert first_call(sdk.chat.completions.create(model="m", messages=[])) == expected
