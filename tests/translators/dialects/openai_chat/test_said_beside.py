"""What a reply says beside its words: where they come from, how likely they were, sound and pictures."""

import json
from typing import Any

import pytest

from tests.support.streams import whole
from tests.translators.dialects.openai_chat.material import decode, encode
from translators.assemble import events_of
from translators.conversation import Audio, File, Hosted, HostedCall, HostedResult, Image, Part, Reply, Text
from translators.dialect import Context
from translators.dialects.openai_chat import DIALECT
from translators.events import PartNote, StopReason, Usage
from translators.notes import Citation, Logprobs, TokenChance, TokenNote

CITED = {
    "type": "url_citation",
    "url_citation": {"url": "https://example.com/a", "title": "A page", "start_index": 4, "end_index": 9},
}
CITATION = Citation("https://example.com/a", "A page", start=4, end=9)
TOKEN = {
    "token": "Hi",
    "logprob": -0.5,
    "bytes": [72, 105],
    "top_logprobs": [
        {"token": "Hi", "logprob": -0.5, "bytes": [72, 105]},
        {"token": "\ufffd", "logprob": -2.0, "bytes": [240, 159]},
    ],
}
CHANCES = Logprobs(
    (TokenNote(TokenChance("Hi", -0.5), (TokenChance("Hi", -0.5), TokenChance("\ufffd", -2.0, (240, 159)))),)
)


def body(message: dict[str, Any], **choice: Any) -> bytes:
    said = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": "stop", **choice}
    return json.dumps({"id": "chatcmpl-1", "model": "m", "created": 1, "choices": [said]}).encode()


def stream(*deltas: dict[str, Any], **last: Any) -> bytes:
    choices: list[dict[str, Any]] = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    choices[-1].update(last)
    choices.append({"index": 0, "delta": {}, "finish_reason": "stop"})
    chunks = [{"id": "chatcmpl-1", "model": "m", "created": 1, "choices": [choice]} for choice in choices]
    return "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks).encode() + b"data: [DONE]\n\n"


def read(data: bytes) -> tuple[Part, ...]:
    return whole(decode(data)).parts


def said(*parts: Part, usage: Usage | None = None) -> tuple[dict[str, Any], Reply]:
    """The whole reply's choice, and what is read from the stream, which says the same."""
    reply = Reply("chatcmpl-1", "m", parts, StopReason.END_TURN, usage)
    encoded = DIALECT.encode_reply(reply, Context(created_s=7))
    streamed = whole(decode(encode(events_of(reply), Context(created_s=7))))
    again = DIALECT.decode_reply(encoded)
    assert streamed.usage == again.usage
    choice = json.loads(encoded)["choices"][0]
    assert isinstance(choice, dict)
    return choice, streamed


def test_citations_are_read_streamed_and_whole() -> None:
    expected = (Text("See page a.", notes=(CITATION,)),)
    assert DIALECT.decode_reply(body({"content": "See page a.", "annotations": [CITED]})).parts == expected
    assert read(stream({"content": "See page"}, {"content": " a."}, {"annotations": [CITED]})) == expected
    assert read(stream({"content": "See page a.", "annotations": [CITED]})) == expected


def test_citations_stand_on_the_words_before_the_calls() -> None:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    parts = DIALECT.decode_reply(body({"content": "See.", "annotations": [CITED], "tool_calls": [call]})).parts
    assert parts[0] == Text("See.", notes=(CITATION,))
    assert len(parts) == 2


@pytest.mark.parametrize(
    "odd", [{}, {"type": "file_citation"}, {"url_citation": {}}, {"url_citation": {"url": None}}, 5]
)
def test_annotations_that_cite_no_page_cost_nothing(odd: Any) -> None:
    assert DIALECT.decode_reply(body({"content": "hi", "annotations": [odd]})).parts[0] == Text("hi")


def test_a_place_from_0_to_0_is_none() -> None:
    nowhere = {"url_citation": {"url": "u", "title": "", "start_index": 0, "end_index": 0, "content": "q"}}
    [text] = DIALECT.decode_reply(body({"content": "hi", "annotations": [nowhere]})).parts
    assert text == Text("hi", notes=(Citation("u", quote="q"),))


def test_citations_of_several_texts_find_their_place_in_all_of_them() -> None:
    """Anthropic cites block by block: each citation covers its own."""
    page = Citation("https://example.com/a", "A page", "q")
    first, second = Text("日本 is ", notes=(page,)), Text("far.", notes=(page, Citation(document=1)))
    choice, streamed = said(Text("So "), first, second)
    places = [
        (one["url_citation"]["start_index"], one["url_citation"]["end_index"])
        for one in choice["message"]["annotations"]
    ]
    assert places == [(3, 9), (9, 13)]
    assert choice["message"]["content"][3:9] == "日本 is "
    assert choice["message"]["annotations"][0]["url_citation"]["content"] == "q"
    notes = [note for part in streamed.parts if isinstance(part, Text) for note in part.notes]
    assert [(note.start, note.end) for note in notes if isinstance(note, Citation)] == places


def test_likelihoods_are_read_and_said_streamed_and_whole() -> None:
    expected = (Text("Hi", notes=(CHANCES,)),)
    assert DIALECT.decode_reply(body({"content": "Hi"}, logprobs={"content": [TOKEN]})).parts == expected
    assert read(stream({"content": "Hi"}, logprobs={"content": [TOKEN], "refusal": None})) == expected
    choice, streamed = said(*expected)
    assert choice["logprobs"] == {"content": [TOKEN], "refusal": None}
    assert streamed.parts == expected


def test_likelihoods_of_each_piece_stay_with_it() -> None:
    data = stream({"content": "Hi"}, {"content": "Hi"}, logprobs={"content": [TOKEN]})
    notes = [event for event in decode(data) if isinstance(event, PartNote)]
    assert notes == [PartNote(0, CHANCES)]


def test_a_likelihood_of_nothing_costs_nothing() -> None:
    odd = {**TOKEN, "top_logprobs": [{"token": None, "logprob": -1.0}, 5]}
    [text] = DIALECT.decode_reply(body({"content": "Hi"}, logprobs={"content": [odd]})).parts
    assert isinstance(text, Text)
    assert text.text == "Hi"


def test_sound_is_read_with_the_words_that_it_says() -> None:
    audio = {"id": "audio_1", "data": "UklGRgAA", "transcript": "Hello.", "expires_at": 1}
    parts = DIALECT.decode_reply(body({"content": None, "audio": audio})).parts
    assert parts == (Text("Hello."), Audio("UklGRgAA", "wav"))
    pieces = [{"id": "audio_1"}, {"transcript": "Hel"}, {"data": "AAAA"}, {"transcript": "lo."}, {"data": "BBBB"}]
    heard = read(stream(*({"audio": piece} for piece in pieces), {"audio": {"expires_at": 1}}))
    assert heard == (Text("Hello."), Audio("AAAABBBB", "pcm"))


def test_sound_is_said_streamed_and_whole() -> None:
    choice, streamed = said(Audio("UklGRgAA", "wav"))
    assert choice["message"]["audio"] == {
        "id": "audio_000000000000000000000000",
        "data": "UklGRgAA",
        "transcript": "",
        "expires_at": 7,
    }
    assert streamed.parts == (Audio("UklGRgAA", "wav"),)


def test_pictures_are_read_and_said_streamed_and_whole() -> None:
    shown = {"type": "image_url", "image_url": {"url": "data:image/png;base64,QQ=="}}
    expected = (Text("Here:"), Image("image/png", "QQ=="))
    assert DIALECT.decode_reply(body({"content": "Here:", "images": [shown]})).parts == expected
    assert read(stream({"content": "Here:"}, {"images": [shown]})) == expected
    choice, streamed = said(*expected)
    assert choice["message"]["images"] == [shown]
    assert streamed.parts == expected


def test_a_picture_at_an_address_is_told_in_words() -> None:
    shown = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    parts = DIALECT.decode_reply(body({"content": None, "images": [shown, {"image_url": None}]})).parts
    assert parts == (Text("![image](https://example.com/a.png)"),)


def test_words_stand_for_a_file_and_what_a_vendor_ran_does_not_show() -> None:
    run = (HostedCall("i", Hosted.WEB_SEARCH), HostedResult("i", Hosted.WEB_SEARCH, sources=(Citation("u"),)))
    choice, streamed = said(*run, File("application/pdf", "QQ=="), Text("Done.", notes=(Citation("u"),)))
    assert "application/pdf" in choice["message"]["content"]
    texts = [part.text for part in streamed.parts if isinstance(part, Text)]
    assert "".join(texts) == choice["message"]["content"]
    [cited] = choice["message"]["annotations"]
    place = cited["url_citation"]
    assert choice["message"]["content"][place["start_index"] : place["end_index"]] == "Done."


def test_counts_of_sound_and_searches_are_read_and_said() -> None:
    usage = Usage(10, 2, 0, 8, 1, input_audio_tokens=3, output_audio_tokens=4, searches=2)
    _, streamed = said(Text("hi"), usage=usage)
    assert streamed.usage == usage
