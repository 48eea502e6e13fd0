"""The tolerant way into a typed wire: what is dropped, and where every complaint points."""

import json

import pytest
from msgspec import Raw, Struct

from translators import tolerant
from translators.conversation import Loss
from translators.errors import BadRequest


class Base64(Struct, tag="base64"):
    data: str


class Url(Struct, tag="url"):
    url: str


class TextBlock(Struct, tag="text"):
    text: str


class ImageBlock(Struct, tag="image"):
    source: Base64 | Url


class ResultBlock(Struct, tag="result"):
    content: str | list[TextBlock | ImageBlock] = ""


class Message(Struct):
    content: str | list[TextBlock | ImageBlock | ResultBlock]
    role: str = "user"


class Turn(Struct, tag_field="role", tag="user"):
    text: str = ""


class OtherTurn(Struct, tag_field="role", tag="model"):
    text: str = ""


class AutoChoice(Struct, tag="auto"):
    pass


class OneChoice(Struct, tag="one"):
    name: str


class Tool(Struct):
    name: str
    schema: Raw = Raw(b"null")


class Request(Struct, rename={"maximum": "max"}):
    messages: list[Message]
    turns: list[Turn | OtherTurn] = []
    choice: AutoChoice | OneChoice | None = None
    tools: tuple[Tool, ...] = ()
    maximum: int | None = None
    labels: dict[str, str] = {}


def decode(**fields: object) -> tuple[Request, tuple[Loss, ...]]:
    return tolerant.decode(json.dumps({"messages": [], **fields}).encode(), Request)


def blocks(*content: object) -> list[object]:
    return [{"content": "first"}, {"content": list(content)}]


TEXT = {"type": "text", "text": "hello"}


def test_a_body_that_fits_comes_back_whole() -> None:
    request, losses = decode(messages=blocks(TEXT), choice={"type": "one", "name": "a"}, max=5)
    assert losses == ()
    assert request.messages[1].content == [TextBlock("hello")]
    assert request.choice == OneChoice("a")
    assert request.maximum == 5


def test_a_list_item_of_an_unknown_type_is_dropped_as_a_loss() -> None:
    request, losses = decode(messages=blocks(TEXT, {"type": "hologram", "data": [1]}, TEXT))
    assert request.messages[1].content == [TextBlock("hello"), TextBlock("hello")]
    assert losses == (Loss("$.messages[1].content[1]", "unknown type 'hologram'"),)


def test_an_item_that_holds_an_unknown_type_is_dropped_whole() -> None:
    request, losses = decode(messages=blocks({"type": "image", "source": {"type": "file", "id": "x"}}, TEXT))
    assert request.messages[1].content == [TextBlock("hello")]
    assert losses == (Loss("$.messages[1].content[0]", "unknown type 'file'"),)


def test_an_unknown_type_two_lists_down_takes_only_its_own_item_along() -> None:
    request, losses = decode(messages=blocks({"type": "result", "content": [{"type": "x"}, TEXT]}))
    assert request.messages[1].content == [ResultBlock([TextBlock("hello")])]
    assert losses == (Loss("$.messages[1].content[0].content[0]", "unknown type 'x'"),)


def test_a_tuple_stays_a_tuple_and_opaque_values_keep_their_bytes() -> None:
    body = b'{"messages":[{"content":[{"type":"x"}]}],"tools":[{"name":"a","schema":{ "b": 1.0 }}]}'
    request, losses = tolerant.decode(body, Request)
    assert len(losses) == 1
    assert [(tool.name, bytes(tool.schema)) for tool in request.tools] == [("a", b'{ "b": 1.0 }')]


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"messages": 5}, "$.messages: expected array, got int"),
        ({"messages": None}, "$.messages: expected array, got null"),
        ({"messages": [5]}, "$.messages[0]: expected object, got int"),
        ({"messages": [{}]}, "$.messages[0].content: expected a value: it is required"),
        ({"messages": [{"content": 5}]}, "$.messages[0].content: expected str | array, got int"),
        (
            {"messages": blocks({"text": "no type"})},
            "$.messages[1].content[0].type: expected one of image, result, text",
        ),
        ({"messages": blocks({"type": 5})}, "$.messages[1].content[0].type: expected one of image, result, text"),
        (
            {"messages": blocks(TEXT, {"type": "text"})},
            "$.messages[1].content[1].text: expected a value: it is required",
        ),
        ({"messages": blocks({"type": "text", "text": 5})}, "$.messages[1].content[0].text: expected str, got int"),
        (
            {"messages": blocks({"type": "image", "source": {"type": "url"}})},
            "$.messages[1].content[0].source.url: expected a value: it is required",
        ),
        (
            {"messages": blocks({"type": "result", "content": [TEXT, {"type": "text", "text": []}]})},
            "$.messages[1].content[0].content[1].text: expected str, got array",
        ),
        ({"turns": [{"role": "user"}, {"role": "wizard"}]}, "$.turns[1].role: expected one of model, user"),
        ({"turns": [{}]}, "$.turns[0].role: expected one of model, user"),
        ({"choice": {"type": "two"}}, "$.choice.type: expected a known type, not 'two'"),
        ({"choice": {"type": "one"}}, "$.choice.name: expected a value: it is required"),
        ({"max": "5"}, "$.max: expected int | null, got str"),
        ({"labels": {"a": 5}}, "$.labels[...]: expected str, got int"),
    ],
    ids=lambda value: value.partition(":")[0] if isinstance(value, str) else "",
)
def test_everything_else_is_a_complaint_with_its_path(fields: dict[str, object], complaint: str) -> None:
    with pytest.raises(BadRequest) as caught:
        decode(**fields)
    assert str(caught.value) == complaint


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"messages":[{"content":"\\ud800"}]}',
        b'{"messages":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b"[1]",
    ],
    ids=["nothing", "half", "surrogate", "deep", "list"],
)
def test_what_is_no_json_object_is_a_complaint_too(body: bytes) -> None:
    with pytest.raises(BadRequest):
        tolerant.decode(body, Request)


def test_a_missing_field_at_the_top_is_named() -> None:
    with pytest.raises(BadRequest) as caught:
        tolerant.decode(b"{}", Request)
    assert caught.value.path == "$.messages"
