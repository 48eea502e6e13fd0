"""An answer that is no object is asked for within one, and comes out of it again."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from tests.conformance.judges import check_accepted, targets
from tests.support.streams import encode, splits
from translators import ReplyStream, TranslatedRequest, translate_reply, translate_request
from translators.assemble import events_of
from translators.boxed import FIELD, Unboxer, boxed
from translators.conversation import OutputFormat, Part, Reply, Text, ToolCall
from translators.dialect import Context, Target
from translators.events import Event, PartDelta, PartEnd, PartKind, PartStart, StopReason, Usage
from translators.registry import dialect

OBJECT_VENDORS = ("anthropic", "openai_chat", "openai_responses")
LIST: dict[str, Any] = {"type": "array", "items": {"$ref": "#/$defs/Dish"}, "$defs": {"Dish": {"type": "string"}}}
ANSWER = '["soup", "{\\"fish\\"}"]'


def boxed_schema(schema: Any) -> Any:
    form = boxed(OutputFormat(Raw(json.dumps(schema).encode()), strict=True))
    assert form is None or form.strict
    return None if form is None else json.loads(bytes(form.schema or b"null"))


def test_a_list_stands_in_an_object_and_its_definitions_beside_it() -> None:
    assert boxed_schema(LIST) == {
        "type": "object",
        "properties": {FIELD: {"type": "array", "items": {"$ref": "#/$defs/Dish"}}},
        "required": [FIELD],
        "additionalProperties": False,
        "$defs": {"Dish": {"type": "string"}},
    }


@pytest.mark.parametrize("schema", [{"type": "string"}, {"type": ["array", "null"]}, {"enum": ["yes", "no"]}], ids=str)
def test_whatever_is_no_object_does(schema: Any) -> None:
    assert boxed_schema(schema)["properties"] == {FIELD: schema}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object"},
        {"type": ["object", "null"]},
        {"anyOf": [{"type": "object"}]},
        {"type": "array", "items": {"$ref": "#"}},
        {"type": 5},
        [],
    ],
    ids=str,
)
def test_an_object_and_what_can_not_be_put_into_one_are_left_alone(schema: Any) -> None:
    assert boxed_schema(schema) is None


def asked(upstream: str, target: Target) -> TranslatedRequest:
    config = {"responseMimeType": "application/json", "responseJsonSchema": LIST}
    body = {
        "contents": [{"role": "user", "parts": [{"text": "What is there to eat? JSON."}]}],
        "generationConfig": config,
    }
    return translate_request(json.dumps(body).encode(), "gemini", upstream, target=target)


@pytest.mark.parametrize("upstream", OBJECT_VENDORS)
def test_a_list_is_asked_of_every_vendor_and_nothing_is_lost(upstream: str) -> None:
    for target in targets(upstream):
        request = asked(upstream, target)
        check_accepted(upstream, target, request.body)
        assert not any("output_format" in loss.path for loss in request.losses)
        assert request.context.boxed
        assert f'"{FIELD}"' in request.body.decode()


def test_google_takes_a_list_as_it_is() -> None:
    form = {"type": "json_schema", "json_schema": {"name": "n", "schema": LIST}}
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "response_format": form}
    assert not translate_request(json.dumps(body).encode(), "openai_chat", "gemini").context.boxed


def answered(upstream: str, part: Part) -> Reply:
    return Reply("the-id", "m", (part,), StopReason.END_TURN, Usage())


@pytest.mark.parametrize("upstream", OBJECT_VENDORS)
def test_the_client_is_given_what_stands_in_the_box(upstream: str) -> None:
    context = asked(upstream, Target("m")).context  # Of nobody's model: Anthropic's dialect asks by a tool.
    box = f'{{ "{FIELD}" : {ANSWER} }}\n'
    part = Text(box) if context.json_tool is None else ToolCall("call_1", context.json_tool, box)
    reply = answered(upstream, part)
    whole = translate_reply(dialect(upstream).encode_reply(reply, Context()), upstream, "gemini", context=context)
    assert dialect("gemini").decode_reply(whole).parts == (Text(ANSWER),)
    stream = ReplyStream(upstream, "gemini", context=context)
    heard = stream.feed(encode(dialect(upstream), events_of(reply))) + stream.close()
    decoder = dialect("gemini").stream_decoder()
    deltas = [event.text for event in decoder.feed(heard) + decoder.close() if isinstance(event, PartDelta)]
    assert "".join(deltas) == ANSWER
    assert stream.reply().parts == (Text(ANSWER),)


def unboxed(*pieces: str) -> str:
    unboxer = Unboxer()
    events: list[Event] = [
        PartStart(0, PartKind.TEXT),
        *(PartDelta(0, piece) for piece in pieces),
        PartEnd(0),
    ]
    shown = [one for event in events for one in unboxer.feed(event)]
    assert shown[0] == PartStart(0, PartKind.TEXT)
    assert shown[-1] == PartEnd(0)
    return "".join(one.text for one in shown if isinstance(one, PartDelta))


ANSWERS = st.sampled_from([ANSWER, "[]", '"yes"', "5", '[{"a": {"b": 1}}]', '"}"', "null"])
SPACE = st.sampled_from(["", " ", "\n  "])


@given(data=st.data(), answer=ANSWERS, spaces=st.tuples(SPACE, SPACE, SPACE, SPACE, SPACE))
def test_any_split_of_a_box_gives_what_stands_in_it(data: st.DataObject, answer: str, spaces: tuple[str, ...]) -> None:
    one, two, three, four, five = spaces
    box = f'{one}{{{two}"{FIELD}"{three}: {answer}{four}}}{five}'
    pieces = [piece.decode() for piece in data.draw(splits(box.encode()))]
    assert unboxed(*pieces) == answer


@pytest.mark.parametrize("text", ["", "[1]", "{", '{"answers": 5}', "I can't do that.", '{"a": 1}', "  {\n"])
def test_a_text_that_is_no_box_passes_as_it_is(text: str) -> None:
    assert unboxed(text) == unboxed(*text) == text


@pytest.mark.parametrize(("cut", "rest"), [('{"answer": [1', "[1"), ('{"answer": [{"a": 1}', '[{"a": 1}'[:8])])
def test_a_box_that_was_cut_gives_what_it_has(cut: str, rest: str) -> None:
    assert unboxed(cut) == rest


def test_calls_and_thoughts_are_no_boxes() -> None:
    unboxer = Unboxer()
    events: list[Event] = [PartStart(0, PartKind.THINKING), PartDelta(0, '{"answer": 1}'), PartEnd(0)]
    assert [one for event in events for one in unboxer.feed(event)] == events
