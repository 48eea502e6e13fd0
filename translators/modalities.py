"""What a model can't read, taken out of a conversation before it is encoded."""

import msgspec

from translators.conversation import (
    Audio,
    Conversation,
    File,
    Image,
    Loss,
    Message,
    Part,
    Refusal,
    Text,
    ToolResult,
    Video,
)

UNSHOWN = "(the model made data of type {what}, which this API can't show)"
LEFT_OUT = "(left out here: {what}, which this model can't read)"
WORDS = {Image: ("image", "an image"), Audio: ("audio", "sound"), Video: ("video", "a film"), File: ("", "a file")}


def unshown(media_type: str) -> str:
    """The words in place of what a client's dialect can't show."""
    return UNSHOWN.format(what=media_type or "some type")


def left_out(part: Image | File | Audio | Video) -> str:
    """The words in place of what an upstream can't be given."""
    return LEFT_OUT.format(what=WORDS[type(part)][1])


def words_of(part: Part) -> str:
    """A part of a reply as a client hears it that takes words alone; "" where it says nothing."""
    match part:
        case Text(text=text) | Refusal(text=text):
            return text
        case Image(media_type=media_type) | Video(media_type=media_type) | File(media_type=media_type):
            return unshown(media_type)
        case Audio(format=sound):
            return unshown(f"audio/{sound}")
        case _:
            return ""


def readable(conversation: Conversation, modalities: frozenset[str] | None) -> Conversation:
    """The conversation with words in place of images, sound and film that the model does not take; itself where it
    takes them all, or where nobody knows."""
    if modalities is None or {"image", "audio", "video"} <= modalities:
        return conversation
    losses: list[Loss] = []
    messages = tuple(
        _message(message, f"$.messages[{index}]", modalities, losses)
        for index, message in enumerate(conversation.messages)
    )
    if not losses:
        return conversation
    return msgspec.structs.replace(conversation, messages=messages, losses=(*conversation.losses, *losses))


def _message(message: Message, path: str, modalities: frozenset[str], losses: list[Loss]) -> Message:
    before = len(losses)
    parts = _parts(message.parts, path, modalities, losses)
    return message if len(losses) == before else msgspec.structs.replace(message, parts=parts)


def _parts(parts: tuple[Part, ...], path: str, modalities: frozenset[str], losses: list[Loss]) -> tuple[Part, ...]:
    return tuple(_part(part, f"{path}.parts[{index}]", modalities, losses) for index, part in enumerate(parts))


def _part(part: Part, path: str, modalities: frozenset[str], losses: list[Loss]) -> Part:
    if isinstance(part, ToolResult):
        before = len(losses)
        inner = _parts(part.parts, path, modalities, losses)
        return part if len(losses) == before else msgspec.structs.replace(part, parts=inner)
    if not isinstance(part, Image | Audio | Video) or (modality := WORDS[type(part)][0]) in modalities:
        return part
    losses.append(Loss(path, f"the model does not read {modality}"))
    return Text(left_out(part))
