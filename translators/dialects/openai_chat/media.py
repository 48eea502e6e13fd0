"""Images, files and sound: chat's data URLs <-> the neutral parts."""

from typing import Any, Final

from translators.conversation import Audio, CacheMark, File, Image, Video
from translators.data_urls import data_url, split_data_url
from translators.dialects.openai_chat import wire
from translators.openai_media import (
    OWN_FILE_ID,
    bare_data,
    image_url,
    named_data,
    read_file,
    read_image,
    titled,
    unsayable_image,
)


def image_out(media_type: str, data: str) -> dict[str, Any]:
    """A picture of the model's. Source: openrouter.ai/docs/features/multimodal/image-generation"""
    return {"type": "image_url", "image_url": {"url": data_url(media_type, data)}}


def decode_image(part: wire.ImagePart, cache: CacheMark | None) -> Image:
    given = part.image_url
    url, detail = (given, None) if isinstance(given, str) else (given.url, given.detail)
    return read_image(url, detail, cache)


def encode_image(image: Image) -> wire.ImagePart | str:
    """The part, or why chat can't say it."""
    return unsayable_image(image) or wire.ImagePart(wire.ImageUrl(image_url(image), image.detail))


def decode_file(part: wire.FilePart, cache: CacheMark | None) -> File:
    file = part.file
    name = file.filename or ""
    if not file.file_data:
        return File(file_id=file.file_id or "", name=name, cache=cache)
    return read_file(file.file_data, name, cache)


def encode_file(file: File) -> wire.FilePart | wire.TextPart | str:
    """The part, or why chat can't say it. Text goes as text, under its title."""
    if file.text:
        return wire.TextPart(titled(file))
    if file.data:
        name, data = named_data(file)
        return wire.FilePart(wire.FileData(file_data=data, filename=name))
    if file.file_id.startswith(OWN_FILE_ID):
        return wire.FilePart(wire.FileData(file_id=file.file_id))
    return "a file by id of another vendor" if file.file_id else "chat takes no files by address"


def decode_audio(part: wire.AudioPart) -> Audio:
    return Audio(bare_data(part.input_audio.data), part.input_audio.format)


SOUNDS: Final = {"wav": "wav", "x-wav": "wav", "wave": "wav", "mp3": "mp3", "mpeg": "mp3"}
"""Ends of media types -> OpenAI's words for them."""


def encode_audio(audio: Audio, *, genuine: bool) -> wire.AudioPart | str:
    """The part, or why chat can't say it. What compatible vendors hear nobody knows."""
    known = SOUNDS.get(audio.format)
    if known is None and genuine:
        return f"OpenAI hears wav and mp3, not {audio.format}"
    return wire.AudioPart(wire.InputAudio(audio.data, known or audio.format))


_SOUNDS: Final = {
    "UklGR": "audio/wav",
    "SUQz": "audio/mp3",
    "//": "audio/mp3",
    "T2dnUw": "audio/ogg",
    "ZkxhQ": "audio/flac",
}
"""How sound of each type begins, in base64."""


def type_of_sound(data: str) -> str:
    """The media type of base64 data; raw samples, which begin with anything, where it is none of the others."""
    return next((kind for start, kind in _SOUNDS.items() if data.startswith(start)), "audio/pcm")


def decode_video(part: wire.VideoPart) -> Video:
    given = part.video_url
    url = given if isinstance(given, str) else given.url
    split = split_data_url(url)
    return Video(url=url) if split is None else Video(split[0], split[1])


def encode_video(video: Video) -> wire.VideoPart:
    return wire.VideoPart(wire.VideoUrl(video.url or data_url(video.media_type or "video/mp4", video.data)))
