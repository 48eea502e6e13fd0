"""How a reply gets from an upstream to the client: what is held, when it opens, and how it ends."""

import gzip
import json
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from addons.access import ANYONE
from addons.accounts.outcome import Action, Outcome, OutcomeKind
from addons.accounts.rules import Rule
from addons.attempt import ERROR_BODY_BYTES, HELD_BYTES, UpstreamAttempt
from addons.exchange import AttemptRecord, Breakage, Exchange, Head, UpstreamRequest
from addons.outbound import Said
from addons.providers import openai_compatibility
from translators import Context, UpstreamError, registry
from translators.dialect import Dialect, Operation
from translators.errors import ErrorKind
from translators.events import StopReason

SSE = ((b"content-type", b"text/event-stream"),)
JSON = ((b"content-type", b"application/json"),)
SECRET = "test-key-1"


class Setting:
    """An attempt at a chat upstream, for a client of either dialect."""

    def __init__(
        self,
        client: str | Dialect = "anthropic",
        *,
        stream: bool = True,
        operation: Operation = Operation.GENERATE,
        rules: Sequence[Rule] = (),
        passthrough: bool = False,
    ) -> None:
        self.outcomes: list[Outcome] = []
        self.exchange = Exchange(
            id="00000000-0000",
            client=registry.dialect(client) if isinstance(client, str) else client,
            operation=operation,
            body=b"{}",
            headers={},
            model="asked",
            stream=stream,
            client_name=ANYONE,
            received_s=0.0,
        )
        request = UpstreamRequest(
            "POST", "http", "127.0.0.1", 9, "/", ((b"authorization", f"Bearer {SECRET}".encode()),), b"{}"
        )
        upstream = registry.dialect("openai_chat") if isinstance(client, str) else client
        self.attempt = UpstreamAttempt(
            self.exchange,
            openai_compatibility.PROVIDER,
            Said(upstream, request, Context(model="asked"), ()),
            AttemptRecord(1, "sim", "0a1b2c3d", "big", 0.0),
            self.outcomes.append,
            rules=rules,
            passthrough=passthrough,
        )

    @property
    def kinds(self) -> list[OutcomeKind]:
        """The outcomes that were settled."""
        return [outcome.kind for outcome in self.outcomes]


def chunk(delta: Mapping[str, Any], finish: str | None = None) -> bytes:
    """One chunk of a chat stream."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    said = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "big", "choices": [choice]}
    return b"data: " + json.dumps(said).encode() + b"\n\n"


def is_open(attempt: UpstreamAttempt) -> bool:
    """Whether something has gone to the client."""
    return attempt.head is Head.OPEN


ROLE = chunk({"role": "assistant", "content": ""})
HELLO = chunk({"content": "hello"})
STOP = chunk({}, "stop")
DONE = b"data: [DONE]\n\n"
ERROR = b'data: {"error": {"message": "overloaded, says ' + SECRET.encode() + b'", "code": 503}}\n\n'
WHOLE = json.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "big",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}],
    }
).encode()


def test_neither_the_client_nor_a_record_sees_a_key_in_an_error_in_the_middle() -> None:
    setting = Setting()
    setting.attempt.opened(200, SSE)
    out = setting.attempt.feed(ROLE + HELLO + ERROR) + setting.attempt.close()
    assert b"overloaded, says ***" in out
    assert SECRET.encode() not in out
    assert setting.exchange.error == "overloaded, says ***"
    assert SECRET not in setting.outcomes[0].message


def test_a_stream_opens_with_its_first_content_and_gives_what_was_held() -> None:
    attempt = Setting().attempt
    attempt.opened(200, SSE)
    assert attempt.feed(b": waiting\n\n" + ROLE) == b""
    assert not is_open(attempt)
    first = attempt.feed(HELLO)
    assert is_open(attempt)
    assert first.startswith(b"event: message_start")
    assert b"hello" in first


def test_the_case_of_a_content_type_does_not_matter() -> None:
    attempt = Setting().attempt
    attempt.opened(200, ((b"Content-Type", b"Text/Event-Stream; charset=UTF-8"),))
    assert b"hello" in attempt.feed(ROLE + HELLO)
    assert is_open(attempt)


def test_a_request_id_of_the_upstreams_brings_no_header_of_its_own() -> None:
    attempt = Setting().attempt
    attempt.opened(200, (*SSE, (b"x-request-id", b"one\r\n two\rset-cookie: three\x00")))
    attempt.feed(ROLE + HELLO)
    assert attempt.reply is not None
    assert dict(attempt.reply.headers)[b"request-id"] == b"one?? two?set-cookie: three?"


def test_an_error_before_the_first_content_fails_the_attempt_and_gives_nothing() -> None:
    setting = Setting()
    setting.attempt.opened(200, SSE)
    assert setting.attempt.feed(ROLE + ERROR) == b""
    assert setting.attempt.head is Head.FAILED
    assert setting.kinds == [OutcomeKind.TRANSIENT]
    assert SECRET not in str(setting.attempt.refusal) + setting.attempt.note


def test_an_error_behind_the_first_content_ends_the_reply_in_the_clients_dialect() -> None:
    setting = Setting()
    setting.attempt.opened(200, SSE)
    setting.attempt.feed(ROLE + HELLO)
    tail = setting.attempt.feed(ERROR) + setting.attempt.close()
    assert tail.count(b"event: error") == 1
    assert setting.attempt.head is Head.OPEN
    assert setting.kinds == [OutcomeKind.TRANSIENT]


def test_empty_pieces_do_not_open_a_stream() -> None:
    attempt = Setting().attempt
    attempt.opened(200, SSE)
    attempt.feed(ROLE)
    for _ in range(20):
        attempt.feed(chunk({"reasoning_content": ""}))
    assert not is_open(attempt)  # Empty pieces are no events.
    attempt.feed(chunk({"reasoning_content": "hm"}))
    assert is_open(attempt)


def test_a_head_of_many_bytes_is_not_held_longer() -> None:
    attempt = Setting("openai_chat").attempt
    attempt.opened(200, SSE)
    attempt.feed(b": " + b"x" * HELD_BYTES + b"\n\n")
    assert attempt.head is Head.OPEN


def test_a_complete_reply_with_nothing_in_it_is_still_a_reply() -> None:
    setting = Setting()
    setting.attempt.opened(200, SSE)
    said = setting.attempt.feed(ROLE + STOP + DONE) + setting.attempt.close()
    assert setting.attempt.head is Head.OPEN
    assert said.endswith(b'data: {"type":"message_stop"}\n\n')
    assert setting.kinds == [OutcomeKind.OK]


def test_a_stream_that_is_cut_before_its_first_content_fails_and_behind_it_ends_in_an_error() -> None:
    early, late = Setting(), Setting()
    for setting, frames in ((early, ROLE), (late, ROLE + HELLO)):
        setting.attempt.opened(200, SSE)
        setting.attempt.feed(frames)
    assert early.attempt.close() == b""
    assert early.attempt.head is Head.FAILED
    assert late.attempt.close().count(b"event: error") == 1


@pytest.mark.parametrize("how", Breakage)
def test_a_break_fails_a_pending_attempt_and_ends_an_open_one(how: Breakage) -> None:
    pending, opened = Setting(), Setting()
    assert pending.attempt.broken(how, "gone") == b""
    assert pending.attempt.head is Head.FAILED
    assert pending.attempt.note.startswith(f"sim 0a1b2c3d transient {how.value}: gone")
    opened.attempt.opened(200, SSE)
    opened.attempt.feed(ROLE + HELLO)
    assert opened.attempt.broken(how, "gone").count(b"event: error") == 1
    assert opened.attempt.head is Head.OPEN
    assert pending.kinds == opened.kinds == [OutcomeKind.TRANSIENT]


@pytest.mark.parametrize("stream", [True, False])
def test_a_break_behind_a_complete_reply_takes_nothing_from_it(stream: bool) -> None:
    setting = Setting(stream=stream)
    setting.attempt.opened(200, SSE)
    said = setting.attempt.feed(ROLE + HELLO + STOP + DONE)
    said += setting.attempt.broken(Breakage.PROTOCOL, "reset")
    assert b"hello" in said
    assert b"error" not in said
    assert setting.kinds == [OutcomeKind.OK]


def test_a_break_behind_an_error_is_not_told_twice() -> None:
    setting = Setting()
    setting.attempt.opened(200, SSE)
    said = setting.attempt.feed(ROLE + HELLO + ERROR) + setting.attempt.broken(Breakage.PROTOCOL, "reset")
    assert said.count(b"event: error") == 1


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (JSON, WHOLE),
        (SSE, ROLE + HELLO + STOP + DONE),
        (JSON, ROLE + HELLO + STOP + DONE),
        ((), b"\n: hello\n\n" + ROLE + HELLO + STOP + DONE),
    ],
    ids=["whole", "streamed", "streamed as JSON", "streamed as nothing"],
)
@pytest.mark.parametrize("stream", [True, False], ids=["for a stream", "for a whole"])
@pytest.mark.parametrize("client", ["anthropic", "openai_chat"])
def test_the_client_gets_the_form_that_it_asked_for_whatever_the_upstream_sends(
    client: str, stream: bool, headers: tuple[tuple[bytes, bytes], ...], body: bytes
) -> None:
    setting = Setting(client, stream=stream)
    setting.attempt.opened(200, headers)
    said = setting.attempt.feed(body) + setting.attempt.close()
    reply = setting.attempt.reply
    assert reply is not None
    assert dict(reply.headers)[b"content-type"].startswith(b"text/event-stream" if stream else b"application/json")
    assert (reply.length is None) is stream
    assert b"hello" in said
    assert b'"model":"asked"' in said.replace(b'": "', b'":"')
    assert setting.kinds == [OutcomeKind.OK]


def test_a_whole_reply_that_comes_in_pieces_is_no_stream_whatever_they_begin_with() -> None:
    attempt = Setting("openai_chat").attempt
    attempt.opened(200, JSON)
    said = b"".join(attempt.feed(WHOLE[at : at + 1]) for at in range(len(WHOLE))) + attempt.close()
    assert b"hello" in said


@pytest.mark.parametrize(
    ("encode", "encoding"), [(gzip.compress, b"gzip"), (lambda body: body, b"identity")], ids=["gzip", "identity"]
)
def test_an_upstream_that_compresses_unasked_is_read_all_the_same(
    encode: Callable[[bytes], bytes], encoding: bytes
) -> None:
    attempt = Setting().attempt
    attempt.opened(200, (*SSE, (b"content-encoding", encoding)))
    body = encode(ROLE + HELLO + STOP + DONE)
    said = b"".join(attempt.feed(body[at : at + 7]) for at in range(0, len(body), 7)) + attempt.close()
    assert b"hello" in said
    assert b"message_stop" in said


def test_a_body_that_is_not_compressed_as_it_says_fails_the_attempt() -> None:
    setting = Setting()
    setting.attempt.opened(200, (*SSE, (b"content-encoding", b"gzip")))
    assert setting.attempt.feed(ROLE + HELLO) == b""
    assert setting.attempt.head is Head.FAILED
    assert len(setting.outcomes) == 1


def test_a_very_long_error_is_not_read_to_its_end() -> None:
    setting = Setting()
    setting.attempt.opened(500, JSON)
    setting.attempt.feed(b"x" * (ERROR_BODY_BYTES + 1))
    assert setting.attempt.head is Head.FAILED
    assert setting.attempt.feed(b"more") == b""
    assert len(setting.outcomes) == 1


def test_a_client_that_leaves_is_no_fault_of_the_credential() -> None:
    setting = Setting()
    setting.attempt.opened(200, SSE)
    setting.attempt.cancelled()
    setting.attempt.cancelled()
    assert setting.kinds == [OutcomeKind.CANCELLED]


USAGE = b'data: {"id":"chatcmpl-1","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}\n\n'


def test_a_client_that_leaves_after_the_last_event_has_had_its_reply() -> None:
    setting = Setting()
    setting.attempt.opened(200, SSE)
    setting.attempt.feed(ROLE + HELLO + STOP + USAGE + DONE)
    setting.attempt.cancelled()
    assert setting.kinds == [OutcomeKind.OK]
    assert setting.exchange.usage is not None
    assert (setting.exchange.usage.input_tokens, setting.exchange.stop) == (3, StopReason.END_TURN)


def test_what_was_counted_until_the_client_left_is_kept() -> None:
    """Anthropic tells the prompt's size first."""
    setting = Setting(registry.dialect("anthropic"))
    setting.attempt.opened(200, SSE)
    start: dict[str, Any] = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [],
        "stop_reason": None,
    }
    for name, event in (
        ("message_start", {"message": {**start, "usage": {"input_tokens": 3, "output_tokens": 1}}}),
        ("content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}}),
        ("content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": "hi"}}),
    ):
        data = json.dumps({"type": name, **event})
        setting.attempt.feed(f"event: {name}\ndata: {data}\n\n".encode())
    setting.attempt.cancelled()
    assert setting.kinds == [OutcomeKind.CANCELLED]
    assert setting.exchange.usage is not None
    assert setting.exchange.usage.input_tokens == 3


def refused(setting: Setting, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> UpstreamAttempt:
    """The attempt after the vendor's refusal."""
    setting.attempt.opened(status, (*JSON, *headers))
    setting.attempt.feed(body)
    setting.attempt.close()
    assert setting.attempt.head is Head.FAILED
    return setting.attempt


def test_a_rule_of_the_user_stands_over_what_a_refusal_usually_means() -> None:
    busy = Rule(400, Action.CONTINUE, words=("busy tenant",))
    setting = Setting(rules=(Rule(400, Action.STOP), Rule(500, Action.STOP, ("busy",)), busy))
    attempt = refused(setting, 400, b'{"error": {"message": "a busy tenant"}}')
    assert attempt.outcome is not None
    assert attempt.outcome.another
    assert attempt.note.endswith("(by request-scoped-errors: continue)")
    other = refused(Setting(rules=(busy,)), 400, b'{"error": {"message": "max_tokens is too large"}}').outcome
    assert other is not None
    assert not other.another


@pytest.mark.parametrize(
    "rule", [Rule(503, Action.STOP, ("overloaded",)), Rule(503, Action.STOP, patterns=(re.compile("over.oaded"),))]
)
def test_a_rule_knows_an_error_inside_a_200_by_the_status_that_it_would_have_had(rule: Rule) -> None:
    streamed, whole = Setting(rules=(rule,)), Setting(rules=(rule,))
    streamed.attempt.opened(200, SSE)
    streamed.attempt.feed(ROLE + ERROR)
    whole.attempt.opened(200, JSON)
    whole.attempt.feed(ERROR.removeprefix(b"data: "))
    whole.attempt.close()
    for setting in (streamed, whole):
        assert setting.attempt.head is Head.FAILED
        assert [outcome.action for outcome in setting.outcomes] == [Action.STOP]


VENDORS = (
    (b"X-RateLimit-Remaining-Requests", b"7"),
    (b"x-echo", b"your key is " + SECRET.encode()),
    (b"x-request-id", b"req_1"),
    (b"set-cookie", b"a=b"),
    (b"connection", b"close, x-private"),
    (b"x-private", b"1"),
    (b"content-length", b"999"),
    (b"content-encoding", b"identity"),
    (b"alt-svc", b"h3"),
    (b"x-cliproxy-provider", b"forged"),
    (b"bad name", b"1"),
    (b"retry-after", b"7"),
)
PASSED = {b"x-ratelimit-remaining-requests": b"7", b"x-echo": b"your key is ***"}


def test_a_vendors_headers_reach_the_client_only_where_the_config_says_so() -> None:
    plain, passing = Setting(), Setting(passthrough=True)
    for setting in (plain, passing):
        setting.attempt.opened(200, (*SSE, *VENDORS))
        setting.attempt.feed(ROLE + HELLO)
    assert plain.attempt.reply is not None
    assert passing.attempt.reply is not None
    ours = dict(plain.attempt.reply.headers)
    assert dict(passing.attempt.reply.headers) == {**ours, **PASSED}
    assert len(passing.attempt.reply.headers) == len(ours) + len(PASSED)


def test_a_refusals_headers_follow_the_same_rule_but_for_when_to_come_again() -> None:
    hint = {b"retry-after": b"7"}
    assert dict(refused(Setting(), 400, b"{}", *VENDORS).refusal_headers) == hint
    passing = refused(Setting(passthrough=True), 400, b"{}", *VENDORS).refusal_headers
    assert dict(passing) == {**hint, **PASSED}


@pytest.mark.parametrize("operation", [Operation.COMPACT, Operation.COUNT_TOKENS])
def test_another_operations_reply_passes_as_it_is_under_the_name_that_was_asked_for(operation: Operation) -> None:
    said = []
    for body in (b'{"model": "big",  "output": [1,  2]}', b'{"input_tokens":  7}'):
        setting = Setting("openai_chat", stream=False, operation=operation)
        setting.attempt.opened(200, JSON)
        said.append(setting.attempt.feed(body) + setting.attempt.close())
        assert setting.kinds == [OutcomeKind.OK]
    assert json.loads(said[0]) == {"model": "asked", "output": [1, 2]}
    assert said[1] == b'{"input_tokens":  7}'


def test_another_operations_reply_that_is_no_json_is_a_failure_that_rests_nobody() -> None:
    setting = Setting("openai_chat", stream=False, operation=Operation.COUNT_TOKENS)
    setting.attempt.opened(200, JSON)
    assert setting.attempt.feed(b"<html>") + setting.attempt.close() == b""
    assert setting.attempt.head is Head.FAILED
    assert [(outcome.kind, outcome.scope) for outcome in setting.outcomes] == [("transient", "nothing")]


def glued(stream: bytes) -> bytes:
    """The whole reply of a dialect that can read its own streams."""
    if b"[DONE]" not in stream:
        raise UpstreamError(ErrorKind.SERVER, "the stream has no end", status=502)
    return json.dumps({"model": "asked", "frames": stream.decode()}).encode()


def test_a_dialect_may_make_a_whole_reply_of_its_own_stream() -> None:
    chat = replace(registry.dialect("openai_chat"), whole_of=glued)
    setting = Setting(chat, stream=False)
    setting.attempt.opened(200, SSE)
    body = ROLE + HELLO + STOP + DONE
    said = (
        b"".join(setting.attempt.feed(body[at : at + 11]) for at in range(0, len(body), 11)) + setting.attempt.close()
    )
    assert json.loads(said)["frames"].encode() == body.replace(b'"big"', b'"asked"')
    assert setting.kinds == [OutcomeKind.OK]
    assert setting.exchange.stop == "end_turn"


def test_a_stream_that_its_dialect_can_make_nothing_of_is_a_failure() -> None:
    chat = replace(registry.dialect("openai_chat"), whole_of=glued)
    setting = Setting(chat, stream=False)
    setting.attempt.opened(200, SSE)
    assert setting.attempt.feed(ROLE + HELLO + STOP) + setting.attempt.close() == b""
    assert setting.attempt.head is Head.FAILED
    assert setting.kinds == [OutcomeKind.TRANSIENT]


class Counted:
    """Frames counted, and where they end."""

    content_type = "text/plain"

    def __init__(self) -> None:
        self.frames = 0

    def feed(self, data: bytes) -> bytes:
        self.frames += data.count(b"\n\n")
        return data.upper()

    def close(self) -> bytes:
        return b"%d frames" % self.frames


def reframed() -> Setting:
    """A chat client that wants our stream in another form."""
    return Setting(replace(registry.dialect("openai_chat"), reframe=lambda _: Counted()))


def test_a_client_may_want_the_stream_in_another_form() -> None:
    setting = reframed()
    setting.attempt.opened(200, SSE)
    said = setting.attempt.feed(ROLE + HELLO) + setting.attempt.feed(STOP + DONE) + setting.attempt.close()
    assert said.endswith(b"[DONE]\n\n4 frames")
    assert b"HELLO" in said
    assert setting.attempt.reply is not None
    assert dict(setting.attempt.reply.headers)[b"content-type"] == b"text/plain"
    assert setting.attempt.broken(Breakage.PROTOCOL, "reset") == b""


def test_an_error_has_that_form_too() -> None:
    setting = reframed()
    setting.attempt.opened(200, SSE)
    setting.attempt.feed(ROLE + HELLO)
    said = setting.attempt.broken(Breakage.PROTOCOL, "reset")
    assert b"RESET" in said
    assert said.endswith(b"frames")


def test_a_body_that_turns_out_to_be_broken_late_ends_in_one_error() -> None:
    setting = Setting()
    setting.attempt.opened(200, (*SSE, (b"content-encoding", b"gzip")))
    packer = zlib.compressobj(wbits=31)
    start = packer.compress(ROLE + HELLO) + packer.flush(zlib.Z_SYNC_FLUSH)
    assert b"hello" in setting.attempt.feed(start)
    said = b"".join(setting.attempt.feed(b"\xff" * 9) for _ in range(3)) + setting.attempt.close()
    assert said.count(b"event: error") == 1
    assert len(setting.outcomes) == 1
