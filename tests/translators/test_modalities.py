"""A model that reads text only is not sent pictures."""

import json

import msgspec

from translators import Target, encode_conversation, registry
from translators.conversation import Audio, Conversation, Image, Message, Role, Text, ToolCall, ToolResult
from translators.modalities import readable

PICTURE = Image(media_type="image/png", data="aGk=")
ASKED = Conversation(
    model="m",
    messages=(
        Message(Role.USER, (Text("look"), PICTURE, Audio("aGk=", "wav"))),
        Message(Role.ASSISTANT, (ToolCall("call_1", "shot", "{}"),)),
        Message(Role.USER, (ToolResult("call_1", (PICTURE,)),)),
    ),
)


def test_words_stand_for_what_is_left_out_and_each_is_a_loss() -> None:
    got = readable(ASKED, frozenset(("text",)))
    assert [loss.path for loss in got.losses] == [
        "$.messages[0].parts[1]",
        "$.messages[0].parts[2]",
        "$.messages[2].parts[0].parts[0]",
    ]
    assert b"aGk=" not in msgspec.json.encode(got)
    assert got.messages[0].parts[0] is ASKED.messages[0].parts[0]
    assert got.messages[1] is ASKED.messages[1]


def test_what_the_model_reads_stays() -> None:
    assert readable(ASKED, None) is ASKED
    assert readable(ASKED, frozenset(("text", "image", "audio", "video"))) is ASKED
    assert readable(ASKED, frozenset(("text", "image", "audio"))) is ASKED
    kept = readable(ASKED, frozenset(("text", "image")))
    assert kept.messages[2] is ASKED.messages[2]
    assert [loss.reason for loss in kept.losses] == ["the model does not read audio"]


def test_every_upstream_dialect_hears_of_it() -> None:
    target = Target("m", input_modalities=frozenset(("text",)))
    for name in ("anthropic", "openai_chat"):
        sent = encode_conversation(ASKED, registry.dialect(name).name, target)
        assert "aGk=" not in json.dumps(json.loads(sent.body))
        assert len(sent.losses) >= 3
