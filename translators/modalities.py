"""What a model can't read, taken out of a conversation before it is encoded."""

import msgspec

from translators.conversation import Audio, Conversation, Image, Loss, Message, Part, Text, ToolResult

LEFT_OUT = "(left out here: {what}, which this model can't read)"


def readable(conversation: Conversation, modalities: frozenset[str] | None) -> Conversation:
    """The conversation with words in place of images and sound that the model does not take; itself where it takes
    them all, or where nobody knows."""
    if modalities is None or {"image", "audio"} <= modalities:
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
    what = "image" if isinstance(part, Image) else "audio" if isinstance(part, Audio) else ""
    if not what or what in modalities:
        return part
    losses.append(Loss(path, f"the model does not read {what}"))
    return Text(LEFT_OUT.format(what="an image" if what == "image" else "sound"))
