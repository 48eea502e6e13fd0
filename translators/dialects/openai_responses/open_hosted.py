"""Items of the vendor's own tools, as they are said. What one was asked is known at its end, so it begins there."""

from typing import Any, Final, override

import msgspec

from translators.conversation import Hosted
from translators.dialects.openai_responses.open_items import COMPLETED, Fields, Frames, OpenItem, Place
from translators.jsonio import UNREADABLE
from translators.notes import Citation

PREFIXES: Final = {
    Hosted.WEB_SEARCH: "ws",
    Hosted.WEB_FETCH: "ws",
    Hosted.CODE_EXECUTION: "ci",
    Hosted.FILE_SEARCH: "fs",
}
"""The tools that have an item, and how its id begins."""


class HostedItem(OpenItem):
    """A search, the look at a page, or code that ran.

    `question`: what it was asked, a JSON object. feed: what it printed. `sources`: pages that it found.
    """

    def __init__(self, frames: Frames, place: Place, tool: Hosted, question: str) -> None:
        super().__init__(frames, place)
        self.sources: list[Citation] = []
        self.failed = False
        self._tool = tool
        self._printed: list[str] = []
        self._asked = _object(question)

    @override
    def start(self) -> bytes:
        """All that there is before it has an answer."""
        out = self.begin(self._as_item("in_progress"))
        if self._tool is not Hosted.CODE_EXECUTION:
            kind = "file_search_call" if self._tool is Hosted.FILE_SEARCH else "web_search_call"
            return out + self.say(f"{kind}.in_progress") + self.say(f"{kind}.searching")
        code = self._text("code")
        return (
            out
            + self.say("code_interpreter_call.in_progress")
            + self.say("code_interpreter_call_code.delta", delta=code)
            + self.say("code_interpreter_call_code.done", code=code)
            + self.say("code_interpreter_call.interpreting")
        )

    @override
    def feed(self, text: str) -> bytes:
        """What it printed is shown at the end."""
        self._printed.append(text)
        return b""

    @override
    def close(self, status: str) -> bytes:
        """What it gave back."""
        kind = self._as_item("")["type"]
        ended = "failed" if self.failed else COMPLETED
        return self.say(f"{kind}.completed") + self.finish(self._as_item(ended))

    def _as_item(self, status: str) -> Fields:
        begun = status == "in_progress"
        match self._tool:
            case Hosted.CODE_EXECUTION:
                printed = "".join(self._printed)
                return {
                    "type": "code_interpreter_call",
                    "id": self.place.id,
                    "status": status,
                    "code": "" if begun else self._text("code"),
                    "container_id": "",
                    "outputs": [{"type": "logs", "logs": printed}] if printed else None,
                }
            case Hosted.FILE_SEARCH:
                queries = [self._text("query")]
                return {"type": "file_search_call", "id": self.place.id, "status": status, "queries": queries}
            case Hosted.WEB_FETCH:
                action: Fields = {"type": "open_page", "url": self._text("url")}
            case _:
                query = self._text("query")
                action = {"type": "search", "query": query, "queries": [query]}
                if self.sources:
                    action["sources"] = [{"type": "url", "url": source.url} for source in self.sources if source.url]
        return {"type": "web_search_call", "id": self.place.id, "status": status, "action": action}

    def _text(self, name: str) -> str:
        value = self._asked.get(name)
        return value if isinstance(value, str) else ""


class ImageItem(OpenItem):
    """A picture, in one piece."""

    def __init__(self, frames: Frames, place: Place, media_type: str) -> None:
        super().__init__(frames, place)
        self._format = media_type.partition("/")[2]
        self._data: list[str] = []

    @override
    def start(self) -> bytes:
        """Its first frames."""
        return (
            self.begin(self._as_item("in_progress", None))
            + self.say("image_generation_call.in_progress")
            + self.say("image_generation_call.generating")
        )

    @override
    def feed(self, text: str) -> bytes:
        """A piece of its base64."""
        self._data.append(text)
        return b""

    @override
    def close(self, status: str) -> bytes:
        """The picture."""
        return self.say("image_generation_call.completed") + self.finish(self._as_item(COMPLETED, "".join(self._data)))

    def _as_item(self, status: str, result: str | None) -> Fields:
        item: Fields = {"type": "image_generation_call", "id": self.place.id, "status": status, "result": result}
        if self._format in ("png", "jpeg", "webp", "gif"):
            item["output_format"] = self._format
        return item


def _object(text: str) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(text)
    except UNREADABLE:
        return {}
    return value if isinstance(value, dict) else {}
