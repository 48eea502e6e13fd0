"""Whatever stands in whatever place of a conversation: it is sent, or told as lost with that place."""

import base64
import json
from typing import Final

import pytest
from msgspec import Raw

from tests.conformance.judges import check_accepted, targets
from tests.conformance.material import UPSTREAM_DIALECTS
from translators.conversation import (
    Audio,
    CacheMark,
    Conversation,
    File,
    Hosted,
    HostedCall,
    HostedResult,
    Image,
    Message,
    Part,
    Refusal,
    Role,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolResult,
    Video,
)
from translators.notes import Citation
from translators.registry import dialect

MARK: Final = CacheMark("1h")
PLAIN: Final = "the words"
DATA: Final = base64.b64encode(PLAIN.encode()).decode()
PARTS: Final[dict[str, Part]] = {
    "a marked text": Text(PLAIN, MARK),
    "a text with its source": Text(PLAIN, notes=(Citation("https://a.org/x", "title"),)),
    "a marked picture": Image("image/png", DATA, cache=MARK),
    "a picture by its address": Image(url=f"https://a.org/{DATA}.png"),
    "a picture of no known type": Image("image/tiff", DATA),
    "a document": File("application/pdf", DATA, name="a name", context="a context", cache=MARK),
    "a text file": File("text/plain", text=PLAIN, name="a name", context="a context"),
    "a document by its address": File("application/pdf", url=f"https://a.org/{DATA}", name="a name"),
    "a file of OpenAI's": File("application/pdf", file_id=f"file-{DATA}", name="a name"),
    "sound": Audio(DATA, "wav"),
    "sound as media types name it": Audio(DATA, "mpeg"),
    "sound of another kind": Audio(DATA, "flac"),
    "a film": Video("video/mp4", DATA),
    "a film by its address": Video("video/mp4", url=f"https://a.org/{DATA}.mp4"),
    "thinking": Thinking(PLAIN),
    "a refusal": Refusal(PLAIN),
    "a marked call": ToolCall("call_1", "read", json.dumps({"a": PLAIN}), MARK),
    "a search": HostedCall("ws_1", Hosted.WEB_SEARCH, json.dumps({"query": PLAIN})),
    "what a search found": HostedResult("ws_1", Hosted.WEB_SEARCH, PLAIN, (Citation("https://a.org/x"),)),
    "code": HostedCall("ci_1", Hosted.CODE_EXECUTION, json.dumps({"code": PLAIN})),
    "what code printed": HostedResult("ci_1", Hosted.CODE_EXECUTION, PLAIN),
}
MEDIA: Final = (Image, File, Audio, Video)
TOOLS: Final = (Tool("read", schema=Raw(b'{"type":"object","properties":{"a":{"type":"string"}}}')),)
HELLO: Final = Message(Role.USER, (Text("hello"),))
CALL: Final = Message(Role.ASSISTANT, (ToolCall("call_1", "read", "{}"),))
RESULT: Final = Message(Role.USER, (ToolResult("call_1", (Text("done"),)),))


def said_by(role: Role, part: Part) -> tuple[Message, ...]:
    return (HELLO, Message(role, (part,)), RESULT if isinstance(part, ToolCall) else HELLO, HELLO)


def given_back(part: Part, *, failed: bool) -> tuple[Message, ...]:
    result = ToolResult("call_1", (part,), failed, MARK)
    return (HELLO, CALL, Message(Role.USER, (result, Text("go on"))))


def check(name: str, messages: tuple[Message, ...], part: Part, *places: str) -> None:
    asked = Conversation("m", messages, tools=TOOLS, max_tokens=2000)
    for target in targets(name):
        encoded = dialect(name).encode_request(asked, target)
        check_accepted(name, target, encoded.body)
        body, lost = encoded.body.decode(), [loss.path for loss in encoded.losses]
        if any(path in places for path in lost):  # all of it
            if isinstance(part, MEDIA) and (messages[1] is CALL or messages[1].role is Role.USER):
                assert "left out here" in body, target.model
            continue
        assert PLAIN in body or DATA in body, (target.model, lost)
        for word, field in (("a name", "name"), ("a context", "context"), ("a.org/x", "notes")):
            if word in repr(part):
                assert word in body or any(path.endswith(f".{field}") for path in lost), (target.model, lost)
        marks = repr(messages).count("CacheMark")
        told = sum(path.endswith(".cache_control") for path in lost)
        assert body.count('"cache_control"') + told == marks, (target.model, lost)


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS.keys())
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", UPSTREAM_DIALECTS)
def test_what_anybody_says_is_sent_or_told(name: str, role: Role, part: Part) -> None:
    check(name, said_by(role, part), part, "$.messages[1].parts[0]", "$.messages[1].content[0]")


@pytest.mark.parametrize("failed", [False, True], ids=["fine", "failed"])
@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS.keys())
@pytest.mark.parametrize("name", UPSTREAM_DIALECTS)
def test_what_a_tool_gives_back_is_sent_or_told(name: str, part: Part, *, failed: bool) -> None:
    if isinstance(part, ToolCall):
        pytest.skip("no tool gives a call back")
    places = ("$.messages[2].parts[0].parts[0]", "$.messages[2].content[0].parts[0]")
    check(name, given_back(part, failed=failed), part, *places)
