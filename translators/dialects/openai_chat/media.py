"""Images, files and sound: chat's data URLs <-> the neutral parts."""

from typing import Any, Final

from translators.conversation import Audio, CacheMark, File, Image, Video
from translators.data_urls import IMAGE_TYPES, SUFFIX_OF_MEDIA_TYPE, data_url, split_data_url, type_of_name
from translators.dialects.openai_chat import wire

OWN_FILE_ID: Final = "file-"
"""How OpenAI's file ids begin; another vendor's id names nothing there."""


def image_out(media_type: str, data: str) -> dict[str, Any]:
    """A picture of the model's. Source: openrouter.ai/docs/features/multimodal/image-generation"""
    return {"type": "image_url", "image_url": {"url": data_url(media_type, data)}}


def decode_image(part: wire.ImagePart, cache: CacheMark | None) -> Image:
    given = part.image_url
    url, detail = (given, None) if isinstance(given, str) else (given.url, given.detail)
    split = split_data_url(url)
    if split is None:
        return Image(url=url, detail=detail, cache=cache)
    media_type, data = split
    return Image(media_type=media_type, data=data, detail=detail, cache=cache)


def encode_image(image: Image) -> wire.ImagePart | str:
    """The part, or why chat can't say it."""
    if image.url and not image.url.startswith(("https://", "http://", "data:")):
        return "an image at an address that is not of the web"
    if not image.url and image.media_type and image.media_type not in IMAGE_TYPES:
        return f"an image of type {image.media_type}"
    url = image.url or data_url(image.media_type or "image/png", image.data)
    return wire.ImagePart(wire.ImageUrl(url, image.detail))


def decode_file(part: wire.FilePart, cache: CacheMark | None) -> File:
    """`file_data` is a data URL or, from some clients, bare base64 whose type the file's name tells."""
    file = part.file
    name = file.filename or ""
    if not file.file_data:
        return File(file_id=file.file_id or "", name=name, cache=cache)
    split = split_data_url(file.file_data)
    media_type, data = (type_of_name(name), file.file_data) if split is None else split
    return File(media_type=media_type or type_of_name(name), data=data, name=name, cache=cache)


def encode_file(file: File) -> wire.FilePart | wire.TextPart | str:
    """The part, or why chat can't say it. Text goes as text, under its title."""
    if file.text:
        heading = "\n".join(line for line in (file.name, file.context) if line)
        return wire.TextPart(f"{heading}\n\n{file.text}" if heading else file.text)
    if file.data:
        media_type = file.media_type or type_of_name(file.name)
        name = file.name or f"document.{SUFFIX_OF_MEDIA_TYPE.get(media_type, 'bin')}"
        return wire.FilePart(wire.FileData(file_data=data_url(media_type, file.data), filename=name))
    if file.file_id.startswith(OWN_FILE_ID):
        return wire.FilePart(wire.FileData(file_id=file.file_id))
    return "a file by id of another vendor" if file.file_id else "chat takes no files by address"


def decode_audio(part: wire.AudioPart) -> Audio:
    split = split_data_url(part.input_audio.data)
    return Audio(data=part.input_audio.data if split is None else split[1], format=part.input_audio.format)


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
