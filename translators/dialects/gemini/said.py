"""The parts of a reply as Google words them, and what is said about them."""

from typing import Any, Final

import msgspec
from msgspec import Raw

from translators.conversation import Hosted
from translators.dialect import Context, call_id
from translators.events import PartEnd, PartKind, PartStart
from translators.jsonio import UNREADABLE
from translators.names import client_name
from translators.notes import Citation, Logprobs, Note, TokenChance

type Fields = dict[str, Any]

_OBJECT: Final = msgspec.json.Decoder(dict[str, Raw])
_WORDS: Final = msgspec.json.Decoder(dict[str, Any])


def whole_part(start: PartStart, text: str, end: PartEnd, context: Context, calls: int) -> Fields | None:
    """A part that is told whole: calls, media, what the vendor ran. None where there is no word for it. `calls`: how
    many there have been, this one too."""
    match start.kind:
        case PartKind.TOOL_CALL:
            arguments = object_of(text or "{}")
            if arguments is None:
                return None
            name = client_name(context.names, start.name)
            return {"functionCall": {"id": call_id(start.id, context, calls), "name": name, "args": arguments}}
        case PartKind.MEDIA:
            return {"inlineData": {"mimeType": start.media_type, "data": text}}
        case PartKind.HOSTED_CALL if start.name == Hosted.CODE_EXECUTION:
            return {"executableCode": {"language": "PYTHON", "code": _told(text, "code")}}
        case PartKind.HOSTED_RESULT if start.name == Hosted.CODE_EXECUTION:
            outcome = "OUTCOME_FAILED" if end.failed else "OUTCOME_OK"
            return {"codeExecutionResult": {"outcome": outcome, "output": text}}
        case _:
            return None


def object_of(text: str) -> Raw | None:
    """The text as the JSON object that it is, compact; None where it is something else."""
    try:
        data = text.encode()
        _OBJECT.decode(data)
        return Raw(msgspec.json.format(data, indent=-1) if b"\n" in data or b"\r" in data else data)
    except (*UNREADABLE, UnicodeEncodeError):
        return None


def _told(arguments: str, name: str) -> str:
    try:
        told = _WORDS.decode(arguments or "{}").get(name, "")
    except UNREADABLE:
        return arguments
    return told if isinstance(told, str) else ""


class Grounding:
    """Gathers where the words come from, and how likely they were. `fields()`: what a candidate says about it.

    Places are counted in bytes of all the text of the reply. Source: Segment of the SDK.
    """

    def __init__(self) -> None:
        self._chunks: dict[tuple[str, str], int] = {}
        self._supports: list[Fields] = []
        self._queries: list[str] = []
        self._chosen: list[Fields] = []
        self._top: list[Fields] = []
        self._before_bytes = 0

    def take(self, start: PartStart, text: str, notes: list[Note]) -> None:
        """One part that has ended."""
        if start.kind is PartKind.HOSTED_CALL and start.name == Hosted.WEB_SEARCH:
            query = _told(text, "query")
            self._queries += [query] if query else []
        is_text = start.kind is PartKind.TEXT
        for note in notes:
            if isinstance(note, Logprobs):
                self._likely(note)
            else:
                self._cited(note, text if is_text else None)
        if is_text:
            self._before_bytes += len(text.encode())

    def fields(self) -> Fields:
        """groundingMetadata and logprobsResult, where there is something to say."""
        said: Fields = {}
        grounding: Fields = {}
        if self._queries:
            grounding["webSearchQueries"] = self._queries
        if self._chunks:
            pages = ({"uri": url, "title": title} if title else {"uri": url} for url, title in self._chunks)
            grounding["groundingChunks"] = [{"web": page} for page in pages]
        if self._supports:
            grounding["groundingSupports"] = self._supports
        if grounding:
            said["groundingMetadata"] = grounding
        if self._chosen:
            said["logprobsResult"] = {"chosenCandidates": self._chosen, "topCandidates": self._top}
        return said

    def _cited(self, note: Citation, text: str | None) -> None:
        """A source; of words, which of them. Documents of the request have no place in Google's words."""
        if not note.url:
            return
        index = self._chunks.setdefault((note.url, note.title), len(self._chunks))
        if text is None:
            return
        start, end = note.start or 0, len(text) if note.end is None else note.end
        words = text[start:end]
        first = self._before_bytes + len(text[:start].encode())
        segment = {"startIndex": first, "endIndex": first + len(words.encode()), "text": words}
        self._supports.append({"segment": segment, "groundingChunkIndices": [index]})

    def _likely(self, note: Logprobs) -> None:
        self._chosen += [_chance(token.chosen) for token in note.tokens]
        self._top += [{"candidates": [_chance(one) for one in token.top]} for token in note.tokens]


def _chance(chance: TokenChance) -> Fields:
    return {"token": chance.token, "logProbability": chance.logprob}
