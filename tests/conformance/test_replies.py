"""Every recorded reply says the same in every other dialect, to that vendor's own SDK."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.material import (
    DIALECTS,
    REPLY_PAIRS,
    UPSTREAM_DIALECTS,
    of_each_dialect,
    of_each_pair,
    recordings,
    status_of,
)
from tests.conformance.said import PLAIN_STOP, STOPS, STREAMS, WHOLES, WORDS_ONLY, Said, stop_heard, stop_word
from tests.conformance.sdks import API_ERRORS, MODEL, SDKS, Sdk, as_json
from tests.support.recordings import WIRE
from tests.support.served import Answers, answering
from tests.support.streams import decode
from translators import ReplyStream, UpstreamError, stream_of, translate_error, translate_reply
from translators.dialect import Context
from translators.events import Event, ReplyEnd, ReplyError, ReplyStart, StopReason, Usage
from translators.registry import dialect

CONTEXT = Context(model=MODEL, created_s=1_700_000_000)
UNSHOWN = re.compile(r"\(the model made data of type \S+, which this API can't show\)")
"""What stands for a picture or sound where there is no room for one."""


@pytest.fixture(scope="module")
def answers() -> Iterator[Answers]:
    with answering() as server:
        yield server


@pytest.fixture(scope="module")
def sdks(answers: Answers) -> Iterator[dict[str, Sdk]]:
    opened = {name: SDKS[name](answers.base_url) for name in DIALECTS if name in SDKS}
    yield opened
    for sdk in opened.values():
        sdk.close()


def events_of(source: str, body: bytes) -> list[Event]:
    return decode(dialect(source), body)


def translated(source: str, other: str, body: bytes) -> bytes:
    stream = ReplyStream(source, other, context=CONTEXT)
    return stream.feed(body) + stream.close()


def stop_of(source: str, said: Said) -> StopReason:
    """What the vendor's word means. OpenAI says `stop` beside a refusal, compatible vendors beside calls."""
    stop = STOPS[source].get(said.stop or "", StopReason.END_TURN)
    if stop is not StopReason.END_TURN:
        return stop
    return StopReason.TOOL_USE if said.calls else StopReason.REFUSAL if said.declined else stop


def check_the_same(source: str, other: str, expected: Said, heard: Said, *, thinking: bool = True) -> None:
    assert UNSHOWN.sub("", heard.text) == expected.text
    if other == "anthropic":
        assert len(UNSHOWN.findall(heard.text)) == expected.media
    assert stop_heard(other, heard) == stop_word(other, stop_of(source, expected))
    if expected.tokens is not None:
        assert heard.tokens == expected.tokens
    if other in WORDS_ONLY:
        return
    assert as_json(heard.calls) == as_json(expected.calls)
    if thinking:
        assert heard.thinking == expected.thinking


@pytest.mark.skipif(not WIRE.exists(), reason="the recordings are not beside the project")
@pytest.mark.parametrize("name", UPSTREAM_DIALECTS)
def test_there_are_recordings(name: str) -> None:
    assert recordings(name, ".sse")
    assert recordings(name, ".json")


@pytest.mark.parametrize(("source", "path"), of_each_dialect(".sse"))
def test_a_recorded_stream_decodes_into_events_in_order(source: str, path: Path) -> None:
    body = path.read_bytes()
    events = events_of(source, body)
    assert isinstance(events[-1], ReplyEnd | ReplyError)
    if source in STREAMS:
        said = STREAMS[source](body)
        if isinstance(events[-1], ReplyEnd):
            assert events[-1].stop == stop_of(source, said)
        assert isinstance(events[-1], ReplyError) == said.failed


@pytest.mark.parametrize(("source", "other", "path"), of_each_pair(".sse"))
def test_a_recorded_stream_is_read_by_the_other_sdk(
    source: str, other: str, path: Path, answers: Answers, sdks: dict[str, Sdk]
) -> None:
    if other not in sdks or source not in STREAMS:
        pytest.skip(f"no SDK for {other} here, or no reader for {source}")
    body = path.read_bytes()
    said = STREAMS[source](body)
    answers.put(translated(source, other, body), dialect(other).stream_content_type)
    if said.failed:
        with pytest.raises(API_ERRORS):
            sdks[other].stream()
        return
    heard = sdks[other].stream()
    if other in WHOLE_CALLS and any(isinstance(given, str) for _, given in said.calls):
        heard.calls = said.calls
    check_the_same(source, other, said, heard)


@pytest.mark.parametrize(("source", "other", "path"), of_each_pair(".sse"))
def test_a_recorded_stream_is_read_by_the_other_sdk_as_a_whole(
    source: str, other: str, path: Path, answers: Answers, sdks: dict[str, Sdk]
) -> None:
    if other not in sdks or source not in STREAMS:
        pytest.skip(f"no SDK for {other} here, or no reader for {source}")
    body = path.read_bytes()
    said = STREAMS[source](body)
    stream = ReplyStream(source, other, context=CONTEXT)
    stream.feed(body)
    stream.close()
    if said.failed:
        with pytest.raises(UpstreamError):
            stream.whole()
        return
    answers.put(stream.whole())
    heard = sdks[other].whole()
    cut_off = any(isinstance(given, str) for _, given in said.calls)  # A whole reply can't hold half an object.
    if cut_off:
        heard.calls = said.calls
    check_the_same(source, other, said, heard)


WHOLE_CALLS = {"gemini"}
"""The dialects that can't say half a call in a stream either."""
OF_ANOTHER_DIALECT = {"rj-4678447795.json"}
"""A reply of chat completions, recorded among those of Responses."""


def wholes(path: Path) -> bool:
    failed = json.loads(path.read_bytes()).get("error") is not None
    return status_of(path) == 200 and not failed and path.name not in OF_ANOTHER_DIALECT


@pytest.mark.parametrize(("source", "other", "path"), of_each_pair(".json"))
def test_a_recorded_reply_is_read_by_the_other_sdk(
    source: str, other: str, path: Path, answers: Answers, sdks: dict[str, Sdk]
) -> None:
    if other not in sdks or source not in WHOLES:
        pytest.skip(f"no SDK for {other} here, or no reader for {source}")
    body = path.read_bytes()
    if not wholes(path):
        status, refusal = translate_error(status_of(path), body, source, other)
        answers.put(refusal, status=status)
        with pytest.raises(API_ERRORS):
            sdks[other].whole()
        return
    said = WHOLES[source](body)
    answers.put(translate_reply(body, source, other, context=CONTEXT))
    check_the_same(source, other, said, sdks[other].whole())
    answers.put(stream_of(body, source, other, context=CONTEXT), dialect(other).stream_content_type)
    check_the_same(source, other, said, sdks[other].stream())


@pytest.mark.parametrize(("source", "path"), of_each_dialect(".json"))
def test_a_recorded_reply_comes_back_from_its_own_stream(source: str, path: Path) -> None:
    """Whole and streamed are two forms of one reply: its stream, decoded, is the same whole."""
    if not wholes(path):
        pytest.skip("a refusal")
    body = path.read_bytes()
    stream = ReplyStream(source, source, context=CONTEXT)
    stream.feed(stream_of(body, source, source, context=CONTEXT))
    stream.close()
    kind = dialect(source)
    assert stream.whole() == kind.encode_reply(kind.decode_reply(body), CONTEXT)


@pytest.mark.parametrize(("source", "path"), of_each_dialect(".sse", ".json"))
def test_the_counts_of_a_recorded_reply_add_up(source: str, path: Path) -> None:
    body = path.read_bytes()
    if path.suffix == ".sse":
        usages = [event.usage for event in events_of(source, body) if isinstance(event, ReplyStart | ReplyEnd)]
    elif wholes(path):
        usages = [dialect(source).decode_reply(body).usage]
    else:
        pytest.skip("a refusal")
    for usage in usages:
        check_adds_up(usage or Usage())


def check_adds_up(usage: Usage) -> None:
    assert usage.cached_tokens + usage.cache_write_tokens <= usage.input_tokens
    assert usage.reasoning_tokens <= usage.output_tokens
    assert min(usage.input_tokens, usage.cached_tokens, usage.cache_write_tokens, usage.output_tokens) >= 0


@pytest.mark.parametrize(("source", "path"), of_each_dialect(".sse"))
def test_a_stream_of_the_clients_own_dialect_passes_in_its_own_bytes(source: str, path: Path) -> None:
    body = path.read_bytes()
    stream = ReplyStream(source, source)
    assert stream.feed(body) + stream.close() == body


@pytest.mark.parametrize(("source", "path"), of_each_dialect(".sse"))
def test_a_renamed_stream_of_the_clients_own_dialect_differs_in_the_models_name_only(source: str, path: Path) -> None:
    body = path.read_bytes()
    stream = ReplyStream(source, source, context=CONTEXT)
    passed = stream.feed(body) + stream.close()
    model = stream.model
    assert passed.count(MODEL.encode()) >= 1 or not model
    assert passed.replace(MODEL.encode(), model.encode()) == body.replace(MODEL.encode(), model.encode())


@pytest.mark.parametrize(("source", "path"), of_each_dialect(".json"))
def test_a_reply_of_the_clients_own_dialect_keeps_every_field(source: str, path: Path) -> None:
    if not wholes(path):
        pytest.skip("a refusal")
    body = path.read_bytes()
    assert translate_reply(body, source, source) == body
    renamed = json.loads(translate_reply(body, source, source, context=CONTEXT))
    assert renamed == {**json.loads(body), dialect(source).model_key: MODEL}


def test_every_pair_has_an_sdk_to_judge_it() -> None:
    judged = {other for _, other in REPLY_PAIRS if other in SDKS}
    assert judged >= {"anthropic", "openai_chat"}
    assert PLAIN_STOP.keys() == STOPS.keys() >= STREAMS.keys() == WHOLES.keys()
