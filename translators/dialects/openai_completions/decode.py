"""Completion requests -> the neutral conversation: the prompt is what a user says."""

from collections.abc import Iterator
from typing import Final

import msgspec

from translators.conversation import NO_EXTRAS, Conversation, Loss, Message, Role, Text
from translators.dialects.openai_completions import wire
from translators.errors import BadRequest
from translators.jsonio import all_of, is_said, read

_REQUEST: Final = msgspec.json.Decoder(wire.Request)
_PROMPT: Final = msgspec.json.Decoder(str | list[str])


def decode_request(body: bytes) -> Conversation:
    """Completions JSON -> Conversation. Raises BadRequest with the path at fault."""
    request = read(_REQUEST, body)
    if not request.model:
        raise BadRequest("$.model", "the name of a model")
    _check_answerable(request)
    return Conversation(
        model=request.model,
        messages=(Message(Role.USER, (Text(_prompt(request)),)),),
        max_tokens=request.max_tokens,
        temperature=request.temperature,
        top_p=request.top_p,
        top_k=request.top_k,
        stop=all_of(request.stop),
        seed=request.seed,
        frequency_penalty=request.frequency_penalty,
        presence_penalty=request.presence_penalty,
        stream=bool(request.stream),
        include_usage=request.stream_options is not None and bool(request.stream_options.include_usage),
        user=request.user,
        extras={"logit_bias": request.logit_bias} if is_said(request.logit_bias) else NO_EXTRAS,
        losses=tuple(_losses(request)),
    )


def _prompt(request: wire.Request) -> str:
    """The one text that is to be completed."""
    if not is_said(request.prompt):
        raise BadRequest("$.prompt", "the text to complete")
    try:
        said = _PROMPT.decode(request.prompt)
    except msgspec.ValidationError as error:
        raise BadRequest("$.prompt", "text: the numbers of one model's tokens mean nothing to another") from error
    texts = [said] if isinstance(said, str) else said
    if len(texts) > 1:
        raise BadRequest("$.prompt", "one prompt: send a request for each")
    if not texts or not texts[0]:
        raise BadRequest("$.prompt", "the text to complete")
    return texts[0]


def _check_answerable(request: wire.Request) -> None:
    """What would make the reply another text than the one that the client takes it for."""
    if request.echo:
        raise BadRequest("$.echo", "false: a chat model answers a prompt, it does not repeat it")
    if request.suffix:
        raise BadRequest("$.suffix", "no suffix: a chat model can't fill in the middle")


def _losses(request: wire.Request) -> Iterator[Loss]:
    if request.n is not None and request.n > 1:
        yield Loss("$.n", "one completion is made of a prompt")
    if request.best_of is not None and request.best_of > 1:
        yield Loss("$.best_of", "one completion is made of a prompt")
    if request.logprobs:
        yield Loss("$.logprobs", "no probabilities come with a translated reply")
