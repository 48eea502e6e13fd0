"""A generateContent reply as it stands on the wire, as far as it is read. A chunk of a stream has the same shape.

Parts are flat, not tagged: the vendor tells them apart by which field is there, and adds kinds at any time. Compatibles
send null for what they don't have.
"""

from typing import Final, Literal

import msgspec
from msgspec import Raw, Struct

ABSENT: Final = Raw(b"")


class PartialArgument(Struct, rename="camel", gc=False):
    """A piece of a call's arguments. `json_path` says where it belongs; strings come in pieces.

    Source: PartialArg of the SDK; Vertex only, and only where the client asked for it.
    """

    json_path: str | None = None
    string_value: str | None = None
    number_value: float | int | None = None
    bool_value: bool | None = None
    null_value: str | None = None


class FunctionCall(Struct, rename="camel", gc=False):
    """Whole, or begun (`will_continue`): then calls without a name go on with it, until one that does not continue."""

    id: str | None = None
    name: str | None = None
    args: Raw = ABSENT
    partial_args: list[PartialArgument] | None = None
    will_continue: bool | None = None


class ExecutableCode(Struct, gc=False):
    id: str | None = None
    code: str | None = None


class CodeResult(Struct, gc=False):
    id: str | None = None
    outcome: str | None = None
    output: str | None = None


class Blob(Struct, rename="camel", gc=False):
    """`data` is base64, in either alphabet."""

    mime_type: str | None = None
    data: str | None = None

    @property
    def base64(self) -> str:
        """In the alphabet that everybody takes."""
        data = self.data or ""
        if "-" in data or "_" in data:
            return data.replace("-", "+").replace("_", "/") + "=" * (-len(data) % 4)
        return data


class Part(Struct, rename="camel", gc=False):
    """One of the fields behind the signature says what it is; the last six are of the vendor's own tools, pictures and
    files."""

    text: str | None = None
    thought: bool | None = None
    thought_signature: str | None = None
    function_call: FunctionCall | None = None
    tool_call: Raw = ABSENT
    tool_response: Raw = ABSENT
    executable_code: ExecutableCode | None = None
    code_execution_result: CodeResult | None = None
    inline_data: Blob | None = None
    file_data: Raw = ABSENT

    @property
    def is_known(self) -> bool:
        """Whether it is text, a call, or a signature alone."""
        if self.text is not None or self.function_call is not None:
            return True
        others = (self.executable_code, self.code_execution_result, self.inline_data)
        unread = (self.tool_call, self.tool_response, self.file_data)
        return all(other is None for other in others) and all(raw is ABSENT for raw in unread)


class Content(Struct, gc=False):
    parts: list[Part] | None = None


class Candidate(Struct, rename="camel", gc=False):
    index: int | None = None
    content: Content | None = None
    finish_reason: str | None = None
    finish_message: str | None = None
    grounding_metadata: Raw = ABSENT
    logprobs_result: Raw = ABSENT


class PromptFeedback(Struct, rename="camel", gc=False):
    block_reason: str | None = None
    block_reason_message: str | None = None


class Modality(Struct, rename="camel", gc=False):
    """How many of the tokens were of this kind."""

    modality: str | None = None
    token_count: int | None = None


class WireUsage(Struct, rename="camel", gc=False):
    """The prompt includes what the cache gave, but not what the vendor's tools put in; the answer excludes thoughts."""

    prompt_token_count: int | None = None
    cached_content_token_count: int | None = None
    tool_use_prompt_token_count: int | None = None
    candidates_token_count: int | None = None
    thoughts_token_count: int | None = None
    prompt_tokens_details: list[Modality] | None = None
    candidates_tokens_details: list[Modality] | None = None


class Chunk(Struct, rename="camel", gc=False):
    """GenerateContentResponse, or an error in its place."""

    response_id: str | None = None
    model_version: str | None = None
    candidates: list[Candidate] | None = None
    prompt_feedback: PromptFeedback | None = None
    usage_metadata: WireUsage | None = None
    error: Raw = ABSENT

    @property
    def says_something(self) -> bool:
        """Whether it is part of a reply. What the vendor may add one day is not."""
        return (
            self.candidates is not None
            or self.prompt_feedback is not None
            or self.usage_metadata is not None
            or self.response_id is not None
        )


class WordsPart(Struct, rename="camel", gc=False):
    """See WordsChunk."""

    text: str
    thought: None = None
    thought_signature: None = None
    function_call: None = None


class WordsContent(Struct, gc=False):
    """See WordsChunk."""

    parts: tuple[WordsPart]


class WordsCandidate(Struct, rename="camel", gc=False):
    """See WordsChunk."""

    content: WordsContent
    index: Literal[0] | None = None
    finish_reason: None = None
    grounding_metadata: None = None
    logprobs_result: None = None


class WordsChunk(Struct, rename="camel", gc=False):
    """What nearly all chunks are, a piece of text and its price: any other can't be read as this.

    So the reader looks at what else might be there, in less time than it takes to read it and look at it here.
    """

    candidates: tuple[WordsCandidate]
    usage_metadata: WireUsage | None = None
    response_id: str | None = None
    model_version: str | None = None
    prompt_feedback: None = None
    error: None = None


WORDS: Final = msgspec.json.Decoder(WordsChunk)
CHUNK: Final = msgspec.json.Decoder(Chunk)
CHUNKS: Final = msgspec.json.Decoder(list[Chunk])
